// Before Quarto renders: remove from its freeze what no longer holds.
// README.md says what counts as a change. Runs on Quarto's own Deno.

import { createHash } from "node:crypto";
import { dirname, join, relative } from "node:path";

const profile = Deno.env.get("QUARTO_PROFILE") ?? "";
const LOCAL = ".quarto/refreeze.json"; // of this machine; may be deleted

/** Options that take part in executing documents. */
const EXECUTION = new RegExp("^(execute|jupyter|knitr|engine|params|lang|" +
  "eval|echo|output|error|warning|include|cache|df-print|(fig|code)-.*)$");
/** What systems, editors and clouds leave about. */
const LITTER = /^(\..*|.*~|__pycache__|Thumbs\.db|desktop\.ini)$/i;
const COPY = / \(\d+\)(?=(\.[^.]*)?$)/;
type Tree = Record<string, any>;

/** The text of a Python file as far as it has a meaning. */
export function tokens(source: string): string {
  const token = new RegExp(
    String.raw`(?<text>[rRbBuUfF]{0,2}(("""|''')(\\.|[^\\])*?\3|` +
      String.raw`(["'])(\\.|(?!\5)[^\\\n])*\5))|(?<end>\n)|` +
      String.raw`(?<skip>#[^\n]*|\\\n|[ \t\f]+)|[A-Za-z0-9_]+|.`, "gsu");
  const lines: string[] = [];
  let [line, texts, depth, indent] = [[] as string[], 0, 0, ""];
  for (const { 0: found, groups } of (source + "\n").matchAll(token)) {
    if (groups!.end && depth === 0) {
      // A line that is nothing but strings is a docstring.
      if (line.length > texts) lines.push(indent + line.join(" "));
      [line, texts, indent] = [[], 0, ""];
    } else if (groups!.skip) indent = line.length ? indent : found;
    else if (!groups!.end) {
      line.push(found);
      texts += groups!.text ? 1 : 0;
      depth += "([{".includes(found) ? 1 : ")]}".includes(found) ? -1 : 0;
    }
  }
  return lines.join("\n");
}

/** Digest a file: Python by its tokens, other text whatever its line ends. */
function digest(path: string, verbatim: boolean): string {
  const hash = createHash("sha256");
  if (path.endsWith(".py") && !verbatim) {
    const text = new TextDecoder().decode(Deno.readFileSync(path));
    return hash.update(tokens(text.replaceAll("\r", ""))).digest("hex");
  }
  using file = Deno.openSync(path);
  const buffer = new Uint8Array(1 << 20);
  for (let size, text; (size = file.readSync(buffer));) {
    const part = buffer.subarray(0, size);
    text ??= !part.includes(0);
    const returns = text && part.includes(13);
    hash.update(returns ? part.filter((byte) => byte !== 13) : part);
  }
  return hash.digest("hex");
}

function attempt<Value>(action: () => Value): Value | undefined {
  try { return action(); } catch { return undefined; }
}
const status = (path: string) => attempt(() => Deno.statSync(path));
const read = (path: string) =>
  attempt(() => JSON.parse(Deno.readTextFileSync(path)) as Tree);
const local = { digests: {}, ...read(LOCAL) } as Tree;

function save(path: string, content: Tree) {
  const unfinished = join(dirname(path), `.${Deno.pid}.tmp`);
  const sorted = Object.fromEntries(Object.entries(content).sort());
  Deno.mkdirSync(dirname(path), { recursive: true });
  Deno.writeTextFileSync(unfinished, JSON.stringify(sorted, null, 1) + "\n");
  Deno.renameSync(unfinished, path);
}

/** Digest a file, or remember it, unless it changed or just now might have. */
function remembered(path: string, verbatim = false): string {
  const { size, mtime, ino } = Deno.statSync(path);
  const state = [size, mtime?.getTime(), ino, verbatim].join(" ");
  if (local.digests[path]?.state === state) return local.digests[path].found;
  const found = digest(path, verbatim).slice(0, 32);
  const settled = mtime && Date.now() - mtime.getTime() > 2_000;
  if (settled) local.digests[path] = { state, found };
  return found;
}

/** All files under a folder but litter; a link back up is not followed. */
function* walk(folder: string, above: string[] = []): Generator<string> {
  const real = Deno.realPathSync(folder);
  const again = above.some((path) => !relative(real, path).startsWith(".."));
  const entries = again ? [] : Deno.readDirSync(folder);
  const names = new Set([...entries].map(({ name }) => name));
  for (const name of names) {
    const copied = COPY.test(name) && names.has(name.replace(COPY, ""));
    const path = folder === "." ? name : `${folder}/${name}`;
    const found = copied || LITTER.test(name) ? undefined : status(path);
    if (found?.isDirectory) yield* walk(path, [...above, real]);
    if (found?.isFile) yield path;
  }
}

/** Digest the files that globs name, by `**`, `*` and `?`. */
function matching(globs: string[]): Tree {
  const found: Tree = {};
  for (const glob of globs) {
    const plain = status(glob)?.isDirectory ? `${glob}/**` : glob;
    const folder = plain.replace(/(^|\/)[^/]*[*?].*$/, "") || ".";
    const pattern = plain.replace(/[.+^$(){}|[\]\\]/g, "\\$&")
      .replace(/\*\*\/|\*\*|\*|\?/g, (sign) =>
        ({ "**/": "(.*/)?", "**": ".*", "*": "[^/]*" })[sign] ?? "[^/]");
    const paths = status(plain) ? [plain] : status(folder) ? walk(folder) : [];
    const fits = [...paths].filter((path) => path.match(`^${pattern}$`));
    if (fits.length === 0) console.log(`refreeze: nothing matches ${glob}`);
    for (const path of fits) found[path] = remembered(path);
  }
  return found;
}

/** Ask Quarto for its options, and for what each document reads and names. */
function inspect(): Tree {
  const quarto = join(Deno.env.get("QUARTO_BIN_PATH") ?? "", "quarto");
  const run = new Deno.Command(quarto, { args: ["inspect"] }).outputSync();
  const said = new TextDecoder().decode(run.success ? run.stdout : run.stderr);
  if (!run.success) { console.error(`quarto inspect: ${said}`); Deno.exit(1); }
  const { dir, config, files, fileInformation } = JSON.parse(said);
  const within = (path: string) => relative(dir, path).replaceAll("\\", "/");
  const documents: Tree = {};
  for (const [path, about] of Object.entries<Tree>(fileInformation)) {
    const folders = within(path).split("/").map((_, n, all) => all.slice(0, n));
    const metadata = folders.map((f) => [...f, "_metadata.yml"].join("/"));
    const included = about.includeMap.map(({ target }: Tree) =>
      within(join(target.startsWith("/") ? dir : dirname(path), target)));
    documents[within(path)] = {
      reads: [within(path), ...metadata, ...included],
      globs: [config, about.metadata].flatMap((c) => c.refreeze?.inputs ?? []),
      cells: about.codeCells.length,
    };
  }
  const options = Object.entries({ "": config, ...Object(config.format) })
    .map(([format, given]) => [format, Object.entries(Object(given))
      .filter(([key]) => EXECUTION.test(key))])
    .filter(([, chosen]) => chosen.length);
  const sources = Object.values(documents).flatMap(({ reads }) => reads);
  sources.push(...files.config.map(within));
  return { documents, options: JSON.stringify(options), sources };
}

/** What Quarto said last, while all that it read for that is the same. */
function project(named: string[] | undefined): Tree {
  const key = (sources: string[]) => JSON.stringify([
    profile, [...Deno.readDirSync(".")].map(({ name }) => name)
      .filter((name) => name.startsWith("_")).sort(),
    sources.map((path) => status(path) && remembered(path, true)),
  ]);
  const known = local.project;
  const all = named?.every((name) => known?.documents[name]);
  if (all && known.key === key(known.sources)) return known;
  const found = inspect();
  return local.project = { ...found, key: key(found.sources) };
}

/** Say in words what differs, if anything does. */
function difference(before: Tree, now: Tree): string {
  const said = Object.keys({ ...before, ...now })
    .filter((name) => before[name] !== now[name])
    .map((name) => name + (!Object.hasOwn(before, name) ? " was added"
      : Object.hasOwn(now, name) ? " was changed" : " was removed"));
  const more = said.length > 5 ? ` and ${said.length - 5} more` : "";
  return said.slice(0, 5).join(", ") + more;
}

function main() {
  const dry = Deno.env.get("REFREEZE") === "dry-run";
  const named = Deno.env.get("QUARTO_PROJECT_INPUT_FILES")
    ?.replaceAll("\\", "/").split("\n");
  const { documents, options } = project(named);
  const digested: Tree = {};
  for (const name of named ?? Object.keys(documents)) {
    const { reads, globs, cells } = documents[name] ?? {};
    const stem = name.replace(/\.[^./]*$/, "");
    const frozen = `_freeze/${stem}/execute-results`;
    const record = `_freeze/_refreeze/${stem}.json`;
    if (!reads || !cells && !status(frozen)) continue;
    const now = { "(profile)": profile, "(options)": options };
    Object.assign(now, digested[globs.join("\n")] ??= matching(globs));
    for (const path of reads.filter(status)) now[path] = remembered(path, true);
    const before = read(record);
    const why = !status(frozen) ? "it is not frozen" : !before
      ? "there is no record of its execution" : difference(before, now);
    if (why) console.log(`refreeze: ${name} is to be executed: ${why}`);
    if (!why || dry) continue;
    // Remove first and record then: killed in between, all is executed again.
    if (status(frozen)) Deno.removeSync(frozen, { recursive: true });
    save(record, now);
  }
  attempt(() => save(LOCAL, local));
  if (dry) console.log("refreeze: a dry run, so nothing is done or rendered");
  if (dry && named) Deno.exit(1);
}

if (import.meta.main) main();

// Quarto's pre- and post-render step: drop from the freeze what holds no more.
// Quarto looks at a document's text alone. This keeps a record of what else its
// execution depended on and of what it gave: see README.md beside this file.
import { createHash } from "node:crypto";
import { posix } from "node:path";
type Digests = Record<string, string>; // by path
type Lists = Record<string, string[]>;
type Log = { document: string; files: Digests; frozen: Digests };
type Project = { includes: Lists; globs: Lists; config: string[] };
const RULES = "1"; // of what a record holds: others execute all again
const CACHE = ".quarto/refreeze.json", LOCK = ".quarto/refreeze.lock";
const LITTER = new RegExp("^\\.|^(__pycache__|_freeze|thumbs\\.db|" +
  "desktop\\.ini)$|~$|\\.py[co]$| \\(\\d+\\)(\\.[^.]+)*$", "i");
const setting = (name: string) => Deno.env.get(name) ?? "";
const cache = { files: {} as Lists, seen: "", project: {} as Project };
const slashes = (path: string) => path.replaceAll("\\", "/");
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const sha = (content: string | Uint8Array) =>
  createHash("sha256").update(content).digest("hex").slice(0, 16);
function attempt<T>(action: () => T): T | undefined {
  try { return action(); } catch { /* nothing, then */ }
}
const load = (path: string) =>
  attempt(() => JSON.parse(Deno.readTextFileSync(path)));

/** Write a file whole or not at all: a record that is lost costs time only. */
const save = (path: string, content: unknown) => attempt(() => {
  Deno.mkdirSync(posix.dirname(path), { recursive: true });
  const part = `${posix.dirname(path)}/.${posix.basename(path)}.tmp`;
  Deno.writeTextFileSync(part, JSON.stringify(content, null, 1) + "\n");
  Deno.renameSync(part, path);
});
/** The text of a Python file without comments, docstrings and layout. */
function tokens(source: string): string {
  // A string in three quotes or in one, what is left out, a word, any sign.
  const token = new RegExp(String.raw`(?<text>[rbuf]{0,2}(?:("""|''')` +
    String.raw`(?:\\[^]|[^\\])*?\2|(["'])(?:\\[^]|(?!\3)[^\\\n])*\3))|` +
    String.raw`(?<skip>#[^\n]*|\\\n|[ \t\f]+)|[A-Za-z0-9_]+|[^]`, "gi");
  const lines: string[] = [];
  let line: string[] = [], texts = 0, depth = 0, start = 0;
  for (const { 0: word, index, groups } of `${source}\n`.matchAll(token)) {
    if (word === "\n" && depth <= 0) {
      const indent = source.slice(start).match(/^[ \t]*/)![0];
      // A line that is nothing but strings is a docstring.
      if (line.length > texts) lines.push(indent + line.join(" "));
      line = [], texts = 0, start = index + 1;
    } else if (word !== "\n" && groups!.skip === undefined) {
      // Quotes in an f-string's braces are beyond this: all of the text counts.
      const braces = word.replace(/\{\{|\}\}/g, "").match(/[{}]/g) ?? [];
      if (/^[rb]?f[rb]?["']/i.test(word) && braces.length % 2) return source;
      depth += "([{".includes(word) ? 1 : ")]}".includes(word) ? -1 : 0;
      line.push(word), texts += groups!.text ? 1 : 0;
    }
  }
  return lines.join("\n");
}
/** Digest what a file means: .py by its tokens, text with LF as line ends. */
function hash(path: string, bytes = Deno.readFileSync(path)): string {
  const code = path.endsWith(".py") && decode(bytes).replaceAll("\r\n", "\n");
  if (code !== false) return sha(tokens(code));
  return sha(!bytes.includes(13) || bytes.includes(0) ? bytes
    : bytes.filter((byte, n) => byte !== 13 || bytes[n + 1] !== 10));
}
/** The same, from the last time if the file has kept its size and time. */
function digest(path: string): string | undefined {
  const info = attempt(() => Deno.statSync(path));
  if (!info?.isFile) return undefined;
  const changed = info.mtime?.getTime() ?? 0;
  const stamp = [info.size, changed, info.ino].join(" ");
  const [known, sum] = cache.files[path] ?? [];
  const found = known === stamp ? sum : hash(path);
  // A file this young may change once more without a later time.
  cache.files[path] = Date.now() - changed > 2000 ? [stamp, found] : [];
  return found;
}
const digests = (paths: string[], cut = 0): Digests => Object.fromEntries(paths
  .sort().map((path) => [path.slice(cut).normalize(), digest(path)])
  .filter(([, sum]) => sum));
const walk = (folder: string): string[] =>
  (attempt(() => [...Deno.readDirSync(folder || ".")]) ?? [])
    .filter(({ name }) => !LITTER.test(name)).flatMap((entry) => {
      const path = folder ? `${folder}/${entry.name}` : entry.name;
      return entry.isDirectory ? walk(path) : [path];
    });
const WILD: Digests = { "**/": "(.*/)?", "**": ".*", "*": "[^/]*", "?": "." };
const pattern = (glob: string) => new RegExp("^" + glob.replace(
  /\*\*\/?|[^\w\/]/g, (sign) => WILD[sign] ?? `\\${sign}`) + "$");
/** The files that fit the globs; "!" before a glob takes files out again. */
function expand(globs: string[]): string[] {
  const found = new Set<string>();
  for (const glob of globs) {
    const [, not, named] = glob.match(/^(!?)(?:\.\/)?(.*?)\/?$/)!;
    const folder = named.replace(/(^|\/)[^/]*[*?].*$/, "");
    const fits = named === folder ? /^/ : pattern(named);
    const alone = attempt(() => Deno.statSync(named).isFile);
    for (const path of alone ? [named] : walk(folder)) {
      if (fits.test(path)) not ? found.delete(path) : found.add(path);
    }
  }
  return [...found];
}
/** The documents with what they include and the globs that are set for them. */
function inspect(wanted: string[]): Project {
  const seen = ({ config, includes }: Project) => sha(JSON.stringify([RULES,
    setting("QUARTO_PROFILE"), digests([...config, ...expand(["_quarto*.yml*"]),
      ...Object.entries(includes).flat(2)])]));
  const known = attempt(() => seen(cache.project)) === cache.seen;
  if (known && wanted.length && wanted.every((name) =>
    name in cache.project.includes)) return cache.project;
  const { success, stdout, stderr } = new Deno.Command(
    setting("QUARTO_BIN_PATH") + "/quarto", { args: ["inspect"] }).outputSync();
  if (!success) throw new Error(`quarto inspect says: ${decode(stderr)}`);
  const { dir, config, files, fileInformation } = JSON.parse(decode(stdout));
  const inside = (path: string) => slashes(path.slice(dir.length + 1));
  const { depends = [], documents = {} } = config.refreeze ?? {};
  cache.project = { config: files.config.map(inside), includes: {}, globs: {} };
  for (const path of files.input) {
    const name = inside(path), here = `/${posix.dirname(name)}`;
    cache.project.includes[name] = fileInformation[path].includeMap.map(
      ({ target }: Digests) => posix.resolve(here, target).slice(1));
    cache.project.globs[name] = [depends, ...Object.keys(documents).map((key) =>
      pattern(key).test(name) ? documents[key] : [])].flat();
  }
  cache.seen = seen(cache.project);
  return cache.project;
}

const log = (name: string) => `_freeze/${name}.json`;
const freezer = (name: string) => "_freeze/" + name.replace(/\.[^./]*$/, "");
const frozen = (name: string) =>
  digests(expand([freezer(name)]), freezer(name).length + 1);
/** Why what is frozen no longer holds; nothing if it does. */
function reasons(old: Log, { files, frozen }: Log): string[] {
  const why = Object.keys({ ...old.files, ...files }).sort()
    .filter((path) => old.files[path] !== files[path]).map((path) => `${path} ${
      !old.files[path] ? "added" : files[path] ? "changed" : "removed"}`);
  // A format that is gone is executed in any case.
  return why.concat(Object.keys(old.frozen).filter((path) =>
    frozen[path] ? frozen[path] !== old.frozen[path] : !path.endsWith(".json")
  ).map((path) => `frozen ${path} is not as it was made`));
}

/** Drop what holds no more, and say why; tell how many documents that are. */
function before(wanted: string[], dry = false): number {
  const { includes, globs } = inspect(wanted);
  const named = wanted.length && !setting("QUARTO_PROJECT_RENDER_ALL");
  return Object.keys(includes).filter((name) => {
    if (wanted.length && !wanted.includes(name)) return false;
    const files = digests([...expand(globs[name]), ...includes[name]]);
    files["(profile)"] = setting("QUARTO_PROFILE") || "none";
    files["(rules)"] = RULES;
    const old = load(log(name)), document = digest(name) ?? "";
    const record: Log = { document, files, frozen: frozen(name) };
    const why = attempt(() => reasons(old, record)) ?? ["no record"];
    const results = `${freezer(name)}/execute-results`;
    const stale = why.length && attempt(() => Deno.statSync(results));
    if (why.length > 5) why.splice(4, Infinity, `${why.length - 4} more`);
    if (stale) console.log(`${name} is executed again: ${why.join(", ")}`);
    if (stale && !dry) Deno.removeSync(results, { recursive: true });
    // What is executed now is known after the render.
    if (why.length || named || old.document !== document) record.frozen = {};
    if (!dry) save(log(name), record);
    return stale;
  }).length;
}

/** Wait while another render goes on, ten minutes at most; keep others out. */
async function lock(documents: string[]) {
  const text = JSON.stringify({ quarto: Deno.ppid, documents });
  const take = () => Deno.writeTextFileSync(LOCK, text, { createNew: true });
  for (let waited = 0; waited < 600; waited += 1) {
    if (attempt(() => [take()])) return; // and where no lock can be made:
    if (!attempt(() => Deno.statSync(LOCK))) return;
    const { quarto } = load(LOCK) ?? {};
    // A signal that is ignored tells whether that process is still there.
    const lives = !quarto || attempt(() => [Deno.kill(quarto, "SIGURG")]);
    if (quarto === Deno.ppid || !lives) attempt(() => Deno.removeSync(LOCK));
    else if (!waited) console.log(`Waiting for another render (${quarto}).`);
    if (lives) await new Promise((done) => setTimeout(done, 1000));
  }
}

const inputs = slashes(setting("QUARTO_PROJECT_INPUT_FILES"));
const wanted = inputs.split("\n").filter(Boolean), held = load(LOCK);
Object.assign(cache, load(CACHE));
if (setting("REFREEZE") === "dry-run") {
  const stale = before(wanted, true);
  console.log(`A dry run: ${stale} would be executed again.`);
  Deno.exit(wanted.length + stale && 1);
} else if (Deno.args[0] !== "after") {
  await lock(wanted);
  before(wanted);
} else if (held?.quarto === Deno.ppid) {
  for (const name of held.documents) {
    const record = load(log(name));
    if (record) save(log(name), { ...record, frozen: frozen(name) });
  }
  Deno.removeSync(LOCK);
}
save(CACHE, cache);

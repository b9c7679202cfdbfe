// Quarto's pre-render step: remove from the freeze what no longer holds.
//
// Quarto itself looks at report.qmd alone. This step digests the rest of what
// an execution of the report depends on, and compares it with the digest that
// is kept beside the freeze. It runs on Quarto's own Deno, without Python.
//
// - code/**/*.py: their tokens, without comments, docstrings and
//   layout. Definitions in another order count as a change: too much rather
//   than too little. (What the report shows of the code is read anew by listing.lua.)
// - data/results/**/*.json: every byte. They hold the checksums of the weights
//   and arrays beside them, which a hand-in is without.
// - _quarto.yml: it says what figures look like.
// - references.bib is not among them: citations are resolved after execution,
//   from the file as it is, so that a corrected reference needs no Python.

const FREEZE = "_freeze/report";
const RECORD = "_freeze/depends-on.json";

/** The text of a Python file as far as it has a meaning. */
export function tokens(source: string): string {
  source = source.replaceAll("\r\n", "\n");
  const quoted = (mark: string) =>
    `${mark}{3}(?:\\\\[^]|[^\\\\])*?${mark}{3}|` +
    `${mark}(?:\\\\[^]|[^${mark}\\\\\\n])*${mark}`;
  const token = new RegExp(
    `(?<text>[rRbBuUfF]{0,2}(?:${quoted('"')}|${quoted("'")}))|` +
      "(?<skip>#[^\\n]*|\\\\\\n|[^\\S\\n]+)|(?<end>\\n)|\\w+|[^]",
    "g",
  );
  const lines: string[] = [];
  let line: string[] = [];
  let texts = 0;
  let depth = 0;
  let indent = "";
  const flush = () => {
    // A line that is nothing but strings is a docstring.
    if (line.length > texts) lines.push(indent + line.join(" "));
    line = [];
    texts = 0;
  };
  for (const found of (source + "\n").matchAll(token)) {
    const { text, skip, end } = found.groups!;
    if (end) {
      if (depth === 0) flush();
    } else if (skip === undefined) {
      if (line.length === 0) {
        const start = source.lastIndexOf("\n", found.index! - 1) + 1;
        indent = source.slice(start).match(/^[ \t]*/)![0];
      }
      if (text) texts += 1;
      if ("([{".includes(found[0])) depth += 1;
      if (")]}".includes(found[0])) depth -= 1;
      line.push(found[0]);
    }
  }
  flush();
  return lines.join("\n");
}

/** All files under a folder whose names do not begin with a dot, sorted. */
function files(folder: string): string[] {
  const found: string[] = [];
  for (const entry of Deno.readDirSync(folder)) {
    if (entry.name.startsWith(".") || entry.name === "__pycache__") continue;
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) found.push(...files(path));
    else found.push(path);
  }
  return found.sort();
}

async function sha256(content: Uint8Array): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", content);
  return Array.from(new Uint8Array(hash))
    .map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function existing(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** The digest of all that an execution of the report depends on. */
async function digest(): Promise<string> {
  const paths = files("code").filter((path) => path.endsWith(".py"));
  if (existing("data/results")) {
    const results = files("data/results");
    paths.push(...results.filter((path) => path.endsWith(".json")));
  }
  paths.push("_quarto.yml");
  const encoder = new TextEncoder();
  const lines: string[] = [];
  for (const path of paths) {
    const content = Deno.readFileSync(path);
    const meaning = path.endsWith(".py")
      ? encoder.encode(tokens(new TextDecoder().decode(content)))
      : content;
    lines.push(`${path} ${await sha256(meaning)}`);
  }
  return await sha256(encoder.encode(lines.join("\n")));
}

/** The digest kept beside the freeze, or nothing if it can't be read. */
function recorded(): string | undefined {
  try {
    return JSON.parse(Deno.readTextFileSync(RECORD)).digest;
  } catch {
    return undefined;
  }
}

if (import.meta.main) {
  const now = await digest();
  if (now !== recorded()) {
    // Remove first and record then: killed in between, all is executed again.
    const frozen = `${FREEZE}/execute-results`;
    if (existing(frozen)) {
      console.log("Code or results have changed: executing the report again.");
      Deno.removeSync(frozen, { recursive: true });
    }
    Deno.mkdirSync("_freeze", { recursive: true });
    Deno.writeTextFileSync(RECORD, JSON.stringify({ digest: now }) + "\n");
  }
}

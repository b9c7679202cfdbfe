// Quarto's post-render step: put the page that plays into the HTML.
//
// The scripts are those of code/page; the networks are the stored result
// page/networks, whose file of arrays is verified against its checksum here.
// Neither goes through the freeze, so that a change of a script executes
// nothing, and the weights are in git once.

const PAGE = "code/page";
const RESULT = "data/results/page/networks";
export const PLACE = '<div id="live-here">';
// What the worker is made of, in this order.
const WORKER = ["unpack.js", "networks.js", "form.js", "worker.js"];

interface Numbers {
  name: string;
  type: string;
  shape: number[];
  bytes: Uint8Array;
}

/** Give bytes what a stream makes of them. */
async function through(
  bytes: Uint8Array,
  stream: CompressionStream | DecompressionStream,
): Promise<Uint8Array> {
  const body = new Blob([bytes as BlobPart]).stream().pipeThrough(stream);
  return new Uint8Array(await new Response(body).arrayBuffer());
}

/** Read the arrays of an .npz file, by its directory of members. */
export async function arraysOf(file: Uint8Array): Promise<Numbers[]> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const end = file.length - 22;
  const found: Numbers[] = [];
  let entry = view.getUint32(end + 16, true);
  for (let count = view.getUint16(end + 10, true); count > 0; count--) {
    const length = view.getUint16(entry + 28, true);
    const name = new TextDecoder().decode(
      file.subarray(entry + 46, entry + 46 + length),
    );
    const size = view.getUint32(entry + 20, true);
    const member = view.getUint32(entry + 42, true);
    const start = member + 30 + view.getUint16(member + 26, true) +
      view.getUint16(member + 28, true);
    const content = await through(
      file.subarray(start, start + size),
      new DecompressionStream("deflate-raw"),
    );
    found.push(numbers(name.replace(/\.npy$/, ""), content));
    entry += 46 + length + view.getUint16(entry + 30, true) +
      view.getUint16(entry + 32, true);
  }
  return found;
}

const TYPES: Record<string, string> = {
  "|i1": "int8", "|u1": "uint8", "<f4": "float32",
};

/** Read an array of NumPy's format 1.0. */
function numbers(name: string, content: Uint8Array): Numbers {
  const start = 10 + content[8] + 256 * content[9];
  const header = new TextDecoder().decode(content.subarray(10, start));
  const type = TYPES[header.match(/'descr': '([^']*)'/)![1]];
  if (!type || !header.includes("'fortran_order': False")) {
    throw new Error(`${name} is of an unknown kind: ${header}`);
  }
  const shape = header.match(/'shape': \(([^)]*)\)/)![1]
    .split(",").filter((size) => size.trim()).map(Number);
  return { name, type, shape, bytes: content.subarray(start) };
}

const DIGITS =
  "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" +
  "!#$%&()*+-;<=>?@^_`{|}~";

/** Write bytes in base 85, five digits for four, filled up with zeros. */
function base85(bytes: Uint8Array): string {
  const whole = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  whole.set(bytes);
  const view = new DataView(whole.buffer);
  const text: string[] = [];
  for (let place = 0; place < whole.length; place += 4) {
    let number = view.getUint32(place);
    let block = "";
    for (let i = 0; i < 5; i++) {
      block = DIGITS[number % 85] + block;
      number = Math.floor(number / 85);
    }
    text.push(block);
  }
  return text.join("");
}

/** Write arrays as JSON for code/page/unpack.js. */
async function packed(arrays: Numbers[]): Promise<string> {
  // A typed array begins at a multiple of its numbers' size: large ones first.
  const ordered = [
    ...arrays.filter(({ type }) => type === "float32"),
    ...arrays.filter(({ type }) => type !== "float32"),
  ];
  const all = new Blob(ordered.map(({ bytes }) => bytes as BlobPart));
  const file = await through(
    new Uint8Array(await all.arrayBuffer()),
    new CompressionStream("deflate"),
  );
  return JSON.stringify({
    listed: ordered.map(({ name, type, shape }) => [name, type, shape]),
    bytes: file.length,
    file: base85(file),
  });
}

const text = (name: string) => Deno.readTextFileSync(`${PAGE}/${name}`);

/** Give the controls, with their rows and options written out. */
function controls(): string {
  const digits = [...Array(10).keys()];
  const row = (digit: number) =>
    `<tr><th scope="row">${digit}</th><td class="live-dense"></td>` +
    `<td class="live-convolutional"></td></tr>`;
  const option = (digit: number, chosen: number) =>
    `<option${digit === chosen ? " selected" : ""}>${digit}</option>`;
  return text("live.html")
    .replace("<!-- bars -->", digits.map(row).join(""))
    .replaceAll(/<!-- digits (\d) -->/g, (_, chosen) =>
      digits.map((digit) => option(digit, Number(chosen))).join(""));
}

/** Give all that the page gets; throw where the result is damaged. */
export async function live(): Promise<string> {
  const file = Deno.readFileSync(`${RESULT}.npz`);
  const expected = JSON.parse(Deno.readTextFileSync(`${RESULT}.json`))
    .files[".npz"];
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", file));
  const digest = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0"))
    .join("");
  if (digest !== expected) throw new Error(`${RESULT}.npz: damaged`);
  return `<style>${text("live.css")}</style>\n${controls()}\n` +
    `<script type="text/plain" id="live-worker">` +
    `${WORKER.map(text).join("\n")}</script>\n` +
    `<script type="application/json" id="live-networks" ` +
    `data-sha256="${digest}">${await packed(await arraysOf(file))}</script>\n` +
    `<script>(() => {\n${text("client.js")}\n${text("live.js")}})();</script>\n`;
}

if (import.meta.main) {
  const outputs = Deno.env.get("QUARTO_PROJECT_OUTPUT_FILES") ?? "";
  for (const file of outputs.split("\n")) {
    if (!file.endsWith(".html")) continue;
    const page = Deno.readTextFileSync(file);
    const place = page.indexOf(PLACE);
    if (place < 0) continue;
    const start = place + PLACE.length;
    Deno.writeTextFileSync(
      file, page.slice(0, start) + await live() + page.slice(start),
    );
  }
}

"use strict";

// The digits of base 85, as in Python's base64.b85encode.
const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
  + "!#$%&()*+-;<=>?@^_`{|}~";
const TYPES = { int8: Int8Array, uint8: Uint8Array, float32: Float32Array };

/**
 * Unpack what code/quarto/live.ts packed: {name: {shape, values}}.
 * `listed` has [name, type, shape] of each array, in the order in which they
 * lie in `file`, which are `bytes` bytes of zlib in base 85.
 */
async function unpack({ listed, bytes, file }) {
  const stream = new Blob([bytesOf(file).slice(0, bytes)]).stream()
    .pipeThrough(new DecompressionStream("deflate"));
  const content = await new Response(stream).arrayBuffer();
  let place = 0;
  return Object.fromEntries(listed.map(([name, type, shape]) => {
    const length = shape.reduce((a, b) => a * b, 1);
    const values = new TYPES[type](content, place, length);
    place += values.byteLength;
    return [name, { shape, values }];
  }));
}

/** Read base 85: each five digits are four bytes, the highest first. */
function bytesOf(text) {
  const values = new Uint8Array(128);
  [...DIGITS].forEach((digit, i) => { values[digit.charCodeAt()] = i; });
  const view = new DataView(new ArrayBuffer(text.length / 5 * 4));
  for (let block = 0; block < text.length / 5; block++) {
    let number = 0;
    for (let i = 5 * block; i < 5 * block + 5; i++) {
      number = 85 * number + values[text.charCodeAt(i)];
    }
    view.setUint32(4 * block, number);
  }
  return view.buffer;
}

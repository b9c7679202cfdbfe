"use strict";
// What the page asks for, computed beside it so that drawing never waits.
//
// A request {id, task, ...} is answered by {id, ...} or by {id, error}.

// What is covered at once: squares of 4x4 pixels, two pixels apart.
const CORNERS = Array.from({ length: 13 }, (_, i) => 2 * i);
const SQUARES = CORNERS.flatMap((y) => CORNERS.map((x) =>
  Array.from({ length: 16 }, (_, i) => (y + (i >> 2)) * SIDE + x + i % 4)));

let arrays, networks;
let newest = 0; // the last occlusion that was asked for

const tasks = {
  async load({ packed }) {
    arrays = await unpack(packed);
    networks = build(arrays);
    return { images: arrays.images.values, labels: arrays.labels.values };
  },
  form: ({ ink, side }) => ({ image: mnistForm(ink, side) }),
  read: ({ image }) => ({
    dense: softmax(denseAll(networks.dense, image, same)),
    convolutional: softmax(logits(image)),
  }),
  season: ({ image, level, seed }) => ({
    image: seasoned(image, level, randomOf(seed)),
  }),
  denoise: ({ image }) => ({
    image: decode(networks, encode(networks, image)),
  }),
  generate({ digit, seed }) {
    const code = drawnCode(digit, randomOf(seed));
    return { code, image: decode(networks, code) };
  },
  decode: ({ code }) => ({ image: decode(networks, code) }),
  maps: ({ image }) => ({
    maps: firstMaps(networks, image),
    channels: networks.convolutional[0].channels,
    side: SIDE / 2,
  }),
  occlude,
};

/** Give the convolutional network's logits. */
const logits = (image) => convolutionalLogits(networks.convolutional, image);

/** Make a source of numbers in [0, 1): Tommy Ettinger's Mulberry32. */
function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Season an image: a share `level` of its pixels becomes 0 or 1, evenly. */
function seasoned(image, level, random) {
  return image.map((value) => {
    const draw = random();
    return draw < level ? Number(draw >= level / 2) : value;
  });
}

/** Draw a code from the mixture of Gaussians of a class. */
function drawnCode(digit, random) {
  const { shape: [, components, width], values: means } = arrays.mixture_means;
  const weights = arrays.mixture_weights.values;
  const last = (digit + 1) * components - 1;
  let place = digit * components;
  for (let draw = random(); place < last; place++) {
    draw -= weights[place];
    if (draw < 0) break;
  }
  const roots = arrays.mixture_roots.values;
  const scale = arrays.mixture_scale.values;
  // Standard normal draws, by Box and Muller's method.
  const normal = Array.from({ length: width }, () =>
    Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));
  const code = new Float32Array(networks.decoder[0].shape[0]);
  // The mean, and normal draws times the lower triangle of Cholesky's factor.
  let root = place * (width * (width + 1)) / 2;
  for (let row = 0; row < width; row++) {
    let sum = 0;
    for (let i = 0; i <= row; i++) sum += roots[root++] * normal[i];
    const at = place * width + row;
    code[arrays.alive.values[row]] = Math.max(0, means[at] + sum * scale[at]);
  }
  return code;
}

/**
 * Say how much each pixel matters to the convolutional network: by how much
 * the lead of what it reads, in logits, falls in the mean when a square that
 * has the pixel is covered. Other requests are answered in between; a newer
 * occlusion ends this one, whose answer is then null.
 */
async function occlude({ id, image }) {
  newest = id;
  const whole = logits(image);
  const read = whole.indexOf(Math.max(...whole));
  const lead = (found) => found[read]
    - Math.max(...found.filter((_, digit) => digit !== read));
  const losses = new Float32Array(image.length);
  const counts = new Float32Array(image.length);
  for (const places of SQUARES) {
    let loss = 0;
    if (places.some((place) => image[place] > 0)) {
      const covered = image.slice();
      for (const place of places) covered[place] = 0;
      loss = lead(whole) - lead(logits(covered));
      await new Promise((resume) => setTimeout(resume));
      if (newest !== id) return { losses: null };
    }
    for (const place of places) {
      losses[place] += loss;
      counts[place]++;
    }
  }
  return { read, losses: losses.map((loss, i) => loss / counts[i]) };
}

addEventListener("message", async ({ data }) => {
  try {
    postMessage({ id: data.id, ...await tasks[data.task](data) });
  } catch (error) {
    postMessage({ id: data.id, error: String(error) });
  }
});

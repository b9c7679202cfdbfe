"use strict";
// The report's networks in plain loops over typed arrays.
//
// Images are Float32Array of 784 numbers in [0, 1], row after row. Values
// between layers lie channel by channel within each pixel, as in Keras.

const SIDE = 28;

// What the stored kernels do not say: how far a convolution's window moves, and
// how many zeros stand before the first pixel of each row and column.
const STRIDES = [2, 1, 1, 1, 1], BEFORE = 1;
// Before these layers, of four pixels in a square the largest is taken.
const POOLED = [2, 5];

const relu = (value) => Math.max(0, value);
const sigmoid = (value) => 1 / (1 + Math.exp(-value));
const same = (value) => value;

/** Turn logits into probabilities. */
function softmax(logits) {
  const largest = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - largest));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

/** Make the four networks of what `unpack` gives. */
function build(arrays) {
  const layers = (name) => Object.keys(arrays).sort()
    .filter((key) => key.startsWith(name) && key.endsWith("_kernel"))
    .map((key) => layerOf(arrays, key.replace("_kernel", "")));
  const autoencoder = layers("autoencoder");
  return {
    dense: layers("dense"),
    convolutional: layers("convolutional"),
    encoder: autoencoder.slice(0, 2),
    decoder: autoencoder.slice(2),
  };
}

/** Bring a layer's 8-bit weights back: each times its channel's scale. */
function layerOf(arrays, name) {
  const { shape, values } = arrays[`${name}_kernel`];
  const scale = arrays[`${name}_scale`].values;
  const channels = shape.at(-1);
  const weights = new Float32Array(values);
  for (let i = 0; i < weights.length; i++) weights[i] *= scale[i % channels];
  return { shape, channels, weights, bias: arrays[`${name}_bias`].values };
}

/** Apply a dense layer; most inputs are 0, and cost nothing. */
function dense(layer, inputs, activation) {
  const { weights, bias, channels } = layer;
  const sums = Float64Array.from(bias);
  for (let i = 0; i < inputs.length; i++) {
    const input = inputs[i];
    if (input === 0) continue;
    const row = i * channels;
    for (let j = 0; j < channels; j++) sums[j] += input * weights[row + j];
  }
  return Float32Array.from(sums, activation);
}

/** Apply dense layers: ReLU in between, the `last` activation after. */
function denseAll(layers, inputs, last) {
  return layers.reduce((values, layer) =>
    dense(layer, values, layer === layers.at(-1) ? last : relu), inputs);
}

/** Put zeros around: from (side, side, depth) to (wide, wide, depth). */
function padded(inputs, side, depth, wide) {
  const outputs = new Float32Array(wide * wide * depth);
  const run = side * depth;
  for (let row = 0; row < side; row++) {
    outputs.set(inputs.subarray(row * run, (row + 1) * run),
      ((row + BEFORE) * wide + BEFORE) * depth);
  }
  return outputs;
}

/** Apply a convolution and ReLU to values of shape (side, side, depth). */
function convolve(layer, inputs, side, stride) {
  const { shape: [size, , depth], channels, bias } = layer;
  const across = Math.ceil(side / stride);
  const wide = (across - 1) * stride + size;
  const values = padded(inputs, side, depth, wide);
  const outputs = new Float32Array(across * across * channels);
  const last = across * across - 1;
  const startOf = (pixel) => depth * stride *
    (Math.floor(pixel / across) * wide + pixel % across);
  // Two pixels by four channels at once: the eight sums stay in registers.
  for (let pixel = 0; pixel <= last; pixel += 2) {
    const other = Math.min(pixel + 1, last);
    for (let first = 0; first < channels; first += 4) {
      const sums = windows(layer, values, wide * depth, first,
        startOf(pixel), startOf(other));
      for (let k = 0; k < 4; k++) {
        const b = bias[first + k];
        outputs[pixel * channels + first + k] = Math.max(0, sums[k] + b);
        outputs[other * channels + first + k] = Math.max(0, sums[4 + k] + b);
      }
    }
  }
  return outputs;
}

/** Multiply two windows, which begin at a and b, with four channels. */
function windows(layer, values, row, first, a, b) {
  const { shape: [size, , depth], weights, channels } = layer;
  let a0 = 0, a1 = 0, a2 = 0, a3 = 0, b0 = 0, b1 = 0, b2 = 0, b3 = 0;
  let w = first;
  for (let y = 0; y < size; y++) {
    // A row of the window lies in one piece.
    const end = y * row + size * depth;
    for (let i = y * row; i < end; i++, w += channels) {
      const p = values[a + i], q = values[b + i];
      const w0 = weights[w], w1 = weights[w + 1];
      const w2 = weights[w + 2], w3 = weights[w + 3];
      a0 += p * w0; a1 += p * w1; a2 += p * w2; a3 += p * w3;
      b0 += q * w0; b1 += q * w1; b2 += q * w2; b3 += q * w3;
    }
  }
  return [a0, a1, a2, a3, b0, b1, b2, b3];
}

/** Take the largest of each 2x2 pixels; an odd last row is left out. */
function pool(inputs, side, channels) {
  const half = Math.floor(side / 2);
  const outputs = new Float32Array(half * half * channels); // no value is less
  for (let pixel = 0; pixel < 4 * half * half; pixel++) {
    const row = Math.floor(pixel / (2 * half)), column = pixel % (2 * half);
    const from = (row * side + column) * channels;
    const to = ((row >> 1) * half + (column >> 1)) * channels;
    for (let c = 0; c < channels; c++) {
      outputs[to + c] = Math.max(outputs[to + c], inputs[from + c]);
    }
  }
  return outputs;
}

/** Give the convolutional network's logits for an image. */
function convolutionalLogits(layers, image) {
  let values = image, side = SIDE;
  for (const [number, layer] of layers.entries()) {
    if (POOLED.includes(number)) {
      values = pool(values, side, layer.shape[2]);
      side = Math.floor(side / 2);
    }
    if (number < STRIDES.length) {
      values = convolve(layer, values, side, STRIDES[number]);
      side = Math.ceil(side / STRIDES[number]);
    } else {
      // The last window is as large as the image: a dense layer.
      values = dense(layer, values, layer === layers.at(-1) ? same : relu);
    }
  }
  return values;
}

/** Give the first layer's maps, (14, 14, channels). */
const firstMaps = (networks, image) =>
  convolve(networks.convolutional[0], image, SIDE, STRIDES[0]);

/** Give the auto-encoder's code of an image. */
const encode = (networks, image) => denseAll(networks.encoder, image, relu);

/** Give the image that the decoder makes of a code. */
const decode = (networks, code) => denseAll(networks.decoder, code, sigmoid);

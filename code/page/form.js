"use strict";
// A drawing in MNIST's form, as digits/handwriting.py brings pictures there:
// scaled to fit a box of 20x20 pixels, its centre of mass in the middle.

const BOX = 20, CENTRE = 14;
// What is fainter is paper: half of what Otsu's method finds between paper
// and a drawn line.
const PAPER = 64;

/**
 * Bring ink, numbers from 0 to 255 of shape (side, side), into MNIST's form.
 * Gives null where there is none.
 */
function mnistForm(ink, side) {
  let top = side, left = side, bottom = -1, right = -1;
  ink.forEach((value, place) => {
    if (value <= PAPER) return;
    const row = Math.floor(place / side), column = place % side;
    top = Math.min(top, row);
    bottom = Math.max(bottom, row);
    left = Math.min(left, column);
    right = Math.max(right, column);
  });
  if (bottom < 0) return null;
  const height = bottom - top + 1, width = right - left + 1;
  const part = Float32Array.from({ length: height * width }, (_, i) => {
    const row = top + Math.floor(i / width);
    const value = ink[row * side + left + (i % width)];
    return value > PAPER ? value : 0;
  });
  const scale = BOX / Math.max(height, width);
  const tall = Math.max(1, Math.round(height * scale));
  const wide = Math.max(1, Math.round(width * scale));
  return placed(resized(resized(part, width, wide), height, tall), tall, wide);
}

/**
 * Resize rows of `from` numbers to `to`, and give columns, so that twice is
 * both ways: weighted means, with a triangle as wide as a new pixel at least,
 * rounded, as Pillow's BILINEAR.
 */
function resized(values, from, to) {
  const rows = values.length / from;
  const scale = from / to, reach = Math.max(1, scale);
  const outputs = new Float32Array(rows * to);
  for (let x = 0; x < to; x++) {
    const centre = (x + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - reach + 0.5));
    const end = Math.min(from, Math.trunc(centre + reach + 0.5));
    for (let row = 0; row < rows; row++) {
      let sum = 0, total = 0;
      for (let i = first; i < end; i++) {
        const weight = 1 - Math.abs(i + 0.5 - centre) / reach;
        sum += weight * values[row * from + i];
        total += weight;
      }
      outputs[x * rows + row] = Math.round(sum / total);
    }
  }
  return outputs;
}

/** Put a digit on 28x28 pixels, its mass in the middle, its darkest 1. */
function placed(digit, height, width) {
  let mass = 0, rows = 0, columns = 0, darkest = 0;
  digit.forEach((value, i) => {
    mass += value;
    rows += value * Math.floor(i / width);
    columns += value * (i % width);
    darkest = Math.max(darkest, value);
  });
  const start = (sum, size) =>
    Math.min(Math.max(Math.round(CENTRE - sum / mass), 0), SIDE - size);
  const top = start(rows, height), left = start(columns, width);
  const image = new Float32Array(SIDE * SIDE);
  digit.forEach((value, i) => {
    const row = top + Math.floor(i / width);
    image[row * SIDE + left + (i % width)] = value / darkest;
  });
  return image;
}

"use strict";
// What a reader touches: it asks the worker, and shows what comes back.

const part = (name) => document.getElementById(`live-${name}`);
const paper = part("paper").getContext("2d", { willReadFrequently: true });
const PEN = 22; // of 280 pixels

let ask; // what sends a request to the worker, once its networks are there
let tests; // test images, one after the other
let image = null; // what the networks see
let seed = 1;
let ends = []; // the codes between which a digit is made

/** Make work that waits in no queue: wanted while it runs, it runs again. */
function latest(work) {
  let running = false, wanted = false;
  return async () => {
    wanted = true;
    if (running || !ask) return;
    running = true;
    while (wanted) {
      wanted = false;
      await work();
    }
    running = false;
  };
}

/** Show grey values in [0, 1], dark on light; `tint` has the colour of 1. */
function show(name, values, side = 28, tint = [0, 0, 0]) {
  const context = part(name).getContext("2d");
  const picture = context.createImageData(side, values.length / side);
  values.forEach((value, i) => {
    tint.forEach((full, c) => {
      picture.data[4 * i + c] = 255 - (255 - full) * value;
    });
    picture.data[4 * i + 3] = 255;
  });
  context.putImageData(picture, 0, 0);
}

const highest = (values) => values.indexOf(Math.max(...values));
const inWords = (values) =>
  `${highest(values)} (${Math.max(...values).toFixed(2)})`;

/** Read an image with both networks, and say so beside it. */
async function reading(values, name) {
  const found = await ask("read", { image: values });
  for (const network of ["dense", "convolutional"]) {
    part(`${name}-${network}`).textContent = inWords(found[network]);
  }
  return found;
}

const look = latest(async () => {
  const picked = part("pick").value;
  image = picked === "" ? await drawn()
    : tests.slice(784 * picked, 784 * (Number(picked) + 1));
  show("seen", image ?? new Float32Array(784));
  if (!image) return rested("Nothing is drawn.");
  const found = await reading(image, "clean");
  showBars(found);
  await season();
  const { maps, channels, side } = await ask("maps", { image });
  show("maps", mosaic(maps, channels, side), 8 * side);
  rested(`The dense network reads ${inWords(found.dense)}, the convolutional `
    + `one ${inWords(found.convolutional)}.`);
});

/** Bring what is drawn into MNIST's form: null if nothing is. */
async function drawn() {
  const { data, width } = paper.getImageData(0, 0, 280, 280);
  const ink = Uint8Array.from({ length: width * width },
    (_, i) => data[4 * i + 3]);
  return (await ask("form", { ink, side: width })).image;
}

function showBars(found) {
  for (const [network, values] of Object.entries(found)) {
    document.querySelectorAll(`.live-${network}`).forEach((cell, digit) => {
      cell.textContent = values[digit].toFixed(3);
      cell.style.setProperty("--share", `${100 * values[digit]}%`);
      cell.classList.toggle("live-highest", digit === highest(values));
    });
  }
}

async function season() {
  const level = Number(part("level").value);
  part("level-value").value = level.toFixed(2);
  if (!image) return;
  const seasoned = (await ask("season", { image, level, seed })).image;
  const denoised = (await ask("denoise", { image: seasoned })).image;
  show("seasoned", seasoned);
  show("denoised", denoised);
  await reading(seasoned, "seasoned");
  await reading(denoised, "denoised");
}

/** Put maps (side, side, channels) side by side, 8 in a row. */
function mosaic(maps, channels, side) {
  const whole = scaled(maps);
  return Float32Array.from({ length: maps.length }, (_, i) => {
    const row = Math.floor(i / (8 * side)), column = i % (8 * side);
    const channel = 8 * Math.floor(row / side) + Math.floor(column / side);
    return whole[((row % side) * side + column % side) * channels + channel];
  });
}

function scaled(values) {
  const largest = values.reduce((a, b) => Math.max(a, b), 1e-6);
  return values.map((value) => Math.max(0, value / largest));
}

const generate = latest(async () => {
  ends = [];
  for (const [number, name] of ["first", "second"].entries()) {
    const digit = Number(part(name).value);
    const { code, image: made } =
      await ask("generate", { digit, seed: 2 * seed + number });
    ends.push(code);
    show(`${name}-made`, made);
  }
  await between();
});

const between = latest(async () => {
  if (ends.length < 2) return;
  const share = Number(part("share").value);
  part("share-value").value = share.toFixed(2);
  const code = ends[0].map((v, i) => (1 - share) * v + share * ends[1][i]);
  const made = (await ask("decode", { code })).image;
  show("between", made);
  await reading(made, "between");
});

let rest;

/** Once the hand rests: tell a screen reader, and look which pixels matter. */
function rested(words) {
  clearTimeout(rest);
  rest = setTimeout(async () => {
    part("status").textContent = words;
    const { losses } = image ? await ask("occlude", { image }) : {};
    if (losses) show("occlusion", scaled(losses), 28, [0, 70, 170]);
  }, 600);
}

function draw({ type, clientX, clientY, pointerId, target }) {
  const { left, top, width } = target.getBoundingClientRect();
  const x = (clientX - left) / width * 280, y = (clientY - top) / width * 280;
  if (type === "pointerdown") {
    target.setPointerCapture(pointerId);
    paper.beginPath();
    paper.moveTo(x, y);
    part("pick").value = "";
  }
  paper.lineTo(x, y);
  paper.stroke();
  look();
}

function clear() {
  paper.clearRect(0, 0, 280, 280);
  part("pick").value = "";
  look();
}

async function begin() {
  const asking = start(part("worker").textContent);
  const packed = JSON.parse(part("networks").textContent);
  const { images, labels } = await asking("load", { packed });
  tests = Float32Array.from(images, (value) => value / 255);
  labels.forEach((label, number) => {
    part("pick").add(new Option(`test image of a ${label}`, number));
  });
  ask = asking;
  part("pick").value = "7";
  await Promise.all([look(), generate()]);
  document.querySelector(".live").setAttribute("aria-busy", "false");
}

Object.assign(paper, { lineWidth: PEN, lineCap: "round", lineJoin: "round" });
document.documentElement.classList.add("live-on");
const pen = part("paper");
pen.addEventListener("pointerdown", draw);
pen.addEventListener("pointermove", (event) => { if (event.buttons) draw(event); });
part("clear").addEventListener("click", clear);
part("pick").addEventListener("input", () => {
  paper.clearRect(0, 0, 280, 280);
  look();
});
part("level").addEventListener("input", latest(season));
part("noise").addEventListener("click", () => { seed++; season(); });
part("again").addEventListener("click", () => { seed++; generate(); });
for (const name of ["first", "second"]) part(name).addEventListener("input", generate);
part("share").addEventListener("input", between);
// Weights are unpacked when the reader comes near, not when the page opens.
new IntersectionObserver(([entry], observer) => {
  if (!entry.isIntersecting) return;
  observer.disconnect();
  begin();
}, { rootMargin: "400px" }).observe(document.querySelector(".live"));

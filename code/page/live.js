"use strict";
// What a reader touches: it asks the worker, and shows what comes back.

const part = (name) => document.getElementById(`live-${name}`);
const pen = part("paper");
const paper = pen.getContext("2d", { willReadFrequently: true });
Object.assign(paper, { lineWidth: 22, lineCap: "round", lineJoin: "round" });

let ask; // what sends a request to the worker, once its networks are there
let tests; // test images, one after the other
let image = null; // what the networks see
let ends = [[], []]; // the codes between which a digit is made
let seed = 1, touched = false, rest;

/** Make work that waits in no queue: wanted while it runs, it runs again. */
function latest(work) {
  let wanted = 0;
  return async () => {
    if (!ask || wanted++) return;
    for (let done = 0; done < wanted; await work()) done = wanted;
    wanted = 0;
  };
}

/** Show values in [0, 1], dark on light. */
function show(name, values, side = 28, left = 0, top = 0) {
  const picture = new ImageData(side, side);
  picture.data.forEach((_, i, data) => {
    data[i] = i % 4 === 3 ? 255 : 255 - 255 * values[i >> 2];
  });
  part(name).getContext("2d").putImageData(picture, left, top);
}

const scaled = (values, most = Math.max(1e-6, ...values)) =>
  values.map((value) => Math.max(0, value / most));
const inWords = (values, most = Math.max(...values)) =>
  `${values.indexOf(most)} (${most.toFixed(2)})`;

/** Read an image with both networks, and say so beside it. */
async function reading(values, name) {
  const found = await ask("read", { image: values });
  for (const network of ["dense", "convolutional"]) {
    part(`${name}-${network}`).textContent = inWords(found[network]);
  }
  return found;
}

const look = latest(async () => {
  const picked = Number(part("pick").value);
  image = part("pick").value === "" ? await drawn()
    : tests.slice(784 * picked, 784 * (picked + 1));
  show("seen", image ?? new Float32Array(784));
  if (!image) return rested("Nothing is drawn.");
  const found = await reading(image, "clean");
  for (const [network, values] of Object.entries(found)) {
    document.querySelectorAll(`.live-${network}`).forEach((cell, digit) => {
      cell.textContent = values[digit].toFixed(3);
      cell.style.setProperty("--share", `${100 * values[digit]}%`);
    });
  }
  await season();
  const { maps, channels, side } = await ask("maps", { image });
  const whole = scaled(maps);
  for (let c = 0; c < channels; c++) {
    const map = whole.filter((_, i) => i % channels === c);
    show("maps", map, side, side * (c % 8), side * Math.floor(c / 8));
  }
  rested(`The dense network reads ${inWords(found.dense)}, the convolutional `
    + `one ${inWords(found.convolutional)}.`);
});

/** Bring what is drawn into MNIST's form: null if nothing is. */
async function drawn() {
  const { data, width: side } = paper.getImageData(0, 0, 280, 280);
  const ink = data.filter((_, i) => i % 4 === 3);
  return (await ask("form", { ink, side })).image;
}

/** Once the hand rests: tell a screen reader, and look which pixels matter. */
function rested(words) {
  clearTimeout(rest);
  rest = setTimeout(async () => {
    part("status").textContent = words;
    const { losses } = image ? await ask("occlude", { image }) : {};
    if (losses) show("occlusion", scaled(losses));
  }, 600);
}

const season = latest(async () => {
  const level = Number(part("level").value);
  part("level-value").value = level.toFixed(2);
  if (!image) return;
  const { image: seasoned } = await ask("season", { image, level, seed });
  const { image: denoised } = await ask("denoise", { image: seasoned });
  for (const [name, values] of Object.entries({ seasoned, denoised })) {
    show(name, values);
    await reading(values, name);
  }
});

const generate = latest(async () => {
  for (const [number, name] of ["first", "second"].entries()) {
    const digit = Number(part(name).value);
    const made = await ask("generate", { digit, seed: 2 * seed + number });
    ends[number] = made.code;
    show(`${name}-made`, made.image);
  }
  await between();
});

const between = latest(async () => {
  const share = Number(part("share").value);
  part("share-value").value = share.toFixed(2);
  const code = ends[0].map((v, i) => (1 - share) * v + share * ends[1][i]);
  const { image: made } = await ask("decode", { code });
  show("between", made);
  await reading(made, "between");
});

function draw({ type, clientX, clientY, pointerId }) {
  const { left, top, width } = pen.getBoundingClientRect();
  const place = [clientX - left, clientY - top].map((v) => v / width * 280);
  if (type === "pointerdown") {
    pen.setPointerCapture(pointerId);
    paper.beginPath();
    paper.moveTo(...place);
    part("pick").value = "";
    touched = true;
  }
  paper.lineTo(...place);
  paper.stroke();
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
  if (!touched) part("pick").value = "7";
  ask = asking;
  await Promise.all([look(), generate()]);
  document.querySelector(".live").setAttribute("aria-busy", "false");
}

const blank = () => { paper.clearRect(0, 0, 280, 280); look(); };
const on = (name, type, act) => part(name).addEventListener(type, act);
on("paper", "pointerdown", draw);
on("paper", "pointermove", (event) => { if (event.buttons) draw(event); });
on("pick", "input", blank);
on("clear", "click", () => { part("pick").value = ""; blank(); });
on("level", "input", season);
on("noise", "click", () => { seed++; season(); });
on("again", "click", () => { seed++; generate(); });
for (const name of ["first", "second"]) on(name, "input", generate);
on("share", "input", between);
document.documentElement.classList.add("live-on");
// Weights are unpacked when the reader comes near, not when the page opens.
new IntersectionObserver(([entry], observer) => {
  if (entry.isIntersecting) { observer.disconnect(); begin(); }
}, { rootMargin: "400px" }).observe(document.querySelector(".live"));

"use strict";

/** Start a worker of a script's text; give a function that asks it. */
function start(script) {
  const worker = new Worker(URL.createObjectURL(new Blob([script])));
  const waiting = new Map();
  worker.addEventListener("message", ({ data: { id, ...answer } }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (answer.error) reject(new Error(answer.error));
    else resolve(answer);
  });
  let id = 0;
  return (task, fields) => new Promise((resolve, reject) => {
    waiting.set(++id, { resolve, reject });
    worker.postMessage({ id, task, ...fields });
  });
}

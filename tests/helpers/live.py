"""Real Chromium with the scripts of code/page, and what Keras says beside it.

Shared by the tests and by benchmarks/page.py.
"""

import base64
import json
import os
import shutil
import zlib
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

from digits import paths

SCRIPTS = paths.CODE / "page"
# What the worker is made of, in this order.
WORKER = ("unpack.js", "networks.js", "form.js", "worker.js")

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser",
                                    "google-chrome"))),
    None,
)
# Images of (n, 784) bytes go over as base 64, logits come back as numbers.
CLASSIFY = """([text, name]) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const found = [];
  for (let i = 0; i < bytes.length; i += 784) {
    const image = Float32Array.from(bytes.subarray(i, i + 784), (v) => v / 255);
    found.push(Array.from(name === "dense"
      ? denseAll(networks.dense, image, same)
      : name === "convolutional"
        ? convolutionalLogits(networks.convolutional, image)
        : decode(networks, encode(networks, image))));
  }
  return found;
}"""


LOAD = """([script, text]) => {
  window.ask = start(script);
  return ask("load", { packed: JSON.parse(text) }).then(() => {});
}"""


def script(*names: str) -> str:
    """Read scripts of code/page as one."""
    return "\n".join(
        (SCRIPTS / name).read_text(encoding="utf-8") for name in names
    )


def packed(arrays: dict[str, np.ndarray]) -> str:
    """Write arrays as JSON for unpack.js, as code/quarto/live.ts does."""
    # A typed array begins at a multiple of its numbers' size: large ones first.
    names = sorted(arrays, key=lambda name: -arrays[name].itemsize)
    content = zlib.compress(
        b"".join(arrays[name].tobytes() for name in names), 9
    )
    return json.dumps({
        "listed": [
            [name, arrays[name].dtype.name, list(arrays[name].shape)]
            for name in names
        ],
        "bytes": len(content),
        "file": base64.b85encode(content, pad=True).decode(),
    })


@contextmanager
def chromium():
    """Start Chromium, without its own sandbox where it does not work."""
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=options
        )
        yield browser
        browser.close()


def open_scripts(browser, folder: Path, *names: str) -> Page:
    """Open an empty page from a file, with scripts of code/page in it."""
    file = folder / "empty.html"
    file.write_text("<!doctype html><title>Scripts</title>")
    page = browser.new_page()
    page.goto(file.as_uri())
    page.add_script_tag(content=script(*names))
    return page


def open_worker(browser, folder: Path, arrays: dict[str, np.ndarray]) -> Page:
    """Open an empty page that has a worker with networks, to `ask`."""
    page = open_scripts(browser, folder, "client.js")
    page.evaluate(LOAD, [script(*WORKER), packed(arrays)])
    return page


def load(page: Page, arrays: dict[str, np.ndarray]) -> None:
    """Unpack arrays and build the networks of a page with these scripts."""
    page.evaluate(
        "async (text) => { window.arrays = await unpack(JSON.parse(text));"
        " window.networks = build(arrays); }",
        packed(arrays),
    )


def outputs(page: Page, name: str, images: np.ndarray) -> np.ndarray:
    """Give what a network in the page makes of uint8 images (n, 28, 28).

    Logits (n, 10) of "dense" and "convolutional", pixels (n, 784) of
    "autoencoder".
    """
    found = []
    for batch in np.array_split(images, -(-len(images) // 500)):
        text = base64.b64encode(np.ascontiguousarray(batch)).decode()
        found += page.evaluate(CLASSIFY, [text, name])
    return np.array(found)


def keras_outputs(network, images: np.ndarray) -> np.ndarray:
    """Give the same of a Keras network, with the weights as stored."""
    import keras

    from digits import data
    from digits.tasks import scoring

    last = network.layers[-1]
    scaled = data.scale(images)
    if last.name != "class":
        return scoring.outputs(network, scaled).reshape(len(images), -1)
    inner = keras.Model(network.input, last.input)
    kernel, bias = map(np.asarray, last.weights)
    return scoring.outputs(inner, scaled) @ kernel + bias

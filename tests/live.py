"""Real Chromium with the scripts of code/page, and what Keras says beside it.

Shared by the tests and by benchmarks/page.py.
"""

import base64
import os
import shutil
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

from digits.page import packing

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
    page.add_script_tag(content=packing.script(*names))
    return page


def load(page: Page, arrays: dict[str, np.ndarray]) -> None:
    """Unpack arrays and build the networks of a page with these scripts."""
    page.evaluate(
        "async (text) => { window.arrays = await unpack(JSON.parse(text));"
        " window.networks = build(arrays); }",
        packing.packed(arrays),
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

    from digits import data, training

    last = network.layers[-1]
    scaled = data.scale(images)
    if last.name != "class":
        return training.outputs(network, scaled).reshape(len(images), -1)
    inner = keras.Model(network.input, last.input)
    kernel, bias = map(np.asarray, last.weights)
    return training.outputs(inner, scaled) @ kernel + bias

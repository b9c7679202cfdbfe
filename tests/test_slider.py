"""The control of the noise level: see test_browser for how it behaves."""

import base64
import io
import re

import numpy as np
from PIL import Image

from digits.slider import SIDE, noise_slider

LEVELS = (0.0, 0.4, 1.0)
GENERATOR = np.random.default_rng(0)
EXAMPLES = {
    name: GENERATOR.integers(0, 256, (3, 2, 28, 28), np.uint8)
    for name in ("seasoned", "denoised")
} | {
    f"predictions_{name}": np.array([[7, 2], [7, 3], [1, 0]]) + shift
    for shift, name in enumerate(("seasoned", "denoised"))
} | {
    f"confidences_{name}": np.full((3, 2), 0.75)
    for name in ("seasoned", "denoised")
} | {"labels": np.array([7, 2])}


def test_the_picture_has_each_image_at_its_place():
    text = noise_slider(EXAMPLES, LEVELS).data
    (encoded,) = re.findall(r"base64,([^)]+)\)", text)
    with Image.open(io.BytesIO(base64.b64decode(encoded))) as picture:
        grid = 255 - np.asarray(picture)
    assert grid.shape == (4 * 28, 3 * 28)
    for number in range(2):
        for row, kind in enumerate(("seasoned", "denoised"), 2 * number):
            for column in range(3):
                np.testing.assert_array_equal(
                    grid[28 * row :, 28 * column :][:28, :28],
                    EXAMPLES[kind][column, number],
                )
    assert f"background-size: {3 * SIDE}px {4 * SIDE}px" in text


def test_every_reading_is_there_and_the_page_is_raw_html():
    text = noise_slider(EXAMPLES, LEVELS).data
    assert text.startswith("```{=html}\n")
    assert text.endswith("\n```")
    assert '["7 (0.75)", "8 (0.75)", "2 (0.75)", "3 (0.75)"]' in text
    assert 'levels = ["0", "0.4", "1"]' in text
    assert 'max="2" value="1"' in text
    assert "%(" not in text

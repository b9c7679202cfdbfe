"""What is seen of the page that plays on paper, and without script."""

import base64
import io
import re

import numpy as np
from PIL import Image

from digits.page.still import START, still_picture

LEVELS = (0.0, START, 1.0)
GENERATOR = np.random.default_rng(0)
EXAMPLES = {
    name: GENERATOR.integers(0, 256, (3, 2, 28, 28), np.uint8)
    for name in ("seasoned", "denoised")
} | {
    f"predictions_{name}": np.array([[7, 2], [6, 3], [1, 0]]) + shift
    for shift, name in enumerate(("seasoned", "denoised"))
} | {
    f"confidences_{name}": np.full((3, 2), 0.75)
    for name in ("seasoned", "denoised")
} | {"labels": np.array([7, 2])}


def test_each_image_is_at_its_place():
    text = still_picture(EXAMPLES, LEVELS).data
    shown = [
        255 - np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded))))
        for encoded in re.findall(r'base64,([^"]+)"', text)
    ]
    expected = [
        image
        for number in range(2)
        for image in (EXAMPLES["seasoned"][0, number],
                      EXAMPLES["seasoned"][1, number],
                      EXAMPLES["denoised"][1, number])
    ]
    np.testing.assert_array_equal(shown, expected)


def test_the_readings_of_the_level_are_there_and_the_page_is_raw_html():
    text = still_picture(EXAMPLES, LEVELS).data
    assert text.startswith("```{=html}\n")
    assert text.endswith("\n```")
    read = re.findall(r"<td>(\d \(0\.75\))</td>", text)
    assert read == ["6 (0.75)", "7 (0.75)", "3 (0.75)", "4 (0.75)"]
    assert "%(" not in text

"""A drawing of pictures, each beside what the networks saw of it."""

import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from digits.handwriting.form import SIDE
from digits.handwriting.reading import Digit
from larder import files

TALL, WIDE = 140, 280  # pixels of a picture, at most
ENLARGED = 3 * SIDE
MOST_DIGITS = 6
GAP = 12


def write_readings(
    rows: Iterable[tuple[np.ndarray, list[Digit], str]], path: Path
) -> None:
    """Write a PNG with a row each: picture, the digits found, and a text.

    A picture is brightness in [0, 1] of shape (h, w). Digits stand dark on
    light, as MNIST's are printed, and are framed in the picture. The file is
    whole or not there.
    """
    drawn = [_row(*row) for row in rows]
    width = max(row.width for row in drawn)
    whole = Image.new("RGB", (width, sum(row.height for row in drawn)), "white")
    top = 0
    for row in drawn:
        whole.paste(row, (0, top))
        top += row.height
    content = io.BytesIO()
    whole.save(content, format="PNG")
    files.write_atomically(path, content.getvalue())


def _row(grey: np.ndarray, digits: list[Digit], text: str) -> Image.Image:
    shown = digits[:MOST_DIGITS]
    width = WIDE + 2 * GAP + MOST_DIGITS * (ENLARGED + GAP)
    row = Image.new("RGB", (width, TALL + 2 * GAP), "white")
    picture = framed(grey, digits)
    row.paste(picture, (GAP, GAP))
    for number, digit in enumerate(shown):
        grey = np.uint8(np.round(255 * (1 - digit.image[..., 0])))
        left = WIDE + 2 * GAP + number * (ENLARGED + GAP)
        row.paste(
            Image.fromarray(grey).resize(
                (ENLARGED, ENLARGED), Image.Resampling.NEAREST
            ),
            (left, GAP),
        )
    ImageDraw.Draw(row).text((WIDE + 2 * GAP, GAP + ENLARGED + GAP), text,
                             fill="black", font_size=16)
    return row


def framed(grey: np.ndarray, digits: list[Digit]) -> Image.Image:
    """Make a picture small, with a frame around each digit."""
    picture = Image.fromarray(np.uint8(np.round(255 * grey))).convert("RGB")
    picture.thumbnail((WIDE, TALL))
    scale = picture.width / grey.shape[1]
    pen = ImageDraw.Draw(picture)
    for digit in digits:
        pen.rectangle([scale * place for place in digit.box],
                      outline=(213, 94, 0))
    return picture

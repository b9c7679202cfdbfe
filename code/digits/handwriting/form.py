"""Ink in the form of MNIST's images.

MNIST's authors scaled each digit to fit a box of 20x20 pixels, keeping its
proportions, and placed its centre of mass in the centre of 28x28 pixels
(LeCun et al., 1998): in all of MNIST, it lies within half a pixel of pixel 14,
counted from 0. A network that was trained on such images wants no others.
"""

import io
import math
from pathlib import Path

import numpy as np
from PIL import Image

from larder import files

SIDE, BOX, CENTRE = 28, 20, 14


def centred(ink: np.ndarray) -> np.ndarray:
    """Scale ink of shape (h, w) to MNIST's box and centre its mass.

    Returns float32 in [0, 1] of shape (28, 28, 1). Raises `ValueError` where
    there is no ink.
    """
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    if len(rows) == 0:
        raise ValueError("there is no ink")
    part = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = BOX / max(part.shape)
    height, width = (max(1, round(size * scale)) for size in part.shape)
    scaled = Image.fromarray(np.uint8(np.round(255 * part))).resize(
        (width, height), Image.Resampling.BILINEAR
    )
    digit = np.asarray(scaled, dtype=np.float32) / 255
    digit /= digit.max()
    mass = digit.sum()
    row = (digit.sum(1) @ np.arange(height)) / mass
    column = (digit.sum(0) @ np.arange(width)) / mass
    top = _place(row, height)
    left = _place(column, width)
    image = np.zeros((SIDE, SIDE, 1), np.float32)
    image[top : top + height, left : left + width, 0] = digit
    return image


def write_grid(images: np.ndarray, path: Path) -> None:
    """Write images (n, 28, 28, 1) in [0, 1] as one PNG, dark on light.

    In rows that make it about square. The file is whole or not there.
    """
    columns = math.ceil(math.sqrt(len(images)))
    rows = math.ceil(len(images) / columns)
    grid = np.zeros((rows * columns, SIDE, SIDE))
    grid[: len(images)] = images[..., 0]
    grid = grid.reshape(rows, columns, SIDE, SIDE).swapaxes(1, 2)
    grid = np.uint8(np.round(255 * (1 - grid)))
    picture = Image.fromarray(grid.reshape(rows * SIDE, columns * SIDE))
    content = io.BytesIO()
    picture.save(content, format="PNG")
    files.write_atomically(path, content.getvalue())


def _place(centre: float, size: int) -> int:
    """Say where a side begins whose centre of mass goes to the centre."""
    return min(max(round(CENTRE - centre), 0), SIDE - size)

"""A picture of a digit, brought into the form of MNIST's images.

MNIST's authors scaled each digit to fit a box of 20x20 pixels, keeping its
proportions, and placed its centre of mass in the centre of 28x28 pixels
(LeCun et al., 1998): in all of MNIST, it lies within half a pixel of pixel 14,
counted from 0. A network that was trained on such images wants no others.
"""

import io
import math
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from digits import store

SIDE, BOX, CENTRE = 28, 20, 14
FORMATS = ("PNG", "JPEG")
LARGEST_FILE = 64 * 2**20  # bytes
MOST_PIXELS = 50_000_000
# A larger picture is made smaller as soon as it is read: floats take memory.
PIXELS_ENOUGH = 4_000_000
STRIP = 64  # rows
# A difference of grey below this share of the whole range is paper, not ink.
LEAST_CONTRAST = 0.1


class PictureError(Exception):
    """A file is no picture of a digit that could be read."""


def read_digit(path: Path) -> np.ndarray:
    """Read a PNG or JPEG of one digit: float32 in [0, 1], (28, 28, 1).

    Dark on light or light on dark, of any size and colour, a photo as well.
    Raises `PictureError` where the file is missing, of another format, too
    large, damaged, or empty of anything drawn.
    """
    return centred(_ink(_grey(path), path))


def _grey(path: Path) -> np.ndarray:
    """Read a picture's brightness, float64 in [0, 1] of shape (h, w)."""
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise PictureError(
                f"{path} has {size} bytes, more than the {LARGEST_FILE} allowed"
            )
        with Image.open(path, formats=FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise PictureError(
                    f"{path} has {picture.width} x {picture.height} pixels, "
                    f"more than the {MOST_PIXELS} allowed: make it smaller"
                )
            upright = ImageOps.exif_transpose(_reduced(picture))
    except (PictureError, FileNotFoundError, PermissionError) as error:
        raise PictureError(str(error)) from None
    except Exception as error:  # decoders raise nearly anything
        raise PictureError(
            f"{path} can't be read as PNG or JPEG: {error}"
        ) from error
    paper = Image.new("RGBA", upright.size, "white")
    paper.alpha_composite(upright)
    return np.asarray(paper.convert("L"), dtype=np.float64) / 255


def _reduced(picture: Image.Image) -> Image.Image:
    """Give a picture as RGBA, of a few million pixels at most.

    Strip by strip, so that only what the decoder needs is of the full size.
    """
    width, height = picture.size
    factor = math.ceil(math.sqrt(width * height / PIXELS_ENOUGH))
    if factor == 1:
        return picture.convert("RGBA")
    reduced = Image.new(
        "RGBA", (math.ceil(width / factor), math.ceil(height / factor))
    )
    for row in range(0, reduced.height, STRIP):
        top, bottom = row * factor, min((row + STRIP) * factor, height)
        strip = picture.crop((0, top, width, bottom)).convert("RGBA")
        reduced.paste(strip.reduce(factor), (0, row))
    reduced.info = picture.info  # which says what side is up
    return reduced


def _ink(grey: np.ndarray, path: Path) -> np.ndarray:
    """Find the ink: 0 where there is paper, up to 1 where it is darkest.

    The paper is what the picture's border shows most; ink is what differs
    from it in the direction that most differs, by more than Otsu's threshold.
    """
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    paper = np.median(border)
    darker, lighter = paper - grey.min(), grey.max() - paper
    difference = paper - grey if darker >= lighter else grey - paper
    difference = difference.clip(min=0)
    if difference.max() < LEAST_CONTRAST:
        raise PictureError(
            f"{path} shows nothing that stands out from its background"
        )
    difference /= difference.max()
    return np.where(difference > otsu_threshold(difference) / 2, difference, 0)


def otsu_threshold(values: np.ndarray) -> float:
    """Split values in [0, 1] in two groups that differ most.

    In the middle of a gap between the groups, where all thresholds are alike.
    Source: Otsu (1979), IEEE Transactions on Systems, Man, and Cybernetics
    9(1), 62-66.
    """
    counts, edges = np.histogram(values, bins=256, range=(0, 1))
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = sums / below - (sums[-1] - sums) / above
    between = np.nan_to_num(below * above * distance**2)
    alike = np.isclose(between, between.max(), rtol=1e-3)
    return float(edges[1:][alike].mean())


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
    store.write_atomically(path, content.getvalue())


def _place(centre: float, size: int) -> int:
    """Say where a side begins whose centre of mass goes to the centre."""
    return min(max(round(CENTRE - centre), 0), SIDE - size)

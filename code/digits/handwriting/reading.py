"""From the file of a picture to the digits in it, in the form of MNIST's."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from digits.handwriting import paper
from digits.handwriting.finding import Piece, find_pieces
from digits.handwriting.form import centred
from digits.handwriting.lines import without_lines
from digits.handwriting.pictures import PictureError, read_grey

# Large pictures are looked at from afar, and small digits again from near.
FAR = 480  # pixels of the longer side
SMALL = 60  # pixels of a digit's longer side, seen from afar
MOST_PARTS = 3  # of one digit
WIDEST = 1.2  # of a digit, over its height
WHOLE_SIDE = 0.85  # of a side of the picture
LINES_FROM = 64  # pixels: a smaller picture has no room for ruled lines
TINY = 32  # pixels: as collections of digits have them, one each, cut out


@dataclass(frozen=True)
class Digit:
    """A digit that was found: `image` float32 (28, 28, 1) in [0, 1].

    `box` is where it lies in the picture: left, top, right and bottom, in
    pixels of the upright picture as it was read; `line` counts from 0.
    """

    image: np.ndarray
    box: tuple[int, int, int, int]
    line: int


def read_digit(path: Path) -> np.ndarray:
    """Read a picture of one digit: float32 in [0, 1], (28, 28, 1).

    Dark on light or light on dark, of any size and colour, drawn, scanned or
    photographed; all that is found is taken as one digit. Raises
    `PictureError` where the file is missing, of another format, too large,
    damaged, or empty of anything drawn.
    """
    digits = find_digits(read_grey(path), single=True)
    if not digits:
        raise PictureError(
            f"{path} shows nothing that stands out from its background"
        )
    return digits[0].image


def find_digits(grey: np.ndarray, single: bool = False) -> list[Digit]:
    """Find digits in brightness of shape (h, w), in the order of reading.

    With `single`, all that is found counts as one digit.
    """
    scale = max(1.0, max(grey.shape) / FAR)
    seen = _scaled(grey, scale)
    found = _look(seen, single)
    return [
        Digit(_near(grey, piece, scale, image), _box(piece, scale, grey), line)
        for piece, image, line in found
    ]


def readings(grey: np.ndarray, single: bool = False) -> list[list[Digit]]:
    """Give all ways to read brightness of shape (h, w), the likeliest first.

    What is found in several pieces close together may be one digit, and where
    most of the border has one brightness, all that differs from it may be.
    Which it is, is for those to say who know what digits look like. A tiny
    picture with such a border has one reading, this last.
    """
    whole = _as_drawn(grey)
    if whole is not None and max(grey.shape) <= TINY:
        return [[whole]]
    found = find_digits(grey, single)
    others = []
    if len(found) > 1 and _compact(found):
        others.append(find_digits(grey, single=True))
    if whole is not None and not any(
        len(other) == 1 and np.array_equal(other[0].image, whole.image)
        for other in (found, *others)
    ):
        others.append([whole])
    return [digits for digits in (found, *others) if digits] or [[]]


def _compact(digits: list[Digit]) -> bool:
    """Say whether a few digits could be the parts of one."""
    left, top = np.min([digit.box[:2] for digit in digits], axis=0)
    right, bottom = np.max([digit.box[2:] for digit in digits], axis=0)
    return len(digits) <= MOST_PARTS and right - left < WIDEST * (bottom - top)


def _as_drawn(grey: np.ndarray) -> Digit | None:
    """Take all that differs from the border's usual brightness as a digit."""
    scale = max(1.0, max(grey.shape) / FAR)
    seen = _scaled(grey, scale)
    level = paper.border_level(seen)
    ink = None if level is None else paper.on_even_paper(seen, level)
    if ink is None or _is_print(ink):
        return None
    rows = np.flatnonzero(ink.mask.any(1))
    columns = np.flatnonzero(ink.mask.any(0))
    whole = Piece([], rows[0], columns[0], rows[-1] + 1, columns[-1] + 1, 0)
    return Digit(centred(ink.values), _box(whole, scale, grey), 0)


def _is_print(ink: paper.Ink) -> bool:
    """Say whether ink is mostly lines, or fills a side: a frame."""
    mask = ink.mask
    sides = (mask[0], mask[-1], mask[:, 0], mask[:, -1])
    return (
        max(side.mean() for side in sides) > WHOLE_SIDE
        or _without_lines(mask, ink.values).sum() < mask.sum() / 2
    )


def _without_lines(mask: np.ndarray, values: np.ndarray) -> np.ndarray:
    if max(mask.shape) < LINES_FROM:
        return mask
    return without_lines(mask, values)


def _scaled(grey: np.ndarray, scale: float) -> np.ndarray:
    if scale == 1:
        return grey
    height, width = (max(1, round(side / scale)) for side in grey.shape)
    small = Image.fromarray(grey.astype(np.float32)).resize(
        (width, height), Image.Resampling.BOX
    )
    return np.asarray(small, dtype=np.float64)


def _look(
    grey: np.ndarray, single: bool
) -> list[tuple[Piece, np.ndarray, int]]:
    """Find digits without a second look: pieces, images, lines' numbers."""
    ink = paper.find_ink(grey)
    if ink is None:
        return []
    mask = _without_lines(ink.mask, ink.values)
    labels, lines = find_pieces(mask)
    if single and lines:
        lines = [[_whole(lines)]]
    return [
        (piece, centred(_cut(ink, labels, piece)), number)
        for number, line in enumerate(lines) for piece in line
    ]


def _whole(lines: list[list[Piece]]) -> Piece:
    """Take all pieces as one."""
    pieces = [piece for line in lines for piece in line]
    return Piece(
        [label for piece in pieces for label in piece.labels],
        min(piece.top for piece in pieces), min(piece.left for piece in pieces),
        max(piece.bottom for piece in pieces),
        max(piece.right for piece in pieces),
        sum(piece.area for piece in pieces),
    )


def _cut(ink: paper.Ink, labels: np.ndarray, piece: Piece) -> np.ndarray:
    """Cut a piece's ink out, without what else there is around it."""
    part = np.s_[piece.top : piece.bottom, piece.left : piece.right]
    return np.where(np.isin(labels[part], piece.labels), ink.values[part], 0)


def _box(
    piece: Piece, scale: float, grey: np.ndarray
) -> tuple[int, int, int, int]:
    height, width = grey.shape
    return (
        int(piece.left * scale), int(piece.top * scale),
        min(width, round(piece.right * scale)),
        min(height, round(piece.bottom * scale)),
    )


def _near(
    grey: np.ndarray, piece: Piece, scale: float, image: np.ndarray
) -> np.ndarray:
    """Look at a small digit again, from near, if that shows more of it."""
    if scale == 1 or piece.size > SMALL:
        return image
    left, top, right, bottom = _box(piece, scale, grey)
    margin = round(0.5 * piece.size * scale)
    part = grey[max(0, top - margin) : bottom + margin,
                max(0, left - margin) : right + margin]
    found = _look(_scaled(part, max(1.0, max(part.shape) / FAR)), single=False)
    if not found:
        return image
    return max(found, key=lambda item: item[0].area)[1]

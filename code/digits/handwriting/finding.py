"""Which pieces of ink are digits, and in what order are they read?"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

TOUCHING = np.ones((3, 3))
SMALLEST = 0.025  # of the picture's longer side
FLAT = 4  # times as wide as high: beside a digit, what is left of a line
SPECK = 0.12  # of the tallest piece's height, in both directions
PART = 0.45  # lower pieces belong to a digit nearby
NEAR = 0.2  # of the height, across which a part is taken to its digit


@dataclass
class Piece:
    """Ink that hangs together: its places, from `top`, `left` on."""

    labels: list[int]
    top: int
    left: int
    bottom: int
    right: int
    area: int

    @property
    def height(self) -> int:
        """Give the rows that it covers."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Give the columns that it covers."""
        return self.right - self.left

    @property
    def size(self) -> int:
        """Give the larger of both."""
        return max(self.height, self.width)


def find_pieces(mask: np.ndarray) -> tuple[np.ndarray, list[list[Piece]]]:
    """Find digits in a mask of ink (h, w), line by line, left to right.

    Returns labels (h, w), and a list of lines of pieces, each a digit.
    """
    labels, count = ndimage.label(mask, TOUCHING)
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    pieces = [
        Piece([number], rows.start, columns.start, rows.stop, columns.stop,
              int(areas[number]))
        for number, (rows, columns) in enumerate(
            ndimage.find_objects(labels), start=1
        )
    ]
    least = SMALLEST * max(labels.shape)
    pieces = [
        piece for piece in pieces
        if piece.size > least and not _beside_the_paper(piece, labels)
    ]
    pieces = _without_frames(pieces, labels)
    if not pieces:
        return labels, []
    return labels, _lines(_digits(_likely(pieces, labels.shape)))


def _beside_the_paper(piece: Piece, labels: np.ndarray) -> bool:
    """Say whether a piece is a table, a frame or a shadow at an edge.

    It touches the edge along its own length, and is either as long as the
    edge or nearly solid.
    """
    height, width = labels.shape
    part = labels[piece.top : piece.bottom, piece.left : piece.right]
    own = part == piece.labels[0]
    contacts = (
        (piece.top == 0, own[0], width),
        (piece.bottom == height, own[-1], width),
        (piece.left == 0, own[:, 0], height),
        (piece.right == width, own[:, -1], height),
    )
    touched = [line.sum() / side for there, line, side in contacts if there]
    if not touched:
        return False
    share = max(touched)
    return share > 0.8 or (share > 0.25 and own.mean() > 0.5) or (
        len(touched) >= 2 and share > 0.4
    )


def _without_frames(pieces: list[Piece], labels: np.ndarray) -> list[Piece]:
    """Leave out boxes: thin pieces that have other pieces within them."""
    def holds(outer, inner):
        return (
            outer is not inner
            and outer.top < inner.top and inner.bottom < outer.bottom
            and outer.left < inner.left and inner.right < outer.right
            and inner.height > 0.3 * outer.height
            and _along_its_sides(outer, labels) > 0.8
        )
    return [
        piece for piece in pieces
        if not any(holds(piece, other) for other in pieces)
    ]


def _along_its_sides(piece: Piece, labels: np.ndarray) -> float:
    """Say what share of a piece lies near the sides of its rectangle."""
    own = labels[piece.top : piece.bottom, piece.left : piece.right] == (
        piece.labels[0]
    )
    near = max(2, round(0.12 * piece.size))
    inner = own[near:-near, near:-near]
    return 1 - inner.sum() / own.sum()


def _likely(pieces: list[Piece], shape: tuple[int, int]) -> list[Piece]:
    """Leave out specks, and what is cut by an edge beside whole digits."""
    def cut(piece):
        return (piece.top == 0 or piece.left == 0
                or piece.bottom == shape[0] or piece.right == shape[1])

    whole = [piece for piece in pieces if not cut(piece)]
    tallest = max(piece.size for piece in whole or pieces)
    everything = max(piece.size for piece in pieces)
    if tallest < 0.5 * everything:
        tallest, whole = everything, []
    return [
        piece for piece in pieces
        if piece.size >= SPECK * tallest
        and not (whole and cut(piece) and piece.size < 0.6 * tallest)
    ]


def _digits(pieces: list[Piece]) -> list[Piece]:
    """Put pieces together that belong to one digit."""
    pieces = sorted(pieces, key=lambda piece: -piece.size)
    tallest = pieces[0].size
    found: list[Piece] = []
    for piece in pieces:
        near = min(found, key=lambda other: _gap(piece, other), default=None)
        if near is not None and _belongs(piece, near, tallest):
            found.remove(near)
            found.append(_joined(near, piece))
        elif (piece.size >= PART * tallest
              and (not found or piece.width <= FLAT * piece.height)):
            found.append(piece)
    return found


def _belongs(piece: Piece, other: Piece, tallest: int) -> bool:
    """Say whether a piece is a part of another, rather than a digit."""
    gap = _gap(piece, other)
    over = min(piece.right, other.right) - max(piece.left, other.left)
    beside = over < 0.5 * min(piece.width, other.width)
    if piece.size < PART * tallest:
        return gap < NEAR * tallest
    if piece.height > 0.65 * other.height and beside:
        return False
    return not beside and gap < 0.5 * NEAR * tallest


def _gap(piece: Piece, other: Piece) -> int:
    """Say how far the rectangles of two pieces are apart."""
    rows = max(piece.top, other.top) - min(piece.bottom, other.bottom)
    columns = max(piece.left, other.left) - min(piece.right, other.right)
    return max(rows, columns, 0)


def _joined(one: Piece, other: Piece) -> Piece:
    return Piece(
        one.labels + other.labels, min(one.top, other.top),
        min(one.left, other.left), max(one.bottom, other.bottom),
        max(one.right, other.right), one.area + other.area,
    )


def _lines(digits: list[Piece]) -> list[list[Piece]]:
    """Sort digits into lines, from the top, and each from the left."""
    lines: list[list[Piece]] = []
    for digit in sorted(digits, key=lambda item: item.top + item.bottom):
        middle = (digit.top + digit.bottom) / 2
        for line in lines:
            tops = np.mean([item.top for item in line])
            bottoms = np.mean([item.bottom for item in line])
            if tops < middle < bottoms:
                line.append(digit)
                break
        else:
            lines.append([digit])
    return [sorted(line, key=lambda item: item.left) for line in lines]

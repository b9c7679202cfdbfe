"""Lines of ruled and squared paper and of boxes, told from strokes.

A line is thin, straight and long: it crosses nearly the whole picture, at a
small angle. It is found by a Hough transform of those places alone where the
ink is thin across the line's direction, and removed there alone, so that a
stroke that crosses it stays whole, as musicians' staff lines are removed
(Dalitz et al., 2008, IEEE Transactions on Pattern Analysis and Machine
Intelligence 30(5), 753-766).
"""

import numpy as np
from scipy import ndimage
from skimage.transform import hough_line

ANGLES = np.deg2rad(np.arange(-13, 13.01, 0.5))
THICK = 0.022  # of the picture's longer side; at least 3 pixels
LONG = 0.6  # of the way that a line can go within the picture
# Where strokes hide more of it, a line is seen in so much of its way, and ink
# is on so much.
FREE, INKED = 0.3, 0.9
PALE = 0.75  # of the strokes' darkness
MOST = 60  # lines


def without_lines(mask: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Take lines out of a mask of ink (h, w), and give what is left.

    `values` say how dark the ink is. What could be a line and could be a
    stroke of a digit that fills the picture stays.
    """
    thick = max(3, round(THICK * max(mask.shape)))
    found = [
        *_across(mask, thick),
        *(line.T for line in _across(mask.T, thick)),
    ]
    if not found:
        return mask
    lines = np.logical_or.reduce(found)
    rest = _mended(mask & ~_paler(lines, mask, values), mask, thick)
    if not rest.any():  # a lone line may be a 1
        return mask if len(found) == 1 else rest
    if len(found) < 3 and _fills(rest) and not _fainter(lines, rest, values):
        return mask
    return rest


def _across(mask: np.ndarray, thick: int) -> list[np.ndarray]:
    """Find lines that run from left to right, as masks of their places."""
    left = mask & (runs(mask) <= thick)
    found = []
    for _ in range(MOST):
        if left.sum() < FREE * mask.shape[1]:
            break
        near, middle = _longest(left, thick)
        if _is_line(near, middle, mask):
            found.append(near)
        left &= ~near  # a stroke must not hide the lines behind it
    return found


def _longest(thin: np.ndarray, thick: int) -> tuple[np.ndarray, np.ndarray]:
    """Find the straight way with the most thin places.

    Gives a mask of these places, and the way's row in each column.
    """
    # hough_line measures the angle of a line's normal, from the x axis.
    counts, angles, distances = hough_line(thin, theta=np.pi / 2 + ANGLES)
    number, which = np.unravel_index(counts.argmax(), counts.shape)
    angle, distance = angles[which], distances[number]
    columns = np.arange(thin.shape[1])
    middle = (distance - columns * np.cos(angle)) / np.sin(angle)
    rows = np.arange(thin.shape[0])[:, None]
    return thin & (np.abs(rows - middle) <= thick / 2 + 1), middle


def _is_line(near: np.ndarray, middle: np.ndarray, mask: np.ndarray) -> bool:
    """Say whether a way is inked from one edge to the other, and thinly.

    A stroke that runs along a line hides a part of it.
    """
    height, width = mask.shape
    # A line along an edge may leave the picture by a pixel or two.
    columns = np.flatnonzero((middle > -3) & (middle < height + 2))
    if len(columns) < LONG * width:
        return False
    thin = near.any(axis=0)[columns].mean()
    row = np.round(middle[columns]).astype(int).clip(0, height - 1)
    inked = ndimage.binary_dilation(mask, np.ones((3, 1)))[row, columns]
    return thin > LONG or (thin > FREE and inked.mean() > INKED)


def _paler(
    lines: np.ndarray, mask: np.ndarray, values: np.ndarray
) -> np.ndarray:
    """Leave those places of lines out that are as dark as strokes are."""
    if (lines == mask).all():
        return lines
    line = np.median(values[lines])
    stroke = np.percentile(values[mask & ~lines], 75)
    if line > PALE * stroke:
        return lines
    return lines & (values < (line + stroke) / 2)


def runs(mask: np.ndarray) -> np.ndarray:
    """Say of each place how long the vertical run of ink around it is."""
    found = np.zeros(mask.shape, int)
    padded = np.pad(mask, ((1, 1), (0, 0)))
    change = np.diff(padded.astype(np.int8), axis=0)
    columns, begins = np.nonzero((change == 1).T)
    _, ends = np.nonzero((change == -1).T)
    lengths = ends - begins
    label = np.cumsum((change == 1).T.ravel()).reshape(change.T.shape).T - 1
    inside = label[:-1][mask]
    found[mask] = lengths[inside] if len(columns) else 0
    return found


def _mended(
    rest: np.ndarray, mask: np.ndarray, thick: int
) -> np.ndarray:
    """Close the gaps that lines leave in strokes, with what was ink there."""
    closed = ndimage.binary_closing(
        np.pad(rest, thick), np.ones((3, 3)), iterations=(thick + 1) // 2
    )[thick:-thick, thick:-thick]
    return rest | (closed & mask)


def _fills(rest: np.ndarray) -> bool:
    """Say whether ink reaches the picture's edges, as if cut out tightly."""
    near = max(1, round(0.03 * max(rest.shape)))
    sides = (rest[:near], rest[-near:], rest[:, :near], rest[:, -near:])
    return sum(bool(side.any()) for side in sides) >= 2


def _fainter(
    lines: np.ndarray, rest: np.ndarray, values: np.ndarray
) -> bool:
    """Say whether lines are paler, or thinner, than strokes."""
    if np.median(values[lines]) < 0.75 * np.percentile(values[rest], 75):
        return True
    width = ndimage.distance_transform_edt
    return width(lines).max() < 0.6 * np.percentile(width(rest)[rest], 95)

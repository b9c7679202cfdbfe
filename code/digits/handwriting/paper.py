"""Paper and ink: how much darker than its paper is each place of a picture?

Light falls unevenly on paper, so the paper's brightness is estimated locally,
by a closing of the picture: a dilation, then an erosion. That fills what is
dark and narrower than the window, which are strokes, and leaves what is wider
as it is, which are slopes and edges of light. A median of as large a window
would round the corners of shadows, and a mean would smear their edges into ink.
Where paper has one brightness all over, it is that.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

# A difference of grey below this share of the paper's is paper, not ink.
LEAST_CONTRAST = 0.06
# On even paper, as a drawing program has it, of the whole range of greys.
LEAST_EVEN_CONTRAST = 0.1
EVEN = 0.04
HALF = 0.5
WINDOW = 0.35  # of the picture's side: wider than any stroke
COARSE = 32  # pixels
DARKEST = 0.05  # paper: below it, shares are noise
DEVIATIONS = 5  # of the noise, above which there is ink


@dataclass(frozen=True)
class Ink:
    """How dark each place is, from 0 to 1, and what of it is ink.

    `values` float (h, w), 0 where there is paper; `mask` bool (h, w). `even`
    says that paper has one brightness, as in a drawing.
    """

    values: np.ndarray
    mask: np.ndarray
    even: bool


def find_ink(grey: np.ndarray) -> Ink | None:
    """Find ink in brightness of shape (h, w); None where nothing stands out."""
    paper = even_paper(grey)
    if paper is not None:
        return on_even_paper(grey, paper)
    return _on_any_paper(grey)


def border_level(grey: np.ndarray) -> float | None:
    """Give the brightness of half of a picture's border at least, or None."""
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    level = float(np.median(border))
    alike = np.abs(border - level) < EVEN
    return level if alike.mean() > HALF else None


def even_paper(grey: np.ndarray) -> float | None:
    """Give the brightness of paper that is even all over, or None.

    The picture's border shows it. Digits may touch the border, so its middle
    half counts alone.
    """
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    low, paper, high = np.percentile(border, (25, 50, 75))
    alike = np.abs(grey - paper) < EVEN / 2
    if high - low > EVEN or alike.mean() < 0.3:
        return None
    # Beyond strokes, nothing else is there: no second paper, no noise.
    closed = local_extreme(grey, ndimage.grey_closing)
    opened = local_extreme(grey, ndimage.grey_opening)
    nearest = np.where(grey < paper, closed, opened)
    if (np.abs(nearest - paper) < EVEN).mean() < 0.97:
        return None
    return float(paper)


def on_even_paper(grey: np.ndarray, paper: float) -> Ink | None:
    """Find ink as what differs by more than half of Otsu's threshold."""
    darker, lighter = paper - grey.min(), grey.max() - paper
    difference = paper - grey if darker >= lighter else grey - paper
    difference = difference.clip(min=0)
    if difference.max() < LEAST_EVEN_CONTRAST:
        return None
    difference /= difference.max()
    mask = difference > otsu_threshold(difference) / 2
    return Ink(np.where(mask, difference, 0), mask, True)


def _on_any_paper(grey: np.ndarray) -> Ink | None:
    """Find ink as what reflects less of the light than paper around it.

    Or more, where more stands out so. Paper between strokes does not count,
    since it stands out from them, but not from what is usual around it.
    """
    smooth = ndimage.median_filter(grey, 3)
    closed = local_extreme(smooth, ndimage.grey_closing).clip(min=DARKEST)
    opened = local_extreme(smooth, ndimage.grey_opening)
    values = 1 - grey / closed
    usual = _usual(smooth)
    darker = np.minimum(closed, usual) - smooth
    lighter = smooth - np.maximum(opened, usual)
    if _power(lighter) > _power(darker):
        values = grey - opened
    values, noise = _denoised(values - np.median(values))
    least = max(LEAST_CONTRAST, DEVIATIONS * noise)
    mask = values > least
    if not mask.any():
        return None
    full = peak(values, mask)
    mask = ndimage.binary_propagation(
        values > max(least, 0.6 * full), mask=values > max(least, 0.4 * full),
        structure=np.ones((3, 3)),
    )
    return Ink(np.where(mask, (values / full).clip(0, 1), 0), mask, False)


def _usual(grey: np.ndarray) -> np.ndarray:
    """Give the brightness that is usual around each place, shape (h, w).

    A median over a large part of the picture, seen from afar: as medians of
    squares, since single places may all lie on lines.
    """
    step = -(-max(grey.shape) // COARSE)
    whole = np.pad(grey, [(0, -size % step) for size in grey.shape], "edge")
    rows, columns = (size // step for size in whole.shape)
    small = ndimage.median_filter(
        np.median(whole.reshape(rows, step, columns, step), axis=(1, 3)),
        COARSE // 2 + 1,
    )
    rows, columns = (np.arange(size) // step for size in grey.shape)
    return small[np.ix_(rows, columns)]


def _power(difference: np.ndarray) -> float:
    return float(np.square(difference.clip(min=0)).sum())


def local_extreme(grey: np.ndarray, operation) -> np.ndarray:
    """Close or open brightness (h, w) with a square wider than any stroke.

    Beyond its edges the picture is taken to go on as it ends, so that a strip
    of table or of shadow there is as wide as any.
    """
    side = _window(grey.shape)
    wide = operation(np.pad(grey, side, mode="edge"), (side, side))
    return wide[side:-side, side:-side]


def peak(values: np.ndarray, mask: np.ndarray) -> float:
    """Say how dark ink is where it is dark, for its edges are not.

    What lies along the picture's edges is left out: it may be a table.
    """
    labels, _ = ndimage.label(mask, np.ones((3, 3)))
    edge = np.unique(np.concatenate([
        labels[0], labels[-1], labels[:, 0], labels[:, -1]
    ]))
    inside = mask & ~np.isin(labels, edge[edge > 0])
    return float(np.percentile(values[inside if inside.any() else mask], 85))


def _denoised(values: np.ndarray) -> tuple[np.ndarray, float]:
    """Smooth as much as the noise asks for; give what noise is left as well.

    The noise's deviation is estimated from differences of neighbours, by
    their median, which strokes don't move.
    """
    def deviation(field):
        across = np.abs(np.diff(field, axis=1)[::2])
        return float(np.median(across)) / 0.6745 / np.sqrt(2)

    noise = deviation(values)
    if noise < 0.01:
        return values, noise
    sigma = min(0.5 + 10 * noise, 1.5)
    # White noise loses this factor of its deviation.
    left = noise / (2 * np.sqrt(np.pi) * sigma)
    return ndimage.gaussian_filter(values, sigma), left


def _window(shape: tuple[int, int]) -> int:
    """Give the square's side in pixels, an odd number: it has a middle."""
    return 2 * round(WINDOW / 2 * max(min(shape), max(shape) / 2)) + 1


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

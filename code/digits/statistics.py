"""Means, standard deviations and intervals."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Z_95 = 1.959963984540054  # the standard normal's 97.5 % quantile


@dataclass(frozen=True)
class Summary:
    """Mean and sample standard deviation (n - 1) of n replicates."""

    mean: float
    deviation: float
    count: int


def summarise(values: Sequence[float]) -> Summary:
    """Summarise replicates; with one, the deviation is NaN.

    Raises `ValueError` where there is none.
    """
    if len(values) == 0:
        raise ValueError("there are no values to summarise")
    spread = float(np.std(values, ddof=1)) if len(values) > 1 else math.nan
    return Summary(float(np.mean(values)), spread, len(values))


def wilson_interval(
    accuracy: float, count: int, z: float = Z_95
) -> tuple[float, float]:
    """Give the Wilson score interval of an accuracy on `count` images.

    At 95 % by default. Raises `ValueError` unless accuracy is in [0, 1] and
    count is positive. Source: Wilson (1927), Journal of the American
    Statistical Association 22, 209-212.
    """
    if not 0 <= accuracy <= 1:
        raise ValueError(f"accuracy is {accuracy}: it is from 0 to 1")
    if count <= 0:
        raise ValueError(f"count is {count}: it is positive")
    centre = accuracy + z**2 / (2 * count)
    half = z * math.sqrt(
        accuracy * (1 - accuracy) / count + z**2 / (4 * count**2)
    )
    scale = 1 + z**2 / count
    return (centre - half) / scale, (centre + half) / scale


@dataclass(frozen=True)
class Estimate:
    """An estimated mean, with its interval from `low` to `high`."""

    mean: float
    low: float
    high: float


def difference(
    values: Sequence[float], reference: Sequence[float], level: float = 0.95
) -> Estimate:
    """Say how far the mean of `values` lies above that of `reference`.

    The interval is Welch's, which does not suppose that both vary alike.
    Raises `ValueError` where either has fewer than two values. Source: Welch
    (1947), Biometrika 34, 28-35.
    """
    if min(len(values), len(reference)) < 2:
        raise ValueError(
            f"{len(values)} and {len(reference)} values: at least 2 of each "
            "are needed for an interval"
        )
    one, other = summarise(values), summarise(reference)
    squares = np.array([
        found.deviation**2 / found.count for found in (one, other)
    ])
    freedom = squares.sum() ** 2 / sum(
        square**2 / (found.count - 1)
        for square, found in zip(squares, (one, other), strict=True)
    ) if squares.any() else 1.0
    error = math.sqrt(squares.sum())
    return _around(one.mean - other.mean, error, freedom, level)


def estimate(values: Sequence[float], level: float = 0.95) -> Estimate:
    """Estimate a mean from replicates, with Student's interval.

    Raises `ValueError` where there are fewer than two.
    """
    found = summarise(values)
    if found.count < 2:
        raise ValueError(
            f"{found.count} values: at least 2 are needed for an interval"
        )
    error = found.deviation / math.sqrt(found.count)
    return _around(found.mean, error, found.count - 1, level)


def _around(
    mean: float, error: float, freedom: float, level: float
) -> Estimate:
    """Give Student's interval around a mean with a standard error."""
    from scipy import special  # scipy.stats takes half a second to import

    half = float(special.stdtrit(freedom, (1 + level) / 2)) * error
    return Estimate(mean, mean - half, mean + half)


def crossing(
    x: Sequence[float], y: Sequence[float], *, falling: bool = False
) -> float:
    """Say where y, linear between its points, first rises through 0.

    With `falling`, where it first falls through 0; NaN if it never does. `x`
    rises.
    """
    sign = -1 if falling else 1
    x, y = np.asarray(x, dtype=float), sign * np.asarray(y, dtype=float)
    for here in range(len(y) - 1):
        if y[here] < 0 <= y[here + 1]:
            share = -y[here] / (y[here + 1] - y[here])
            return float(x[here] + share * (x[here + 1] - x[here]))
    return math.nan


def mcnemar_p(only_one: int, only_other: int) -> float:
    """Give the exact two-sided p-value of McNemar's test.

    Of two classifiers on the same images, the counts of those that only the
    one and only the other gets right: were both equally good, such an image
    would fall to either side like a coin. Source: McNemar (1947),
    Psychometrika 12, 153-157.
    """
    from scipy import special

    fewer, count = min(only_one, only_other), only_one + only_other
    return min(1.0, 2 * float(special.bdtr(fewer, count, 0.5)))

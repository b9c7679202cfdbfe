"""Words that stand in the report only while the numbers bear them out.

A sentence and its condition are read together:

    the chosen factor is `{python} claim("better", chosen, ">", none)` than none

gives "better", or ends the execution with the word, its line in the report,
both numbers and by how much they miss. Where the sides are replicates and
their means lie closer together than replicates vary, the claim holds and warns
(`ThinMargin`): with other seeds it might not.

Quarto shows nothing of what is written while it works out an inline
expression, so the report's last chunk says it all again (`recall`).
"""

import warnings
from collections.abc import Sequence

import numpy as np

from digits import paths
from digits.statistics import Summary

Side = float | Summary | Sequence[float] | Sequence[Summary]

# What of left minus right makes the margin, and whether 0 is enough of it.
RELATIONS = {
    ">": (lambda difference: difference, False),
    ">=": (lambda difference: difference, True),
    "<": (lambda difference: -difference, False),
    "<=": (lambda difference: -difference, True),
    "==": (lambda difference: -abs(difference), True),
}

REPORT = "report.qmd"

_thin: dict[str, int] = {}  # what was warned of, and its line in the report


class ClaimError(AssertionError):
    """What a sentence says is not so."""


class ThinMargin(UserWarning):
    """What a sentence says is so by less than its replicates vary."""


def claim(
    words: str, left: Side, relation: str, right: Side, *, by: float = 0.0
) -> str:
    """Give the words if `left` is in `relation` (>, >=, <, <=, ==) to `right`.

    By more than `by`, where that is given. A side is a number, the `Summary`
    of replicates, of which the mean counts, or a sequence of either; sequences
    are compared item by item, and the least margin counts. Where the sentence
    itself says that a difference is small, give means instead of replicates:
    numbers alone never warn.

    Raises `ClaimError` where it is not so, also for NaN.
    """
    one, other = np.broadcast_arrays(_means(left), _means(right))
    sign, zero_is_enough = RELATIONS[relation]
    margins = sign(one - other) - by
    least = int(np.argmin(margins))  # the first NaN, if there is one
    margin = margins[least]
    compared = f"{one[least]:.6g} {relation} {other[least]:.6g}"
    if by:
        compared += f", by {by:.6g}"
    if not (margin > 0 or (zero_is_enough and margin == 0)):
        raise ClaimError(
            f'{REPORT}, line {_line(words)}: "{words}" is not so: {compared}, '
            f"misses by {-margin:.3g}"
        )
    _notice_thin(words, compared, margins, _deviations(left, right))
    return words


def _means(side: Side) -> np.ndarray:
    return np.array([
        item.mean if isinstance(item, Summary) else float(item)
        for item in _items(side)
    ])


def _deviations(left: Side, right: Side) -> np.ndarray:
    """Give the larger deviation of each pair; 0 for what is no replicates."""
    return np.fmax(*np.broadcast_arrays(*(
        np.array([
            item.deviation if isinstance(item, Summary) else 0.0
            for item in _items(side)
        ])
        for side in (left, right)
    )))


def _items(side: Side) -> Sequence:
    return [side] if isinstance(side, Summary) or np.isscalar(side) else side


def _line(words: str) -> int:
    """Say in which line of the report the words are claimed; 0 if in none."""
    source = (paths.ROOT / REPORT).read_text(encoding="utf-8")
    before, found, _ = source.partition(f'claim("{words}"')
    return before.count("\n") + 1 if found else 0


def _notice_thin(
    words: str, compared: str, margins: np.ndarray, deviations: np.ndarray
) -> None:
    """Warn, now and once more at the end, of a margin within the spread."""
    slack = margins - deviations
    worst = int(np.argmin(np.where(deviations > 0, slack, np.inf)))
    if not (deviations[worst] > 0 and slack[worst] < 0):
        return
    message = (
        f'"{words}" holds ({compared}) by {margins[worst]:.3g}, less than '
        f"replicates vary ({deviations[worst]:.3g}): read the sentence again"
    )
    _thin[message] = _line(words)
    warnings.warn_explicit(message, ThinMargin, REPORT, _thin[message])


def recall() -> None:
    """Warn once more of each thin margin since the report began."""
    for message, line in _thin.items():
        warnings.warn_explicit(message, ThinMargin, REPORT, line)

"""What stands within the report's sentences: every measured number and word.

Each inline expression of the report is a call of one of these functions, so
that a number tells what it is made of: what was asked of the experiments'
results since the last one was written. A test holds the report to that.
"""

from collections.abc import Callable
from functools import wraps

from digits.experiments.findings import Source, taken
from digits.stating import claims, sources, wording

__all__ = [
    "claim",
    "interval",
    "level",
    "number",
    "percent",
    "points",
    "scientific",
    "setting",
    "text",
    "with_deviation",
]


class Stated(str):
    """A number in a sentence, which Quarto gets with what it is made of."""

    __slots__ = ("sources",)
    sources: tuple[Source, ...]

    def _repr_markdown_(self) -> str:
        return sources.mark(self, self.sources)


def _stating(write: Callable[..., str]) -> Callable[..., Stated]:
    """Let a function's text tell of which findings it is made."""

    @wraps(write)
    def state(*given: object, **named: object) -> Stated:
        stated = Stated(write(*given, **named))
        stated.sources = taken()
        return stated

    return state


interval = _stating(wording.interval)
level = _stating(wording.level)
number = _stating(wording.number)
percent = _stating(wording.percent)
points = _stating(wording.points)
scientific = _stating(wording.scientific)
setting = _stating(wording.setting)
text = _stating(wording.text)
with_deviation = _stating(wording.with_deviation)


@wraps(claims.claim)
def claim(*given: object, **named: object) -> str:
    """Give the words; what was asked for them is no number's source."""
    words = claims.claim(*given, **named)
    taken()
    return words

"""Which runs are to be computed, and which of them can begin."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from graphlib import TopologicalSorter

from larder.freshness import Status
from larder.runs import Run


@dataclass(frozen=True)
class Due:
    """A run to be computed: how it stands, why, and what it cost last time.

    A `Status` has its stamp besides, of which thousands take much memory.
    """

    run: Run
    state: str
    reasons: tuple[str, ...]
    seconds: float | None

    @classmethod
    def of(cls, status: Status) -> "Due":
        """Keep of a status what is needed to compute its run."""
        return cls(status.run, status.state, status.reasons, status.seconds)


class Schedule:
    """Runs that are due, each as soon as those of them that it needs ended.

    `ready` are those that can begin.
    """

    def __init__(self, due: Iterable[Due]):
        """Take runs in the order in which they begin, as far as they can."""
        self._left = {item.run: None for item in due}
        self._order = TopologicalSorter({
            run: [need for need in run.needs if need in self._left]
            for run in self._left
        })
        self._order.prepare()
        self.ready: deque[Run] = deque(self._order.get_ready())

    def stored(self, run: Run) -> None:
        """Let those begin that waited for this run alone."""
        del self._left[run]
        self._order.done(run)
        self.ready.extend(self._order.get_ready())

    def failed(self, run: Run) -> None:
        """Leave those that need this run where they are."""
        del self._left[run]

    @property
    def left(self) -> list[Run]:
        """The runs that have neither been stored nor failed."""
        return list(self._left)

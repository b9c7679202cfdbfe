"""Seeing runs through: begun in turn, tried again, stored or told as failed."""

from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Future
from functools import partial
from traceback import format_exception

from larder.computing.attempts import Attempt, Attempts
from larder.computing.errors import ComputingStopped, RunsFailed
from larder.computing.locks import release, try_lock
from larder.computing.process import LAST_LINES
from larder.computing.saving import Keeper
from larder.computing.schedule import Schedule
from larder.freshness import status
from larder.larder import Larder
from larder.runs import Run
from larder.store import Stored
from larder.telling.terminal import Bars

Ended = tuple[Run, Stored]


class Work:
    """The runs of one computation: waiting, under way, stored and failed.

    `forced` are computed even if they are fresh.
    """

    def __init__(
        self, larder: Larder, schedule: Schedule, attempts: Attempts,
        forced: frozenset[Run],
    ):
        """Start nothing; raises what `Keeper` does."""
        self._larder, self._schedule = larder, schedule
        self._attempts, self._forced = attempts, forced
        self._keeper = Keeper(larder, schedule.left)
        self._failures: list[str] = []

    def ended(self, bars: Bars) -> Iterator[Ended]:
        """Work until nothing is left; give each run as it is stored.

        Nothing of it is kept. Raises as `driver.compute` does.
        """
        try:
            while self._schedule.ready or self._attempts:
                yield from self._begin(bars)
                for future, attempt in self._attempts.ended():
                    yield from self._end(future, attempt, bars)
                self._attempts.show(bars)
        finally:
            # What has ended is kept, even where it was not looked at yet.
            self._attempts.abandon(self._keeper.save)
        for run in self._schedule.left:
            self._failures.append(f"{run} was not begun: what it needs failed")
        if self._failures:
            raise RunsFailed("\n\n".join(self._failures))

    def _begin(self, bars: Bars) -> Iterator[Ended]:
        """Start runs that no other computation is at, while there is room."""
        ready = self._schedule.ready
        for _ in range(len(ready)):
            if not self._attempts.room:
                return
            run = ready.popleft()
            lock = try_lock(run.path(self._larder.results))
            if lock is None:
                ready.append(run)
                continue
            # Another computation may have done it in the meantime; and what
            # it needs may have come out as it was.
            now = status(self._larder, run)
            if now.state == "fresh" and run not in self._forced:
                release(lock)
                yield self._stored(now.stored, run, bars)
                continue
            attempt = Attempt(run, lock, now.seconds)
            self._try(partial(self._attempts.begin, attempt), run, bars)

    def _try(self, begin: Callable[[], None], run: Run, bars: Bars) -> None:
        try:
            begin()
        except Exception as error:  # of a pool that was shut down, say
            self._failed(run, described(error), bars)

    def _end(
        self, future: Future, attempt: Attempt, bars: Bars
    ) -> Iterator[Ended]:
        """Store a result, try once more, or note the failure."""
        run = attempt.run
        if attempt.tries == 1 and _died(future):
            self._try(partial(self._attempts.again, future), run, bars)
            return
        try:
            stored = self._keeper.save(run, *future.result())
        except CancelledError as error:
            raise ComputingStopped(
                "the executor gave up its runs: a cluster's scheduler that "
                "was stopped, say; what had ended is stored, and the same "
                "command computes the rest"
            ) from error
        except BrokenExecutor as error:
            self._failed(run, f"twice: {error}", bars)
        except Exception as error:
            self._failed(run, described(error), bars)
        else:
            self._attempts.end(future)
            yield self._stored(stored, run, bars)
            return
        self._attempts.end(future)

    def _stored(self, stored: Stored, run: Run, bars: Bars) -> Ended:
        self._schedule.stored(run)
        bars.end(str(run), stored.stamp.get("seconds", 0.0))
        return run, stored

    def _failed(self, run: Run, why: str, bars: Bars) -> None:
        self._schedule.failed(run)
        self._failures.append(
            f"{run} failed {why}\n  its config: {run.config}"
        )
        bars.end(str(run), None)


def _died(future: Future) -> bool:
    """Tell whether a call ended with its worker."""
    return not future.cancelled() and isinstance(
        future.exception(), BrokenExecutor
    )


def described(error: Exception) -> str:
    """Tell an error with the end of its traceback, wherever it was raised."""
    notes = "".join(getattr(error, "__notes__", []) or format_exception(error))
    lines = [f"with {type(error).__name__}: {error}", *notes.splitlines()]
    return "\n  ".join(lines[:1] + lines[1:][-LAST_LINES:])

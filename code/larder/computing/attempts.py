"""Runs under way: what a worker is sent, and what it sends back."""

import contextlib
import datetime
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from larder import store
from larder.computing.locks import checkpoint_of, release
from larder.computing.reporting import Listener, Reporting
from larder.context import Context
from larder.freshness import identity
from larder.larder import Larder
from larder.machine import Environment, hardware, versions
from larder.runs import Run
from larder.telling.terminal import Bars

POLL = 0.2  # seconds between two looks at bars and locks


@dataclass(frozen=True)
class Witness:
    """Says, where a run was computed, what computed it; see `Larder`."""

    libraries: tuple[str, ...]
    environment: Environment
    hardware: Callable[[], dict]
    settings: Callable[[], dict]

    def stamp(self) -> dict[str, Any]:
        """Give the libraries' versions, the hardware, and what isn't pinned."""
        odd = self.environment.unlike() | self.settings()
        return {
            "versions": versions(self.libraries),
            "hardware": hardware() | self.hardware(),
        } | ({"settings": odd} if odd else {})


@dataclass(frozen=True)
class Call:
    """A run as a worker gets it, with the results that it needs.

    Its checkpoint counts only for the same `bits`, which name all that its
    bits depend on.
    """

    run: Run
    results: list[store.Result]
    checkpoint: Path
    bits: str
    witness: Witness

    @classmethod
    def of(cls, larder: Larder, run: Run) -> "Call":
        """Read what a run needs; raises what `store.load` does."""
        folder = larder.results
        return cls(
            run,
            [store.load(need.path(folder)).result for need in run.needs],
            checkpoint_of(run.path(folder)),
            bits_of(larder, run),
            Witness(larder.libraries, larder.environment, larder.hardware,
                    larder.settings),
        )


def bits_of(larder: Larder, run: Run) -> str:
    """Name all that the bits of a run depend on, for its checkpoints."""
    return repr((
        identity(larder, run), versions(larder.libraries), hardware(),
        larder.accelerators(),
    ))


def perform(
    listener: Listener | None, call: Call
) -> tuple[store.Result, dict[str, Any]]:
    """Run a task, in a worker; give its result and the worker's stamp."""
    started = time.monotonic()
    run = call.run
    context = Context(listener, call.checkpoint, call.bits)
    result = run.call(run.config, call.results, context)
    now = datetime.datetime.now(datetime.UTC)
    return result, {
        "seconds": round(time.monotonic() - started, 2),
        "finished": now.isoformat(timespec="seconds"),
    } | call.witness.stamp()


@dataclass
class Attempt:
    """A run under way, with the lock that keeps others from it.

    `seconds` is what it cost last time.
    """

    run: Run
    lock: FileLock
    seconds: float | None
    tries: int = 1


class Attempts:
    """At most so many runs at once, in an executor."""

    def __init__(self, larder: Larder, executor: Reporting, at_once: int):
        """Start nothing."""
        self._larder, self._executor = larder, executor
        self._at_once = at_once
        self._under_way: dict[Future, Attempt] = {}

    def __len__(self) -> int:
        return len(self._under_way)

    @property
    def room(self) -> bool:
        """Whether another can begin."""
        return len(self) < self._at_once

    def begin(self, attempt: Attempt) -> None:
        """Start a run; raises what the executor does, if it is broken, say.

        What comes of it, its lock is given back at its end.
        """
        try:
            call = Call.of(self._larder, attempt.run)
            future = self._executor.submit_reporting(perform, call)
        except BaseException:
            release(attempt.lock)
            raise
        self._under_way[future] = attempt

    def again(self, future: Future) -> None:
        """Start a run once more, as `begin` does, after its worker died."""
        attempt = self._under_way.pop(future)
        attempt.tries += 1
        self.begin(attempt)

    def end(self, future: Future) -> None:
        """Let go of a run."""
        release(self._under_way.pop(future).lock)

    def ended(self) -> list[tuple[Future, Attempt]]:
        """Wait a moment; list the runs that have ended, not let go of yet."""
        if not self._under_way:
            time.sleep(POLL)
        wait(self._under_way, POLL, FIRST_COMPLETED)
        return [
            (future, attempt) for future, attempt in self._under_way.items()
            if future.done()
        ]

    def show(self, bars: Bars) -> None:
        """Show how far the runs are that have begun."""
        for future, attempt in self._under_way.items():
            if self._executor.begun(future):
                name = str(attempt.run)
                bars.begin(name, attempt.seconds)
                bars.show(name, self._executor.progress_of(future))

    def abandon(self, save: Callable) -> None:
        """Call off all; what has ended by now goes to `save(run, *value)`."""
        for future, attempt in self._under_way.items():
            if future.done():
                with contextlib.suppress(Exception):
                    save(attempt.run, *future.result())
        for future in self._under_way:
            future.cancel()
        for future in list(self._under_way):
            self.end(future)

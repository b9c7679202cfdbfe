"""Executors whose calls can say how far they are.

A listener is told the steps done and in all. It is made where a call runs, and
handed to it as its first argument: only the executor knows how word gets back.
"""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, Protocol, runtime_checkable

Listener = Callable[[int, int], object]


@runtime_checkable
class Reporting(Protocol):
    """An executor that hears how far its calls are."""

    def submit_reporting(self, function: Callable, /, *args: Any) -> Future:
        """Schedule `function(listener, *args)`."""

    def begun(self, future: Future) -> bool:
        """Tell whether a call that has not ended is being worked at."""

    def progress_of(self, future: Future) -> tuple[int, int] | None:
        """Tell the steps done and in all that a running call has reported."""


class Mute:
    """Any other executor: its calls have nobody to report to."""

    def __init__(self, executor: Executor):
        """Take the executor; it stays its owner's to shut down."""
        self._executor = executor

    def submit_reporting(self, function: Callable, /, *args: Any) -> Future:
        """Schedule `function(None, *args)`."""
        return self._executor.submit(function, None, *args)

    def begun(self, future: Future) -> bool:
        """Tell whether a call is running."""
        return future.running()

    def progress_of(self, future: Future) -> None:
        """Know nothing of how far a call is."""


def reporting(executor: Executor) -> Reporting:
    """Give an executor as one that reports, be it that it says nothing."""
    return executor if isinstance(executor, Reporting) else Mute(executor)


def unheard(listener: Listener, function: Callable, args, kwargs) -> Any:
    """Make a call that reports nothing."""
    return function(*args, **kwargs)

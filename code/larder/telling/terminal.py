"""Bars on the terminal, and never inside the document."""

import contextlib
import sys
from typing import TextIO

from larder.telling import kernel


class Bars:
    """A bar for each run under way and one for all, with the time left.

    On a terminal they are drawn by rich; elsewhere each run that ends is a
    line. In a notebook's kernel, as when the report is rendered, they go to
    where the user sees them, if there is such a place.
    """

    def __init__(self, total: int):
        """Prepare bars for `total` runs."""
        self._total, self._ended = total, 0
        self._tasks, self._stack = {}, contextlib.ExitStack()
        self._progress, self._stream = None, None

    def __enter__(self):
        self._stream = _stream(self._stack)
        if self._stream and self._stream.isatty():
            self._progress = self._stack.enter_context(_progress(self._stream))
            self._all = self._progress.add_task(
                f"{self._total} runs", total=self._total
            )
        return self

    def __exit__(self, *error):
        self._stack.close()

    def begin(self, name: str, seconds: float | None) -> None:
        """Show a run that has begun; `seconds` is what it took last time."""
        if self._progress and name not in self._tasks:
            last = f" (last time {seconds:.0f} s)" if seconds else ""
            self._tasks[name] = self._progress.add_task(name + last, total=None)

    def show(self, name: str, progress: tuple[int, int] | None) -> None:
        """Move a run's bar to (steps done, steps in all)."""
        if self._progress and progress:
            done, total = progress
            self._progress.update(
                self._tasks[name], completed=done, total=total
            )

    def end(self, name: str, seconds: float | None) -> None:
        """Close a run's bar; `seconds` is what it took, None if it failed."""
        self._ended += 1
        if self._progress:
            if name in self._tasks:
                self._progress.remove_task(self._tasks.pop(name))
            self._progress.update(self._all, completed=self._ended)
        elif self._stream:
            how, cost = "failed", ""
            if seconds is not None:
                how, cost = "done", f", {seconds:.1f} s"
            print(
                f"{name}: {how} ({self._ended} of {self._total}{cost})",
                file=self._stream,
                flush=True,
            )


def say(text: str) -> None:
    """Say something to the user, where there is a place for it."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.suppress(OSError))
        if stream := _stream(stack):
            # Quarto has not ended its line about the chunk.
            print(f"\n{text}" if kernel.inside() else text, file=stream,
                  flush=True)


def _stream(stack: contextlib.ExitStack) -> TextIO | None:
    """Give what a user reads that is no part of a document."""
    return kernel.stream(stack) if kernel.inside() else sys.stderr


def _progress(stream):
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        # Not into the document, although this may be Jupyter's kernel.
        console=Console(file=stream, force_terminal=True, force_jupyter=False),
    )

"""Bars on the terminal, and never inside the document."""

import contextlib
import io
import os
import sys


class Bars:
    """A bar for each run under way and one for all, with the time left.

    On a terminal they are drawn by rich. In a notebook's kernel, as when the
    report is rendered, they go to the controlling terminal if there is one.
    Elsewhere each run that ends is a line on standard error.
    """

    def __init__(self, total: int):
        """Prepare bars for `total` runs."""
        self._total, self._ended = total, 0
        self._tasks, self._stack = {}, contextlib.ExitStack()
        self._progress = None

    def __enter__(self):
        stream = _terminal(self._stack)
        if stream is not None:
            self._progress = self._stack.enter_context(_progress(stream))
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
        elif not _in_kernel():
            how, cost = "failed", ""
            if seconds is not None:
                how, cost = "done", f", {seconds:.1f} s"
            print(
                f"{name}: {how} ({self._ended} of {self._total}{cost})",
                file=sys.stderr,
                flush=True,
            )


def _in_kernel() -> bool:
    return "ipykernel" in sys.modules


def _terminal(stack: contextlib.ExitStack) -> io.TextIOBase | None:
    """Find the stream of a terminal that is not part of a document."""
    if not _in_kernel():
        return sys.stderr if sys.stderr.isatty() else None
    with contextlib.suppress(OSError, AttributeError):  # as on Windows
        return stack.enter_context(
            open(os.ctermid(), "w", encoding="utf-8")
        )
    return None


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
        console=Console(file=stream, force_terminal=True),
    )

"""Where a notebook's kernel is heard, and which Quarto waits for it.

What a kernel prints becomes part of the document. So whatever is for the user
alone goes another way, which depends on how Quarto has started the kernel. As
a child of its own, where it is not on a terminal: then Quarto shows what comes
by the standard error that the kernel had before it redirected it. Or, on a
terminal, by a server that outlives Quarto (`execute: daemon`): this has neither
terminal nor output, and Quarto is none of its parents, but is connected to it
while it waits.
"""

import contextlib
import os
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from psutil import Process

# What Deno runs: of a Quarto as it is installed, and of its source.
QUARTO = ("quarto.js", "quarto.ts")


def inside() -> bool:
    """Tell whether this process is a kernel."""
    return "ipykernel" in sys.modules


def previewed() -> bool:
    """Tell whether `quarto preview` waits for this kernel."""
    found = quarto()
    return found is not None and called_with(found)[:1] == ["preview"]


def variable(name: str) -> str | None:
    """Give an environment variable, that of the Quarto that waits first.

    A kernel that was kept has the variables of the Quarto that started it.
    """
    here, found = os.environ.get(name), quarto()
    if found is None:
        return here
    with _reading_processes():
        return found.environ().get(name, here)
    return here


def stream(stack: contextlib.ExitStack) -> TextIO | None:
    """Open what a user reads while this kernel works, or give None.

    That is the terminal of the Quarto that waits, or else the kernel's
    original standard error, unless nobody reads that.
    """
    found = quarto()
    with _reading_processes(), contextlib.suppress(OSError, AttributeError):
        if found and (terminal := found.terminal()):  # not on Windows
            return stack.enter_context(open(terminal, "w", encoding="utf-8"))
    # Where the kernel redirects no file, as on Windows, its own still stands.
    for error in (sys.stderr, sys.__stderr__):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            number = error.fileno()
            if not os.path.samestat(os.fstat(number), os.stat(os.devnull)):
                return stack.enter_context(
                    open(number, "w", encoding="utf-8", closefd=False)
                )
    return None


def quarto() -> "Process | None":
    """Find the Quarto that waits for this kernel; None if none does."""
    if not inside():
        return None
    import psutil  # takes a moment, which a fresh result need not wait for

    with _reading_processes():
        parents = psutil.Process().parents()
        for found in chain(parents, _connected(parents[0])):
            if called_with(found):
                return found
    return None


def called_with(process: "Process") -> list[str]:
    """Give the words that a Quarto was called with; [] if it is none."""
    with _reading_processes():
        words = process.cmdline()
        for number, word in enumerate(words):
            if Path(word).name in QUARTO:
                return words[number + 1:]
    return []


def _connected(server: "Process") -> Iterator["Process"]:
    """Find the Quartos at the other end of a server's connections."""
    import psutil

    ports = {
        connection.raddr.port
        for connection in server.net_connections("tcp") if connection.raddr
    }
    for process in filter(called_with, psutil.process_iter()):
        with _reading_processes():
            if ports & {c.laddr.port for c in process.net_connections("tcp")}:
                yield process


def _reading_processes() -> contextlib.suppress:
    """Let go of a process that has ended, or is another user's."""
    import psutil

    return contextlib.suppress(psutil.Error)

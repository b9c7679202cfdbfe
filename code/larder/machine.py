"""What computes: libraries, the processor, its cores, and the environment."""

import contextlib
import importlib.metadata
import os
import platform
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Environment:
    """Variables by which a library is told how to compute.

    Of all that begin with one of the prefixes in `cleared`, only those
    `pinned` are there.
    """

    pinned: dict[str, str] = field(default_factory=dict)
    cleared: tuple[str, ...] = ()

    def around(self) -> dict[str, str]:
        """Give this process's variables, as they are to be in a worker."""
        kept = {
            name: value for name, value in os.environ.items()
            if not name.startswith(self.cleared)
        }
        return kept | self.pinned

    def enter(self) -> None:
        """Make this process's variables what they are to be."""
        around = self.around()
        for name in os.environ.keys() - around.keys():
            del os.environ[name]
        os.environ.update(around)

    def unlike(self) -> dict[str, str]:
        """Say which variables are not so in this process.

        Without the values of those that should not be there, which may be
        another program's secrets.
        """
        odd = {name: "set" for name in os.environ.keys() - self.around().keys()}
        return odd | {
            name: os.environ.get(name, "unset")
            for name, value in self.pinned.items()
            if os.environ.get(name) != value
        }


@lru_cache(maxsize=8)
def versions(libraries: tuple[str, ...]) -> dict[str, str]:
    """Name the versions of Python and of the distributions that are here."""
    found = {"python": platform.python_version()}
    for library in libraries:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            # A CPU build is the same library under another name.
            name = library.removesuffix("-cpu")
            found[name] = importlib.metadata.version(library)
    return found


def hardware() -> dict[str, Any]:
    """Name the processor, and the number of its cores."""
    return {"processor": _processor(), "cores": os.cpu_count()}


def cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@lru_cache(maxsize=1)
def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()

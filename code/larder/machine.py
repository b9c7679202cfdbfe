"""What computes: versions of libraries, the processor, its cores."""

import contextlib
import importlib.metadata
import os
import platform
from functools import lru_cache
from pathlib import Path
from typing import Any


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

"""Files beside the result of a run: its lock, and its checkpoint."""

import contextlib
import re
from pathlib import Path

from filelock import FileLock, Timeout

# What a killed computation may leave beside the result of a run.
_LEFTOVER = re.compile(
    r"\.{1,2}(?P<run>[A-Za-z0-9].*?)"
    r"\.(?P<kind>lock|checkpoint|(json|npz|weights\.h5|checkpoint)\.tmp)"
)


def try_lock(path: Path) -> FileLock | None:
    """Take the lock of a run, or None if another computation has it.

    The system gives back the lock of a process that has died.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path.with_name(f".{path.stem}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return None
    return lock


def release(lock: FileLock) -> None:
    """Give back a lock and remove its file.

    In this order: who waits for the lock then holds one of a file that is
    gone, which filelock notices, and takes the lock of a new file.
    """
    with contextlib.suppress(OSError):  # an open file stays, on Windows
        Path(lock.lock_file).unlink(missing_ok=True)
    lock.release()


def checkpoint_of(path: Path) -> Path:
    """Say where the run with this result keeps its checkpoint."""
    return path.with_name(f".{path.stem}.checkpoint")


def clear_up(fresh: dict[Path, bool]) -> None:
    """Remove what killed computations left in the folders of results.

    `fresh` tells of results whether they are. A checkpoint stays unless its
    result is fresh: its run will go on from it. What another computation is
    at is locked, and left alone.
    """
    left: dict[Path, list[tuple[str, Path]]] = {}
    for folder in {path.parent for path in fresh}:
        for file in folder.glob(".*"):
            if match := _LEFTOVER.fullmatch(file.name):
                path = folder / f"{match['run']}.json"
                left.setdefault(path, []).append((match["kind"], file))
    for path, files in left.items():
        # Of a folder that can't be written to, nothing can be removed.
        with contextlib.suppress(OSError):
            lock = try_lock(path)
            if lock is None:
                continue
            for kind, file in files:
                if kind != "checkpoint" or fresh.get(path):
                    file.unlink(missing_ok=True)
            release(lock)

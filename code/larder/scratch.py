"""Temporary folders that do not outlive their process for long."""

import contextlib
import shutil
import tempfile
import time
from pathlib import Path

from filelock import FileLock, Timeout

# A folder's name begins so, and the file in it is locked while it is in use.
PREFIX, IN_USE = "larder-", "in-use"
NEW = 60.0  # seconds


class ScratchFolder:
    """A temporary folder; whoever makes the next one removes what is left.

    Of a process that was killed, the folder stays, and the system gives back
    its lock: that is how the next one knows.
    """

    def __init__(self):
        """Make the folder, and remove those of the dead."""
        _remove_orphans()
        self._folder = tempfile.TemporaryDirectory(prefix=PREFIX)
        self.path = Path(self._folder.name)
        self._in_use = FileLock(self.path / IN_USE)
        self._in_use.acquire()

    def close(self) -> None:
        """Remove the folder and all that is in it."""
        self._in_use.release()
        self._folder.cleanup()

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *error) -> None:
        self.close()


def _remove_orphans() -> None:
    """Remove the folders of those that were killed and could not do it.

    A folder that is new may be about to be locked; one that is empty was never
    locked.
    """
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        file = folder / IN_USE
        with contextlib.suppress(OSError, Timeout):
            known = file if file.exists() else folder
            if time.time() - known.stat().st_mtime < NEW:
                continue
            if known == folder:
                folder.rmdir()  # which fails where anything is inside
                continue
            with FileLock(file, timeout=0):
                shutil.rmtree(folder, ignore_errors=True)

"""A process that answers one call at a time, and its end in the parent."""

import contextlib
import os
import pickle
import signal
import sys
import tempfile
import threading
import time
import traceback
from concurrent.futures import BrokenExecutor
from functools import partial
from multiprocessing import connection, get_context, parent_process
from pathlib import Path

from larder.machine import Environment

LAST_LINES = 15


class WorkerDied(BrokenExecutor):
    """A worker ended before its call did; the message has its last lines."""


class WorkerProcess:
    """A process, seen from its parent.

    `busy_for` is how many seconds it has worked at calls.
    """

    def __init__(self, folder: Path, environment: Environment):
        """Start the process; its log and its progress lie in the folder."""
        self.busy_for = 0.0
        self._folder = folder
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self.process = context.Process(
            target=_serve, args=(theirs, folder, environment), daemon=True
        )
        self.process.start()
        theirs.close()

    def call(self, message: tuple) -> tuple[str, object]:
        """Send (function, arguments); wait for ("returned" or "raised", value).

        Raises `WorkerDied` where the process ends before.
        """
        started = time.monotonic()
        self._progress_file.unlink(missing_ok=True)
        try:
            self._pipe.send(message)
            connection.wait([self._pipe, self.process.sentinel])
            if self._pipe.poll():
                return self._pipe.recv()
        except (EOFError, OSError):
            pass
        finally:
            self.busy_for += time.monotonic() - started
        self.process.join()
        code = self.process.exitcode
        killed = " (killed, as the system does where memory runs out)"
        raise WorkerDied(
            f"the worker ended with exit code {code}"
            f"{killed if code == -9 else ''}; "
            f"its last lines:\n{self._last_lines()}"
        )

    def progress(self) -> tuple[int, int] | None:
        """Tell the steps done and in all that its call has reported."""
        try:
            done, total = self._progress_file.read_text().split()
            return int(done), int(total)
        except (OSError, ValueError):
            return None

    def close(self) -> None:
        """Let the process end; kill it if it does not."""
        self._pipe.close()
        self.process.join(timeout=5)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()

    @property
    def _progress_file(self) -> Path:
        return self._folder / "progress"

    def _last_lines(self) -> str:
        try:
            text = (self._folder / "log").read_text(errors="replace")
        except OSError:
            return "(none)"
        return "\n".join(text.splitlines()[-LAST_LINES:]) or "(none)"


def _serve(pipe, folder: Path, environment: Environment) -> None:
    """Answer calls until the other end closes: the life of a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    threading.Thread(target=_end_with_parent, daemon=True).start()
    environment.enter()
    log = (folder / "log").open("ab", buffering=0)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        os.dup2(log.fileno(), stream.fileno())
    # So that temporary files of a task that was killed go with the folder.
    tempfile.tempdir = str(folder)
    listener = partial(tell, folder / "progress")
    while True:
        try:
            function, args = pipe.recv()
        except EOFError:
            return
        log.truncate(0)
        try:
            answer = ("returned", function(listener, *args))
        except Exception as error:
            answer = ("raised", _sendable(error))
        pipe.send(answer)


def tell(file: Path, done: int, total: int) -> None:
    """Say how far a call is; no call fails because the disk is full."""
    with contextlib.suppress(OSError):
        file.write_text(f"{done} {total}")


def _end_with_parent() -> None:
    """End this process when the parent is gone, were it by SIGKILL."""
    connection.wait([parent_process().sentinel])
    os._exit(1)


def _sendable(error: Exception) -> Exception:
    """Make an exception survive the pipe, with its traceback as a note."""
    text = "".join(traceback.format_exception(error))
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        error = RuntimeError(f"{type(error).__name__}: {error}")
    error.add_note(text)
    return error

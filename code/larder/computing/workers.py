"""Worker processes on this machine, behind the standard library's Executor.

Unlike `concurrent.futures.ProcessPoolExecutor`, the death of one worker ends
only the call that it was working on, and its last lines of output are kept.
"""

import contextlib
import os
import pickle
import queue
import signal
import sys
import tempfile
import threading
import time
import traceback
import weakref
from collections.abc import Callable
from concurrent.futures import (
    BrokenExecutor,
    Executor,
    Future,
    ThreadPoolExecutor,
)
from functools import partial
from multiprocessing import connection, get_context, parent_process
from pathlib import Path

from larder.scratch import ScratchFolder

# A worker that has computed for so long is replaced by a fresh one, so that
# memory which libraries keep is given back. Starting one takes about 3 s.
RENEW_AFTER = 10.0  # seconds
LAST_LINES = 15

_listener: Callable[[int, int], None] | None = None


class WorkerDied(BrokenExecutor):
    """A worker ended before its call did; the message has its last lines."""


class LocalExecutor(Executor):
    """Runs calls in at most `jobs` processes at once, one call in each.

    The calls and what they return are pickled. A call whose worker dies gets
    `WorkerDied`; the other calls go on. `terminate()` ends all at once.
    """

    def __init__(self, jobs: int, environment: dict[str, str] | None = None):
        """Start no process yet; `ValueError` unless jobs is positive.

        `environment` is added to that of each process as it starts.
        """
        if jobs < 1:
            raise ValueError(f"jobs is {jobs}: at least 1 is needed")
        self._environment = environment or {}
        self._folder = ScratchFolder()
        self._threads = ThreadPoolExecutor(jobs)
        self._idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        self._workers: set[_Worker] = set()
        self._calls = weakref.WeakKeyDictionary()
        self._lock = threading.Lock()
        self._ended = False

    def submit(self, function, /, *args, **kwargs) -> Future:
        """Schedule a call; see `concurrent.futures.Executor.submit`."""
        call = {}
        future = self._threads.submit(
            self._work, call, (function, args, kwargs)
        )
        self._calls[future] = call
        return future

    def progress_of(self, future: Future) -> tuple[int, int] | None:
        """Tell the steps done and in all that a running call has reported."""
        worker = self._calls[future].get("worker")
        return worker.progress() if worker else None

    def terminate(self) -> None:
        """Kill every worker and drop the calls that have not begun."""
        with self._lock:
            self._ended = True
            for worker in self._workers:
                worker.process.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def shutdown(self, wait=True, *, cancel_futures=False) -> None:
        """Let the calls end, then the workers."""
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)
        if wait:
            for worker in self._workers:
                worker.close()
            self._folder.close()

    def _work(self, call: dict, message: tuple):
        worker = call["worker"] = self._take()
        try:
            outcome, value = worker.call(message)
        except BaseException:
            self._drop(worker)
            raise
        if worker.busy_for > RENEW_AFTER:
            self._drop(worker)
        else:
            self._idle.put(worker)
        if outcome == "raised":
            raise value
        return value

    def _take(self) -> "_Worker":
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            pass
        with self._lock:
            if self._ended:
                raise WorkerDied("the workers were ended")
            worker = _Worker(
                Path(tempfile.mkdtemp(dir=self._folder.path)),
                self._environment,
            )
            self._workers.add(worker)
            return worker

    def _drop(self, worker: "_Worker") -> None:
        worker.close()
        with self._lock:
            self._workers.discard(worker)


class _Worker:
    """A process that answers one call at a time."""

    def __init__(self, folder: Path, environment: dict[str, str]):
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
        """Send a call and wait for ("returned" or "raised", value)."""
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
        try:
            done, total = self._progress_file.read_text().split()
            return int(done), int(total)
        except (OSError, ValueError):
            return None

    def close(self) -> None:
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


def _serve(pipe, folder: Path, environment: dict[str, str]) -> None:
    """Answer calls until the other end closes: the life of a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ.update(environment)
    log = (folder / "log").open("ab", buffering=0)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        os.dup2(log.fileno(), stream.fileno())
    # So that temporary files of a task that was killed go with the folder.
    tempfile.tempdir = str(folder)
    global _listener
    _listener = partial(_tell, folder / "progress")
    while True:
        try:
            function, args, kwargs = pipe.recv()
        except EOFError:
            return
        log.truncate(0)
        try:
            answer = ("returned", function(*args, **kwargs))
        except Exception as error:
            answer = ("raised", _sendable(error))
        pipe.send(answer)


def listener() -> Callable[[int, int], None] | None:
    """Give who is to be told, in a worker, how far its call is."""
    return _listener


def _tell(file: Path, done: int, total: int) -> None:
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

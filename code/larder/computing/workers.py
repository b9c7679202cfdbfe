"""Worker processes on this machine, behind the standard library's Executor.

Unlike `concurrent.futures.ProcessPoolExecutor`, the death of one worker ends
only the call that it was working on, and its last lines of output are kept.
Pebble's pool, the library for it, renews workers after so many calls and not
after so long, misses a death with exit code 0, leaves a worker busy whose
parent was killed, and has no way for progress or last lines, so that no less of
what is here would be needed.
"""

import queue
import tempfile
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from larder.computing.process import WorkerDied, WorkerProcess
from larder.computing.reporting import unheard
from larder.machine import Environment
from larder.scratch import ScratchFolder

# A worker that has computed for so long is replaced by a fresh one, so that
# memory which libraries keep is given back. Starting one takes about 3 s.
RENEW_AFTER = 10.0  # seconds

class LocalExecutor(Executor):
    """Runs calls in at most `jobs` processes at once, one call in each.

    The calls and what they return are pickled. A call whose worker dies gets
    `WorkerDied`; the other calls go on. `terminate()` ends all at once.
    """

    def __init__(self, jobs: int, environment: Environment | None = None):
        """Start no process yet; `ValueError` unless jobs is positive.

        `environment` is what each process enters as it starts.
        """
        if jobs < 1:
            raise ValueError(f"jobs is {jobs}: at least 1 is needed")
        self._environment = environment or Environment()
        self._folder = ScratchFolder()
        self._threads = ThreadPoolExecutor(jobs)
        self._idle: queue.SimpleQueue[WorkerProcess] = queue.SimpleQueue()
        self._workers: set[WorkerProcess] = set()
        self._calls = weakref.WeakKeyDictionary()
        self._lock = threading.Lock()
        self._ended = False

    def submit(self, function, /, *args, **kwargs) -> Future:
        """Schedule a call; see `concurrent.futures.Executor.submit`."""
        return self.submit_reporting(unheard, function, args, kwargs)

    def submit_reporting(self, function: Callable, /, *args: Any) -> Future:
        """Schedule a call; see `reporting.Reporting`."""
        call = {}
        future = self._threads.submit(self._work, call, (function, args))
        self._calls[future] = call
        return future

    def begun(self, future: Future) -> bool:
        """Tell whether a worker is at a call."""
        return future.running()

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

    def _take(self) -> WorkerProcess:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            pass
        with self._lock:
            if self._ended:
                raise WorkerDied("the workers were ended")
            worker = WorkerProcess(
                Path(tempfile.mkdtemp(dir=self._folder.path)),
                self._environment,
            )
            self._workers.add(worker)
            return worker

    def _drop(self, worker: WorkerProcess) -> None:
        worker.close()
        with self._lock:
            self._workers.discard(worker)

"""Computing: stored results come back at once, others are run and stored."""

import contextlib
import datetime
import os
import re
import time
from collections import deque
from collections.abc import Iterable
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    wait,
)
from dataclasses import dataclass
from pathlib import Path
from traceback import format_exception
from typing import Any

from filelock import FileLock, Timeout

from larder import store, terminal
from larder.computing import workers
from larder.context import Context
from larder.freshness import Status, code_of, identity, status, statuses
from larder.larder import Larder
from larder.machine import cores, hardware, versions
from larder.runs import Run

POLL = 0.2  # seconds between two looks at bars and locks
# Runs handed to a given executor at once: each holds an open lock file.
IN_FLIGHT = 500
# What a killed computation may leave beside the result of a run.
_LEFTOVER = re.compile(
    r"\.{1,2}(?P<run>[A-Za-z0-9].*?)"
    r"\.(?P<kind>lock|checkpoint|(json|npz|weights\.h5|checkpoint)\.tmp)"
)


class TrainingRefused(Exception):
    """Runs are missing or stale, and the larder's variable forbids it."""


class ComputingStopped(Exception):
    """The executor was lost; runs that had ended are stored."""


class RunsFailed(Exception):
    """Some runs ended in an error; those that ended well are stored."""


def compute(
    larder: Larder,
    runs: Iterable[Run],
    *,
    jobs: int | None = None,
    force: bool = False,
    executor: Executor | None = None,
) -> list[store.Stored]:
    """Return the stored result of each run, in order.

    Fresh results are read; the others, or with `force` all, are computed:
    `jobs` at once (as many as there are cores, or one where there are
    accelerators) in processes of one thread each, or through the `executor`
    given. Each is stored as it ends, so an interruption loses only what is
    under way, and of that, where a task keeps checkpoints, an epoch. A run
    whose worker dies is tried once more. What runs need is computed before
    them. Two computations at once share the work.

    Raises `ValueError` where two different runs have one name,
    `TrainingRefused` where the larder's variable is "never" and a run is not
    fresh,
    `ComputingStopped` where the executor is lost, and, after all others have
    ended, `RunsFailed`: for runs that raised an error, whose worker died
    twice, or that learned nothing.
    """
    if jobs is not None and jobs < 1:
        raise ValueError(f"jobs is {jobs}: at least 1 is needed")
    folder, runs = larder.results, list(runs)
    _refuse_namesakes(runs)
    needed = list(dict.fromkeys(need for run in runs for need in run.needs))
    if needed:
        options = {"jobs": jobs, "executor": executor}
        compute(larder, [need for need in needed if need in runs],
                force=force, **options)
        compute(larder, needed, **options)
    found = {s.run.path(folder): s for s in statuses(larder, runs)}
    _clear_up(found)
    waiting = [
        item for item in found.values()
        if item.state != "fresh" or (force and item.run not in needed)
    ]
    if waiting and os.environ.get(larder.variable) == "never":
        raise TrainingRefused(_refusal(larder, waiting))
    stored = {path: s.stored for path, s in found.items()}
    if waiting:
        jobs = jobs or (IN_FLIGHT if executor else at_once(larder))
        with contextlib.ExitStack() as stack:
            if executor is None:
                executor = stack.enter_context(_local(jobs, larder))
            bars = stack.enter_context(terminal.Bars(len(waiting)))
            work = _Work(waiting, larder, force, executor, jobs, bars)
            stored |= work.done()
    return [stored[run.path(folder)] for run in runs]


def _refuse_namesakes(runs: list[Run]) -> None:
    named: dict[str, Run] = {}
    for run in runs:
        if named.setdefault(str(run), run) != run:
            raise ValueError(f"two different runs are called {run}")


@contextlib.contextmanager
def _local(jobs: int, larder: Larder):
    """Open worker processes; an interruption ends them at once."""
    executor = workers.LocalExecutor(jobs, larder.environment)
    try:
        yield executor
    except BaseException:
        executor.terminate()
        raise
    finally:
        executor.shutdown()


@dataclass
class _Attempt:
    """A run under way, with the lock that keeps others from it."""

    status: Status
    lock: FileLock
    tries: int = 1


class _Work:
    """The runs of one computation: waiting, under way, done and failed."""

    def __init__(self, waiting, larder, force, executor, jobs, bars):
        self.waiting: deque[Status] = deque(waiting)
        self.larder, self.folder = larder, larder.results
        self.force = force
        self.executor, self.jobs, self.bars = executor, jobs, bars
        self.under_way: dict[Future, _Attempt] = {}
        self.stored: dict[Path, store.Stored] = {}
        self.failures: list[str] = []
        # Workers may import the code at any time from now on, and keep it.
        tasks = {s.run.task for s in waiting}
        self.code = {task: code_of(task) for task in tasks}

    def done(self) -> dict[Path, store.Stored]:
        """Work until nothing is left; return what was stored, by path."""
        try:
            while self.waiting or self.under_way:
                self._begin()
                self._collect()
        except BaseException:
            # What has ended is kept, even where it was not looked at yet.
            for future in [f for f in self.under_way if f.done()]:
                with contextlib.suppress(Exception):
                    self._save(self.under_way[future].status.run,
                               future.result())
            for future in self.under_way:
                future.cancel()
            raise
        finally:
            for attempt in self.under_way.values():
                release(attempt.lock)
        if self.failures:
            raise RunsFailed("\n\n".join(self.failures))
        return self.stored

    def _begin(self) -> None:
        """Start runs that no other computation is at, while there is room."""
        for _ in range(len(self.waiting)):
            if len(self.under_way) >= self.jobs:
                return
            status_then = self.waiting.popleft()
            run = status_then.run
            lock = try_lock(run.path(self.folder))
            if lock is None:
                self.waiting.append(status_then)
                continue
            # Another computation may have done it in the meantime.
            now = status(self.larder, run)
            if now.state == "fresh" and not self.force:
                release(lock)
                self._keep(run, now.stored)
            else:
                self._submit(_Attempt(now, lock))

    def _submit(self, attempt: _Attempt) -> None:
        run = attempt.status.run
        try:
            results = [
                store.load(need.path(self.folder)).result for need in run.needs
            ]
            future = self.executor.submit(
                _execute, run, results,
                _checkpoint_of(run, self.folder), _bits_of(self.larder, run),
                self.larder.libraries, self.larder.hardware,
            )
        except Exception as error:  # a pool that is broken, or was shut down
            self._fail(run, _described(error))
            release(attempt.lock)
            return
        self.under_way[future] = attempt

    def _collect(self) -> None:
        """Store what has ended; show how far the others are."""
        if not self.under_way:
            time.sleep(POLL)
        ended, _ = wait(self.under_way, POLL, FIRST_COMPLETED)
        for future in ended:
            self._end(future)
        # A cluster's executor knows better what has begun than its futures.
        begun = getattr(self.executor, "begun", Future.running)
        progress_of = getattr(self.executor, "progress_of", lambda _: None)
        for future, attempt in self.under_way.items():
            if begun(future):
                name = str(attempt.status.run)
                self.bars.begin(name, attempt.status.seconds)
                self.bars.show(name, progress_of(future))

    def _end(self, future: Future) -> None:
        """Store a result, try once more, or note the failure."""
        attempt = self.under_way[future]
        run = attempt.status.run
        try:
            stored = self._save(run, future.result())
        except BrokenExecutor as error:
            if attempt.tries == 1:
                del self.under_way[future]
                attempt.tries = 2
                self._submit(attempt)
                return
            self._fail(run, f"twice: {error}")
        except CancelledError as error:
            raise ComputingStopped(
                "the executor gave up its runs: a cluster's scheduler that "
                "was stopped, say; what had ended is stored, and the same "
                "command computes the rest"
            ) from error
        except Exception as error:
            self._fail(run, _described(error))
        else:
            self._keep(run, stored)
        del self.under_way[future]
        release(attempt.lock)

    def _save(self, run: Run, finished: tuple) -> store.Stored:
        result, worker_stamp = finished
        self.larder.refuse(result)
        if code_of(run.task) != self.code[run.task]:
            raise RuntimeError(
                "its code was changed while it ran, so the result is not "
                "stored; run it again"
            )
        stamp = identity(self.larder, run) | worker_stamp
        stored = store.save(run.path(self.folder), result, stamp)
        _checkpoint_of(run, self.folder).unlink(missing_ok=True)
        return stored

    def _keep(self, run: Run, stored: store.Stored) -> None:
        self.stored[run.path(self.folder)] = stored
        self.bars.end(str(run), stored.stamp.get("seconds", 0.0))

    def _fail(self, run: Run, why: str) -> None:
        self.failures.append(f"{run} failed {why}\n  its config: {run.config}")
        self.bars.end(str(run), None)


def _execute(
    run: Run, results: list[store.Result], checkpoint: Path, identity: str,
    libraries: tuple[str, ...], more_hardware,
) -> tuple[store.Result, dict[str, Any]]:
    """Run a task, in a worker; return its result and the worker's stamp."""
    started = time.monotonic()
    context = Context(workers.listener(), checkpoint, identity)
    result = run.call(run.config, results, context)
    now = datetime.datetime.now(datetime.UTC)
    return result, {
        "seconds": round(time.monotonic() - started, 2),
        "finished": now.isoformat(timespec="seconds"),
        "versions": versions(libraries),
        "hardware": hardware() | more_hardware(),
    }


def _clear_up(found: dict[Path, Status]) -> None:
    """Remove what killed computations left in the folders of these results.

    A checkpoint stays unless its result is fresh: its run will go on from it.
    What another computation is at is locked, and left alone.
    """
    left: dict[Path, list[tuple[str, Path]]] = {}
    for folder in {path.parent for path in found}:
        for file in folder.glob(".*"):
            if match := _LEFTOVER.fullmatch(file.name):
                path = folder / f"{match['run']}.json"
                left.setdefault(path, []).append((match["kind"], file))
    for path, files in left.items():
        fresh = path in found and found[path].state == "fresh"
        # Of a folder that can't be written to, nothing can be removed.
        with contextlib.suppress(OSError):
            lock = try_lock(path)
            if lock is None:
                continue
            for kind, file in files:
                if fresh or kind != "checkpoint":
                    file.unlink(missing_ok=True)
            release(lock)


def _checkpoint_of(run: Run, folder: Path) -> Path:
    path = run.path(folder)
    return path.with_name(f".{path.stem}.checkpoint")


def _bits_of(larder: Larder, run: Run) -> str:
    """Name all that the bits of a run depend on, for its checkpoints."""
    return repr((
        identity(larder, run), versions(larder.libraries), hardware(),
        larder.accelerators(),
    ))


def at_once(larder: Larder) -> int:
    """Count the runs to compute at once: as many as cores, or one on a GPU."""
    return 1 if larder.accelerators() else cores()


def _refusal(larder: Larder, waiting: list[Status]) -> str:
    lines = [f"{larder.variable}=never, but not all results are fresh:"]
    for item in waiting:
        cost = f"; took {item.seconds:.0f} s" if item.seconds else ""
        lines.append(
            f"  {item.run}: {item.state} ({'; '.join(item.reasons)}{cost})"
        )
    experiments = sorted({item.run.experiment for item in waiting})
    lines.append(f"Compute them with: {larder.command} train "
                 + " ".join(experiments))
    return "\n".join(lines)


def _described(error: Exception) -> str:
    notes = "".join(getattr(error, "__notes__", []) or format_exception(error))
    lines = [f"with {type(error).__name__}: {error}", *notes.splitlines()]
    return "\n  ".join(lines[:1] + lines[1:][-workers.LAST_LINES :])


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

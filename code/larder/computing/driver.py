"""Computing runs: what is fresh is given at once, the rest is done and stored.

The driver is the process that hands runs out. Of their results it keeps what
its caller asks for: `compute` all that it names, `refresh` nothing.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from pathlib import Path

from larder.computing import locks, workers
from larder.computing.announcing import announce
from larder.computing.attempts import Attempts
from larder.computing.reporting import reporting
from larder.computing.schedule import Due, Schedule
from larder.computing.work import Work
from larder.freshness import Status, statuses, survey
from larder.larder import Larder
from larder.machine import cores
from larder.runs import Run, after_needs
from larder.store import Stored
from larder.telling import terminal

# Runs handed to a given executor at once: each holds an open lock file.
IN_FLIGHT = 500


def compute(
    larder: Larder,
    runs: Iterable[Run],
    *,
    jobs: int | None = None,
    force: bool = False,
    executor: Executor | None = None,
) -> list[Stored]:
    """Return the stored result of each run, in order.

    Fresh results are read; the others, or with `force` all, are computed:
    `jobs` at once (as many as there are cores, or one where there are
    accelerators) in processes of one thread each, or through the `executor`
    given. Each is stored as it ends, so an interruption loses only what is
    under way, and of that, where a task keeps checkpoints, an epoch. A run
    whose worker dies is tried once more. What runs need is computed as well,
    and a run begins as soon as all that it needs itself is there. Two
    computations at once share the work.

    Raises `ValueError` where two different runs have one name,
    `TrainingRefused` where a run is not fresh and the larder's variable is
    "never", or is not "always" and `quarto preview` asks, `ComputingStopped`
    where the executor is lost, and, after all others have ended, `RunsFailed`:
    for runs that raised an error, whose worker died twice, that learned
    nothing, or that need one of those.
    """
    runs = list(runs)
    stored = dict(_done(larder, runs, statuses, jobs, force, executor))
    return [stored[run] for run in runs]


def refresh(
    larder: Larder,
    runs: Iterable[Run],
    *,
    jobs: int | None = None,
    force: bool = False,
    executor: Executor | None = None,
) -> None:
    """Compute what is not fresh, as `compute` does; keep and give nothing."""
    for _ in _done(larder, list(runs), survey, jobs, force, executor):
        pass


def at_once(larder: Larder) -> int:
    """Count the runs to compute at once: as many as cores, or one on a GPU."""
    return 1 if larder.accelerators() else cores()


def _done(
    larder: Larder, runs: list[Run],
    look: Callable[[Larder, Iterable[Run]], Iterator[Status]],
    jobs: int | None, force: bool, executor: Executor | None,
) -> Iterator[tuple[Run, Stored]]:
    """Give each of the runs as it is found by a `look`, or is computed."""
    if jobs is not None and jobs < 1:
        raise ValueError(f"jobs is {jobs}: at least 1 is needed")
    wanted, in_order = frozenset(runs), after_needs(runs)
    _refuse_namesakes(in_order)
    due: dict[Run, Due] = {}
    fresh: dict[Path, bool] = {}
    for item in _looked_at(larder, in_order, wanted, look):
        run = item.run
        fresh[run.path(larder.results)] = item.state == "fresh"
        # Its turn will tell whether what it needs has come out as it was.
        if (item.state != "fresh" or (force and run in wanted)
                or any(need in due for need in run.needs)):
            due[run] = Due.of(item)
        elif run in wanted:
            yield run, item.stored
    locks.clear_up(fresh)
    if not due:
        return
    announce(larder, due.values())
    forced = wanted if force else frozenset()
    with contextlib.ExitStack() as stack:
        jobs = jobs or (IN_FLIGHT if executor else at_once(larder))
        if executor is None:
            executor = stack.enter_context(_local(jobs, larder))
        attempts = Attempts(larder, reporting(executor), jobs)
        work = Work(larder, Schedule(due.values()), attempts, forced)
        bars = stack.enter_context(terminal.Bars(len(due)))
        for run, stored in work.ended(bars):
            if run in wanted:
                yield run, stored


def _looked_at(
    larder: Larder, in_order: list[Run], wanted: frozenset[Run], look: Callable
) -> Iterator[Status]:
    """Look at runs in order: with `look` at those wanted, else in brief."""
    asked = look(larder, (run for run in in_order if run in wanted))
    needed = survey(larder, (run for run in in_order if run not in wanted))
    for run in in_order:
        yield next(asked if run in wanted else needed)


def _refuse_namesakes(runs: list[Run]) -> None:
    named: dict[str, Run] = {}
    for run in runs:
        if named.setdefault(str(run), run) != run:
            raise ValueError(f"two different runs are called {run}")


@contextlib.contextmanager
def _local(jobs: int, larder: Larder) -> Iterator[workers.LocalExecutor]:
    """Open worker processes; an interruption ends them at once."""
    executor = workers.LocalExecutor(jobs, larder.environment)
    try:
        yield executor
    except BaseException:
        executor.terminate()
        raise
    finally:
        executor.shutdown()

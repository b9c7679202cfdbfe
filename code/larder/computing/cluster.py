"""Runs on a Dask cluster, behind the standard library's Executor.

Its scheduler and its workers are started by whoever owns it, with
`dask scheduler` and `dask worker SCHEDULER --nthreads 1`, in environments that
have this package.
"""

import contextlib
import itertools
import multiprocessing
import os
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, wait
from pathlib import Path
from typing import Any

from larder import files
from larder.computing import workers
from larder.computing.reporting import Listener, unheard
from larder.freshness import code_of
from larder.larder import Larder
from larder.machine import versions
from larder.runs import Run

ADDRESS_VARIABLE = "DASK_SCHEDULER_ADDRESS"
TIMEOUT = 10  # seconds to wait for a scheduler
POLL = 0.2  # seconds between two looks at how far a run is


class ClusterError(Exception):
    """There is no such cluster, or its workers are not fit for the runs."""


@contextlib.contextmanager
def connect(
    larder: Larder, address: str, runs: list[Run], say: Callable[[str], None]
) -> Iterator[Executor]:
    """Open the executor of the cluster whose scheduler has this address.

    Each of its workers, also one that joins later, is checked before it gets a
    run (see `_Fitness`). Says where the cluster's dashboard is. Raises
    `ClusterError` where Dask is not installed, no scheduler answers, or a
    worker is not fit.
    """
    try:
        from distributed import Client
    except ImportError:
        raise ClusterError(
            "Dask is not installed: pip install distributed, or leave out "
            "--scheduler to compute on this machine"
        ) from None
    try:
        client = Client(address, timeout=TIMEOUT, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise ClusterError(
            f"no Dask scheduler answers at {address} ({error}); start one "
            "with: dask scheduler"
        ) from error
    with client:
        say(f"Dask's dashboard: {client.dashboard_link}")
        try:
            client.register_plugin(_plugin(larder, runs))
        except Exception as error:
            raise ClusterError(f"a worker is not fit: {error}") from error
        yield ClusterExecutor(client, tuple(larder.files()))


class ClusterExecutor(Executor):
    """Hands calls to the executor of a Dask client; hears how far they are."""

    def __init__(self, client, variables: tuple[str, ...]):
        """Begin to listen to the workers; start nothing.

        `variables` tell a worker's children where their data lie.
        """
        self._executor = client.get_executor(pure=False)
        self._topic = f"larder-{client.id}"
        self._variables = variables
        self._count = itertools.count()
        self._numbers = weakref.WeakKeyDictionary()
        self._heard: dict[int, tuple[int, int] | None] = {}
        client.subscribe_topic(self._topic, self._hear)

    def submit(self, function, /, *args, **kwargs) -> Future:
        """Schedule a call; see `concurrent.futures.Executor.submit`."""
        return self.submit_reporting(unheard, function, args, kwargs)

    def submit_reporting(self, function: Callable, /, *args: Any) -> Future:
        """Schedule a call; see `reporting.Reporting`."""
        number = next(self._count)
        future = self._executor.submit(
            _call_in_child, self._topic, number, self._variables, function,
            *args
        )
        self._numbers[future] = number
        return future

    def begun(self, future: Future) -> bool:
        """Tell whether a worker has said that it is at a call."""
        return self._numbers[future] in self._heard

    def progress_of(self, future: Future) -> tuple[int, int] | None:
        """Tell the steps done and in all that a running call has reported."""
        return self._heard.get(self._numbers[future])

    def _hear(self, event: tuple) -> None:
        _, (number, progress) = event
        self._heard[number] = progress and tuple(progress)


def _call_in_child(topic: str, number: int, variables, function, *args):
    """Make a call in the child of this Dask worker; tell how far it is.

    In a process of its own, since the threads of a Dask worker draw from
    Python's one generator of random numbers, and so does Keras, for the seeds
    of initial weights: in the same process they would not be repeatable.
    """
    from distributed import get_worker

    worker = get_worker()
    child = worker.larder_child
    told = {name: os.environ[name] for name in variables if name in os.environ}
    future = child.submit_reporting(_call_with, told, function, args)
    last = "nothing yet"
    while not future.done():
        progress = child.progress_of(future)
        if progress != last:
            last = progress
            worker.log_event(topic, (number, progress))
        wait([future], POLL)
    return future.result()


def _call_with(listener: Listener, variables: dict[str, str], function, args):
    """Make a call in a child, which may be older than the worker's data."""
    os.environ.update(variables)
    return function(listener, *args)


class _Fitness:
    """What a worker must have in common with whoever sends it runs.

    One thread, because it makes one call at a time; the same code of the
    tasks; the same versions of what computes. A worker that has no data of
    its own is given them, once.
    """

    def __init__(self, larder: Larder, runs: list[Run]):
        needed = [need for run in runs for need in run.needs]
        kinds = {run.kind: run for run in (*runs, *needed)}
        self.codes = [(run, code_of(run)) for run in kinds.values()]
        self.libraries, self.files = larder.libraries, larder.files
        self.versions = versions(self.libraries)
        self.given = {
            variable: (file.name, file.read_bytes())
            for variable, file in self.files().items() if file
        }

    def check(self, threads: int, folder: Path) -> None:
        """Raise `ClusterError` unless this process is fit."""
        problems = _apart("version of", self.versions,
                          versions(self.libraries))
        for run, code in self.codes:
            problems += _apart("code of", code, code_of(run))
        if threads != 1:
            problems.append(f"it has {threads} threads: start it with "
                            "dask worker --nthreads 1")
        if problems:
            raise ClusterError("; ".join(problems))
        for variable, file in self.files().items():
            if file is None and variable in self.given:
                name, content = self.given[variable]
                files.write_atomically(folder / name, content)
                os.environ[variable] = str(folder / name)


def _apart(what: str, ours: dict[str, str], theirs: dict[str, str]) -> list:
    return [
        f"{what} {name} is {ours.get(name, 'absent')} here and "
        f"{theirs.get(name, 'absent')} there"
        for name in sorted(ours.keys() | theirs.keys())
        if ours.get(name) != theirs.get(name)
    ]


def _plugin(larder: Larder, runs: list[Run]):
    """Make the plugin that Dask sets up in each worker."""
    from distributed import Status, WorkerPlugin

    class Plugin(WorkerPlugin):
        name = "larder"

        def __init__(self):
            self.fitness = _Fitness(larder, runs)

        def setup(self, worker):
            self.fitness.check(
                worker.state.nthreads, Path(worker.local_directory)
            )
            # Kept for all who send runs: the next one's plugin replaces this.
            if not hasattr(worker, "larder_child"):
                # Dask forbids children, which would outlive a killed worker;
                # those of a LocalExecutor end with it.
                multiprocessing.current_process().daemon = False
                worker.larder_child = workers.LocalExecutor(
                    1, larder.environment
                )

        def teardown(self, worker):
            child = getattr(worker, "larder_child", None)
            if child and worker.status == Status.closing:
                child.terminate()

    return Plugin()

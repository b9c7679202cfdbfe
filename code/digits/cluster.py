"""Runs on a Dask cluster, behind the standard library's Executor.

Its scheduler and its workers are started by whoever owns it, with
`dask scheduler` and `dask worker SCHEDULER --nthreads 1`, in environments that
have this package.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from pathlib import Path

from digits import data, store, workers
from digits.runs import Run, code_of, versions

ADDRESS_VARIABLE = "DASK_SCHEDULER_ADDRESS"
TIMEOUT = 10  # seconds to wait for a scheduler


class ClusterError(Exception):
    """There is no such cluster, or its workers are not fit for the runs."""


@contextlib.contextmanager
def connect(
    address: str, runs: list[Run], say: Callable[[str], None]
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
            "Dask is not installed: pip install 'digits[dask]', or leave out "
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
            client.register_plugin(_plugin(runs))
        except Exception as error:
            raise ClusterError(f"a worker is not fit: {error}") from error
        yield client.get_executor(pure=False)


class _Fitness:
    """What a worker must have in common with whoever sends it runs.

    One thread, because TensorFlow is set up process by process; the same code
    of the tasks; the same versions of what computes. A worker that has no
    MNIST of its own is given it, once.
    """

    def __init__(self, runs: list[Run]):
        needed = [need for run in runs for need in run.needs]
        tasks = {run.task for run in (*runs, *needed)}
        self.codes = {task: code_of(task) for task in tasks}
        self.versions = versions()
        path = data.locate()
        self.mnist = path.read_bytes() if path else None

    def check(self, threads: int, folder: Path) -> None:
        """Raise `ClusterError` unless this process is fit."""
        os.environ.update(workers.ENVIRONMENT)
        problems = _apart("version of", self.versions, versions())
        for task, code in self.codes.items():
            problems += _apart("code of", code, code_of(task))
        if threads != 1:
            problems.append(f"it has {threads} threads: start it with "
                            "dask worker --nthreads 1")
        if problems:
            raise ClusterError("; ".join(problems))
        if self.mnist is not None and data.locate() is None:
            file = folder / "mnist.npz"
            store.write_atomically(file, self.mnist)
            data.read_file(file)
            os.environ[data.ENVIRONMENT_VARIABLE] = str(file)


def _apart(what: str, ours: dict[str, str], theirs: dict[str, str]) -> list:
    return [
        f"{what} {name} is {ours.get(name, 'absent')} here and "
        f"{theirs.get(name, 'absent')} there"
        for name in sorted(ours.keys() | theirs.keys())
        if ours.get(name) != theirs.get(name)
    ]


def _plugin(runs: list[Run]):
    """Make the plugin that Dask sets up in each worker."""
    from distributed import WorkerPlugin

    class Plugin(WorkerPlugin):
        name = "digits"

        def __init__(self):
            self.fitness = _Fitness(runs)

        def setup(self, worker):
            self.fitness.check(
                worker.state.nthreads, Path(worker.local_directory)
            )

    return Plugin()

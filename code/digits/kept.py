"""Where this project's results are kept, and what the engine is told of them.

`compute`, `statuses` and `survey` are the engine's, for this larder.
"""

import contextlib
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from pathlib import Path

import larder
from digits import data, experiments, machine, paths
from larder import Environment, Larder, Result, Run, Status, Stored, store

_as_stored: ContextVar[Path | None] = ContextVar("as_stored", default=None)

# To name one class always is right for 11 % of MNIST's training images.
CHANCE = 0.15


def refuse_chance(result: Result) -> None:
    """Raise `FloatingPointError` where a training ended at chance.

    A training has a table with a row an epoch, with its `loss` and `accuracy`.
    Where the last accuracy is what guessing gives, the training diverged or
    the network died. Its loss may be finite: that of an even guess is ln 10.
    """
    table = result.table
    if not {"epoch", "loss", "accuracy"} <= table.keys() or not table["epoch"]:
        return
    accuracy, loss = table["accuracy"][-1], table["loss"][-1]
    if accuracy <= CHANCE:
        raise FloatingPointError(
            f"it learned nothing: its last training accuracy is {accuracy}, "
            f"what guessing gives, with a loss of {loss}; try a smaller "
            "learning rate or less regularization"
        )


def mnist_file() -> dict[str, Path | None]:
    """Name the variable that says where MNIST lies, and its file."""
    return {data.ENVIRONMENT_VARIABLE: data.locate()}


def data_digest() -> str:
    """Give the one digest that stands for MNIST."""
    return data.digest()


LARDER = Larder(
    root=paths.ROOT,
    code=paths.CODE,
    results=paths.RESULTS,
    package="digits",
    experiments=experiments.NAMES,
    command="digits",
    variable="DIGITS_TRAIN",
    data=data_digest,
    libraries=("tensorflow", "tensorflow-cpu", "keras", "numpy"),
    environment=Environment(machine.ENVIRONMENT, machine.CLEARED),
    accelerators=machine.gpus,
    hardware=machine.gpus_found,
    settings=machine.odd_settings,
    files=mnist_file,
    prepare=data.read_arrays,
    refuse=refuse_chance,
    rehearsal=paths.CODE / "digits/tasks/small.py",
)


def compute(
    runs: Iterable[Run], *, folder: Path | None = None, **options
) -> list[Stored]:
    """Give what is stored of runs, computing what is not fresh.

    See `larder.compute`; results lie in `folder`, if not where they always do.
    """
    only = _as_stored.get()
    if only and folder is None:
        return [_read(run, only) for run in runs]
    return larder.compute(LARDER.at(folder), runs, **options)


def statuses(
    runs: Iterable[Run], folder: Path | None = None
) -> Iterator[Status]:
    """Say of each run how its result stands; see `larder.statuses`."""
    return larder.statuses(LARDER.at(folder or _as_stored.get()), runs)


def survey(
    runs: Iterable[Run], folder: Path | None = None
) -> Iterator[Status]:
    """Say of any number of runs how they stand; see `larder.survey`."""
    return larder.survey(LARDER.at(folder or _as_stored.get()), runs)


def results() -> Path:
    """Name the folder that results are read from, for `as_stored` or always."""
    return _as_stored.get() or paths.RESULTS


@contextlib.contextmanager
def as_stored(folder: Path | None = None) -> Iterator[None]:
    """Within this, take results as they are stored in a folder, fresh or not.

    Nothing is computed: where a result is missing or damaged, `compute` raises
    `FileNotFoundError` or `DamagedResult`. The folder is the usual one if none
    is given.
    """
    token = _as_stored.set(folder or paths.RESULTS)
    try:
        yield
    finally:
        _as_stored.reset(token)


def _read(run: Run, folder: Path) -> Stored:
    try:
        return store.load(run.path(folder))
    except FileNotFoundError:
        raise FileNotFoundError(f"{run} is not stored") from None


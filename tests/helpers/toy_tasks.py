"""Tasks that end at once, without TensorFlow, for tests of the machinery."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import larder
from digits.augmentation.configs import Affine
from digits.kept import LARDER
from digits.networks.convolutional import ConvolutionalNetwork
from digits.networks.dense import DenseNetwork
from digits.tasks.configs import Training
from digits.tasks.schedule import WARMED_UP
from larder import NOWHERE, Context, Result, Run, Status, varied


def status(run: Run, folder: Path | None = None) -> Status:
    """Say how the result of a run stands."""
    return larder.status(LARDER.at(folder), run)


@dataclass(frozen=True)
class Toy:
    """What a toy does. `folder` is where it leaves traces, if anywhere."""

    number: int = 0
    folder: str = ""
    seconds: float = 0.0


def _trace(config: Toy, event: str) -> int:
    """Leave a file for this event; tell how many there are now."""
    if not config.folder:
        return 0
    folder = Path(config.folder)
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{event}-{config.number}-{os.getpid()}-{time.monotonic_ns()}"
    (folder / name).touch()
    return len(list(folder.glob(f"{event}-{config.number}-*")))


def traces(folder, event: str, number: int | str = "*") -> list[Path]:
    """List the traces that toys left of an event."""
    return sorted(Path(folder).glob(f"{event}-{number}-*"))


def toys(count: int = 1, task=None, **fields) -> list[Run]:
    """List runs of a task, `square` if none is given, numbered from 0."""
    return [
        Run("toys", f"toy-{n}", task or square, Toy(number=n, **fields))
        for n in range(count)
    ]


def square(config: Toy) -> Result:
    """Square a number; take some seconds if asked to."""
    _trace(config, "begun")
    time.sleep(config.seconds)
    _trace(config, "ended")
    draws = np.random.default_rng(config.number).random(5)
    return Result(
        metrics={"square": config.number**2},
        table={"epoch": [1, 2], "draw": [float(x) for x in draws[:2]]},
        arrays={"draws": draws},
        weights=bytes([config.number % 256]),
    )


def worker(config: Toy) -> Result:
    """Tell which process this is."""
    time.sleep(config.seconds)
    return Result(metrics={"process": os.getpid()})


def fail(config: Toy) -> Result:
    """Raise an exception."""
    _trace(config, "begun")
    raise ArithmeticError(f"toy number {config.number} is broken")


def fail_if_odd(config: Toy) -> Result:
    """Raise an exception for odd numbers."""
    if config.number % 2:
        return fail(config)
    return square(config)


class Unpicklable(Exception):
    """An exception that pickle cannot bring back."""

    def __init__(self, first, second):
        """Take two arguments, of which pickle keeps one."""
        super().__init__(f"{first} and {second}")


def fail_strangely(config: Toy) -> Result:
    """Raise an exception that does not survive a pipe."""
    raise Unpicklable("this", "that")


def exit_always(config: Toy) -> Result:
    """End the process, after some last words."""
    _trace(config, "begun")
    print("these are my last words", flush=True)
    os._exit(3)


def exit_if_odd(config: Toy) -> Result:
    """End the process for odd numbers."""
    return exit_always(config) if config.number % 2 else square(config)


def killed_once(config: Toy) -> Result:
    """Kill this process, the first time only."""
    if _trace(config, "begun") == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return Result(metrics={"square": config.number**2})


def killed_always(config: Toy) -> Result:
    """Kill this process, as a system does that is out of memory."""
    _trace(config, "begun")
    os.kill(os.getpid(), signal.SIGKILL)


def guess(config: Toy) -> Result:
    """Return what a training has that learned nothing."""
    return Result(
        metrics={"train_accuracy": 0.0987},
        table={"epoch": [1, 2], "loss": [9.5, 2.302],
               "accuracy": [0.1022, 0.0987]},
    )


def walk(config: Toy, context: Context = NOWHERE) -> Result:
    """Walk at random for 4 steps, each with a checkpoint."""
    kept = context.load() or [np.array(0), np.zeros(20_000)]
    _trace(config, "begun")
    place = kept[1]
    for step in range(int(kept[0]), 4):
        time.sleep(config.seconds)
        generator = np.random.default_rng((config.number, step))
        place = place + generator.normal(size=place.shape)
        context.save([np.array(step + 1), place])
    return Result(
        metrics={"mean": float(place.mean())},
        table={"epoch": [1, 2], "place": [float(x) for x in place[:2]]},
        arrays={"place": place},
        weights=place.tobytes(),
    )


def not_a_number(config: Toy) -> Result:
    """Return what can't be stored."""
    return Result(metrics={"square": float("nan")})


def report_progress(config: Toy, context: Context) -> Result:
    """Tell how far it is, then wait for a file named `go`."""
    context.report(3, 7)
    _trace(config, "reported")
    go = Path(config.folder) / "go"
    while not go.exists():
        time.sleep(0.02)
    return Result(metrics={"done": 1})


def fake_arrays(train: int = 300, test: int = 50) -> dict[str, np.ndarray]:
    """Make arrays of MNIST's form with little in them."""
    generator = np.random.default_rng(1)

    def images(count):
        return generator.integers(0, 256, (count, 28, 28), dtype=np.uint8)

    def labels(count):
        return (np.arange(count) % 10).astype(np.uint8)

    return {"x_train": images(train), "y_train": labels(train),
            "x_test": images(test), "y_test": labels(test)}


def learnable_arrays() -> dict[str, np.ndarray]:
    """Make arrays of MNIST's form whose labels can be seen: as bright rows."""
    arrays = fake_arrays()
    for part in ("train", "test"):
        images, labels = arrays[f"x_{part}"], arrays[f"y_{part}"]
        images //= 8
        for image, label in zip(images, labels, strict=True):
            image[: 2 * label + 2] = 255
    return arrays


def dense(**fields) -> Training:
    """Give the notebook's training, with fields changed, however deep."""
    return varied(Training(DenseNetwork()), **fields)


def convolutional(**fields) -> Training:
    """Give a training of a convolutional network, with fields changed."""
    return varied(
        Training(ConvolutionalNetwork(), Affine(), WARMED_UP), **fields
    )


def train_on_fakes(config, context: Context = NOWHERE) -> Result:
    """Train a dense classifier on small made-up data."""
    from digits import data
    from digits.tasks import notebook

    data.read_arrays = learnable_arrays
    return notebook.train_as_notebook(config, context)


def train_after_a_pause(config, context: Context = NOWHERE) -> Result:
    """Train on small made-up data that takes as long to read as MNIST does.

    The pause lies between the seeding and the drawing of weights: in it,
    threads that draw from Python's generator, as Dask's do, would be noticed.
    """
    from digits import data
    from digits.tasks import notebook

    def read_slowly():
        time.sleep(0.5)
        return learnable_arrays()

    data.read_arrays = read_slowly
    return notebook.train_as_notebook(config, context)


def train_classifier_on_fakes(config, context: Context = NOWHERE) -> Result:
    """Train a classifier on small made-up data, with the way of Question 3."""
    from digits import data
    from digits.tasks import classifier

    data.read_arrays = learnable_arrays
    return classifier.train_classifier(config, context)


def add(config: Toy, needed: tuple[Result, ...]) -> Result:
    """Add a number to the squares that other runs computed."""
    _trace(config, "begun")
    squares = sum(result.metrics["square"] for result in needed)
    return Result(metrics={"square": squares + config.number})


def let_go(config: Toy, needed: Result) -> Result:
    """Write the file that `report_progress` waits for."""
    (Path(config.folder) / "go").touch()
    return Result(metrics={"square": needed.metrics["square"]})


def finish(config: Toy, needed: tuple[Result, ...]) -> Result:
    """Tell how many results there are."""
    return Result(metrics={"needed": len(needed)})


def count_with_checkpoints(config: Toy, context: Context) -> Result:
    """Count to 5, keep each step, and die after the step of the number."""
    kept = context.load()
    begun_at = int(kept[0]) if kept else 0
    _trace(config, f"from-{begun_at}")
    for step in range(begun_at + 1, 6):
        context.save([np.array(step)])
        if step == config.number and begun_at < step:
            os.kill(os.getpid(), signal.SIGKILL)
    return Result(metrics={"begun_at": begun_at})


def locate_mnist(config: Toy) -> Result:
    """Tell whether this process finds MNIST, and when it was written."""
    from digits import data

    path = data.locate()
    data.read_file(path)
    _trace(config, f"file-{path.stat().st_mtime_ns}")
    return Result(metrics={"process": os.getpid()})

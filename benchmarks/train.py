"""What training costs: ours, a plain loop, PyTorch, and the machine's limit.

The same work each time: two epochs of each of a few 784-500-300-10 networks,
trained and validated as in 2D. Each way is taken once a round, in turn, so that
a noisy machine slows all of them alike. A first epoch, in which TensorFlow
traces its graphs (about 1.5 s, once a network), is not timed.
"""

import datetime
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from digits import data, machine
from digits.figures import appendix
from digits.kept import LARDER
from digits.networks.dense import DenseNetwork
from digits.stating import benchmarks
from digits.tasks import training
from digits.tasks.schedule import Schedule
from larder import Context, store
from larder.machine import hardware, versions

ROUNDS = 3
NETWORKS = 4
EPOCHS = 2
NETWORK = DenseNetwork((500, 300), regularization_factor=1.8e-4)
SCHEDULE = Schedule(epochs=1 + EPOCHS)
CORES = len(os.sched_getaffinity(0))


def naive(mnist: data.Mnist, seed: int, tick: Callable) -> None:
    """Train as the course notebook does: `model.fit` with its defaults.

    As all ways do, it calls `tick` at the end of each epoch.
    """
    import keras

    keras.utils.set_random_seed(seed)
    model = NETWORK.build()
    model.compile(
        optimizer=keras.optimizers.SGD(0.1),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.fit(
        mnist.train.images, data.one_hot(mnist.train.labels),
        batch_size=128, epochs=SCHEDULE.epochs, verbose=0,
        validation_data=(mnist.validation.images,
                         data.one_hot(mnist.validation.labels)),
        callbacks=[keras.callbacks.LambdaCallback(
            on_epoch_end=lambda *_: tick()
        )],
    )


def ours(mnist: data.Mnist, seed: int, tick: Callable) -> None:
    """Train as 2D does, but for reading the data and scoring at the end."""
    training.start(seed)
    scored = mnist.validation
    training.fit(
        NETWORK.build(), [],
        (mnist.train.images, data.one_hot(mnist.train.labels)),
        SCHEDULE, seed,
        lambda trainer: training.evaluate(
            trainer, scored.images, data.one_hot(scored.labels)
        ),
        Context(lambda *_: tick()),
    )


def pytorch(mnist: data.Mnist, seed: int, tick: Callable) -> None:
    """Train the same network in a plain loop of PyTorch."""
    import torch

    torch.manual_seed(seed)
    sizes = (784, *NETWORK.hidden_units, 10)
    layers = [torch.nn.Linear(*pair) for pair in pairwise(sizes)]
    model = torch.nn.Sequential(
        torch.nn.Flatten(), layers[0], torch.nn.ReLU(),
        layers[1], torch.nn.ReLU(), layers[2],
    )
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    loss_of = torch.nn.CrossEntropyLoss()
    images = torch.from_numpy(mnist.train.images)
    labels = torch.from_numpy(mnist.train.labels)
    for _ in range(SCHEDULE.epochs):
        for batch in torch.randperm(len(labels)).split(128):
            optimizer.zero_grad()
            penalty = sum(layer.weight.square().sum() for layer in layers[:2])
            loss = loss_of(model(images[batch]), labels[batch])
            (loss + NETWORK.regularization_factor * penalty).backward()
            optimizer.step()
        with torch.no_grad():
            scored = model(torch.from_numpy(mnist.validation.images))
            (scored.argmax(1).numpy() == mnist.validation.labels).mean()
        tick()


def limit(mnist: data.Mnist, seed: int, tick: Callable) -> None:
    """Do nothing but a training's matrix products, in NumPy on all cores."""
    generator = np.random.default_rng(seed)
    sizes = (784, *NETWORK.hidden_units, 10)

    def matrix(*shape):
        return generator.random(shape, dtype=np.float32)

    kernels = [matrix(*pair) for pair in pairwise(sizes)]
    batches = [(128, len(mnist.train.labels), True),
               (1_000, len(mnist.validation.labels), False)]
    for _ in range(SCHEDULE.epochs):
        for count, images, backward in batches:
            outputs = [matrix(count, size) for size in sizes]
            for _ in range(-(-images // count)):
                for layer, kernel in enumerate(kernels):
                    below, above = outputs[layer : layer + 2]
                    below @ kernel
                    if backward:
                        below.T @ above
                    if backward and layer > 0:
                        above @ kernel.T
        tick()


def work(
    way: Callable, seeds: list[int], ready: Path, processes: int
) -> tuple[float, int]:
    """Train some networks, beginning when all processes are ready.

    Returns the epochs a second, and the greatest memory in bytes up to the end
    of the first network: a worker of this project trains one, and is replaced.
    """
    mnist = data.load_mnist(data.VALIDATION_SIZE)
    few = data.Part(mnist.train.images[:2_560], mnist.train.labels[:2_560])
    way(data.Mnist(few, few, few), 0, lambda: None)
    (ready / str(os.getpid())).touch()
    while len(list(ready.iterdir())) < processes:
        time.sleep(0.01)
    seconds = 0.0
    for seed in seeds:
        ends = []
        way(mnist, seed, lambda ends=ends: ends.append(time.monotonic()))
        seconds += ends[-1] - ends[0]
        if seed == seeds[0]:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return len(seeds) * EPOCHS / seconds, peak


def rate(
    way: Callable, processes: int, environment: dict, networks: int
) -> tuple[float, int]:
    """Measure networks * epochs a second, and a process's peak memory."""
    os.environ.update(environment)
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            ProcessPoolExecutor(processes, get_context("spawn")) as pool,
        ):
            rates, peaks = zip(*pool.map(
                work, [way] * processes,
                [list(range(i, networks, processes)) for i in range(processes)],
                [Path(folder)] * processes, [processes] * processes,
            ), strict=True)
    finally:
        for name in environment:
            del os.environ[name]
    return sum(rates), max(peaks)


def measure(
    ways: dict[str, tuple[Callable, int, dict]], networks: int
) -> dict[str, list]:
    """Measure each way in each round; return a table with a row a way.

    A way is a function, the number of processes and their environment.
    Columns: `way`, `speed` (the median over the rounds) and `megabytes`.
    """
    found = {name: [] for name in ways}
    for number in range(1, ROUNDS + 1):
        for name, way in ways.items():
            found[name].append(rate(*way, networks))
            print(f"round {number}: {name} {found[name][-1][0]:.3f} networks "
                  "· epochs a second", flush=True)
    return {
        "way": list(found),
        "speed": [
            round(statistics.median(speed for speed, _ in rounds), 4)
            for rounds in found.values()
        ],
        "megabytes": [
            round(max(peak for _, peak in rounds) / 1e6)
            for rounds in found.values()
        ],
    }


def main() -> None:
    """Measure all ways; store the medians and print them as a table."""
    ways = {
        benchmarks.NAIVE: (naive, 1, {}),
        benchmarks.ONE: (ours, 1, machine.ENVIRONMENT),
        benchmarks.ALL: (ours, CORES, machine.ENVIRONMENT),
        benchmarks.TORCH: (pytorch, 1, {}),
        benchmarks.LIMIT: (limit, 1, {}),
    }
    if not find_spec("torch"):
        print("Without PyTorch; to compare with it: pip install torch")
        del ways[benchmarks.TORCH]
    table = measure(ways, NETWORKS)
    settings = {"networks": NETWORKS, "epochs": EPOCHS, "rounds": ROUNDS}
    stamp = {"hardware": hardware(), "versions": versions(LARDER.libraries),
             "finished": datetime.date.today().isoformat()}
    store.save(benchmarks.path(), store.Result(settings, table), stamp)
    print(appendix.benchmark(benchmarks.load()).data)


if __name__ == "__main__":
    main()

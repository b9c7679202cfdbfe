"""What `make bench` measured last, for the report's appendix.

Not a run: a measurement belongs to a machine and an hour, and nothing makes it
stale. It is stored as results are, so it is verified when it is read.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from digits import paths, store

# Kinds of pictures of which the report shows one, and what became of it.
EXAMPLES = (
    "squared", "light falls by 60 %", "edge of a table", "in a box",
)
NAIVE, ONE, ALL, TORCH, LIMIT = "naive", "one", "all", "torch", "limit"


@dataclass(frozen=True)
class Benchmark:
    """The speed of each way to train, and where it was measured.

    `ways` has a row for each, named by the constants of this module, with
    `speed` in networks · epochs a second and `megabytes`, a process's peak.
    """

    ways: pd.DataFrame
    processor: str
    cores: int
    day: str
    networks: int
    rounds: int


def path(folder: Path = paths.RESULTS) -> Path:
    """Say where the measurement lies under the folder of results."""
    return store.path_of(folder, "benchmarks", "train")


def load() -> Benchmark:
    """Read the measurement; raise as `store.load` does if there is none."""
    stored = store.load(path())
    return Benchmark(
        ways=pd.DataFrame(stored.result.table).set_index("way"),
        processor=stored.stamp["hardware"]["processor"],
        cores=stored.stamp["hardware"]["cores"],
        day=stored.stamp["finished"],
        networks=stored.result.metrics["networks"],
        rounds=stored.result.metrics["rounds"],
    )


@dataclass(frozen=True)
class PicturesRead:
    """What of composed pictures is read rightly, by `benchmarks/pictures.py`.

    `kinds` has a row for each: `count`, how many are `right` with no doubt,
    `read` rightly with or without, `refused`, and `sure`: wrong, without a
    doubt, and with more than 0.9 of probability for each digit. `scores` says
    of each score what it keeps and refuses. `pictures` uint8 (n, h, w) are
    those of `EXAMPLES`, and `seen` (n, 28, 28, 1) what the networks saw.
    """

    kinds: pd.DataFrame
    scores: dict[str, float]
    pictures: np.ndarray
    seen: np.ndarray
    day: str


def pictures_path(folder: Path = paths.RESULTS) -> Path:
    """Say where what is read of pictures lies."""
    return store.path_of(folder, "benchmarks", "pictures")


def load_pictures() -> PicturesRead:
    """Read the measurement; raise as `store.load` does if there is none."""
    stored = store.load(pictures_path())
    return PicturesRead(
        kinds=pd.DataFrame(stored.result.table).set_index("kind"),
        scores=stored.result.metrics,
        pictures=stored.result.arrays["pictures"],
        seen=stored.result.arrays["seen"],
        day=stored.stamp["finished"],
    )

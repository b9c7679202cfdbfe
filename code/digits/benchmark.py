"""What `make bench` measured last of training, for the report's appendix.

Not a run: a measurement belongs to a machine and an hour, and nothing makes it
stale. It is stored as results are, so it is verified when it is read.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from digits import paths, store

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

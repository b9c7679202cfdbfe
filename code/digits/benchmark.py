"""What was measured last of training and of the page, for the appendix.

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


@dataclass(frozen=True)
class PageBenchmark:
    """How right, near and quick the networks in the HTML page are.

    `networks` has a row for each, by name: `parameters`; `milliseconds` of one
    core that a prediction takes; `accuracy` in the page and
    `stored_accuracy`, and the share of test images that are read the `same`;
    the largest `difference` of logits (of pixels, for the auto-encoder), and
    the `seasoned_difference`, that of noisy images. For a move of the pointer
    that draws, the page's thread works `move_milliseconds`; the longest time
    between two frames meanwhile is by the clock. `outcome` is that of the
    packed networks.
    """

    networks: pd.DataFrame
    packed_bytes: int
    unpacking_milliseconds: float
    move_milliseconds: float
    longest_gap_milliseconds: float
    outcome: str
    browser: str
    processor: str
    cores: int
    day: str


def path(folder: Path = paths.RESULTS, name: str = "train") -> Path:
    """Say where a measurement lies under the folder of results."""
    return store.path_of(folder, "benchmarks", name)


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


def load_page() -> PageBenchmark:
    """Read what `benchmarks/page.py` measured; raise as `load` does."""
    stored = store.load(path(name="page"))
    stamp = stored.stamp
    return PageBenchmark(
        networks=pd.DataFrame(stored.result.table).set_index("network"),
        **stored.result.metrics,
        outcome=stamp["page"],
        browser=stamp["browser"],
        processor=stamp["hardware"]["processor"],
        cores=stamp["hardware"]["cores"],
        day=stamp["finished"],
    )

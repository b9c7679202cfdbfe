"""What was measured last, for the report's appendices.

Not a run: a measurement belongs to a machine and an hour, and nothing makes it
stale. It is stored as results are, so it is verified when it is read.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from digits.experiments.findings import Findings
from digits.kept import results
from larder import store

NAME = "benchmarks"
# Those of which the report states something.
STATED = ("train", "page", "pictures")

# Kinds of pictures of which the report shows one, and what became of it.
EXAMPLES = (
    "squared", "light falls by 60 %", "edge of a table", "in a box",
)
NAIVE, ONE, ALL, TORCH, LIMIT = "naive", "one", "all", "torch", "limit"


@dataclass(frozen=True)
class Benchmark(Findings):
    """The speed of each way to train, and where it was measured.

    `ways` has a row for each, named by the constants of this module, with
    `speed` in networks · epochs a second and `megabytes`, a process's peak.
    """

    _runs = ("train",)

    ways: pd.DataFrame
    processor: str
    cores: int
    day: str
    networks: int
    rounds: int

    def times(self, way: str, other: str) -> float:
        """How many times as fast a way is as another."""
        return float(self.ways["speed"][way] / self.ways["speed"][other])


@dataclass(frozen=True)
class PageBenchmark(Findings):
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

    _runs = ("page",)

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

    @property
    def furthest(self) -> float:
        """The largest difference between an accuracy and the stored one."""
        gaps = self.networks["accuracy"] - self.networks["stored_accuracy"]
        return float(gaps.abs().max())


def path(folder: Path | None = None, name: str = "train") -> Path:
    """Say where a measurement lies under the folder of results."""
    return store.path_of(folder or results(), NAME, name)


def stamps() -> dict[str, dict]:
    """Give the stamps of all that are stated; of those missing, none."""
    return {
        name: store.inspect(path(name=name)).stamp
        for name in STATED if path(name=name).is_file()
    }


def load(folder: Path | None = None) -> Benchmark:
    """Read the measurement; raise as `store.load` does if there is none."""
    stored = store.load(path(folder))
    return Benchmark(
        ways=pd.DataFrame(stored.result.table).set_index("way"),
        processor=stored.stamp["hardware"]["processor"],
        cores=stored.stamp["hardware"]["cores"],
        day=stored.stamp["finished"],
        networks=stored.result.metrics["networks"],
        rounds=stored.result.metrics["rounds"],
    )


def load_page(folder: Path | None = None) -> PageBenchmark:
    """Read what `benchmarks/page.py` measured; raise as `load` does."""
    stored = store.load(path(folder, "page"))
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


@dataclass(frozen=True)
class PicturesRead(Findings):
    """What of composed pictures is read rightly, by `benchmarks/pictures.py`.

    `kinds` has a row for each: `count`, how many are `right` with no doubt,
    `read` rightly with or without, `refused`, and `sure`: wrong, without a
    doubt, and with more than 0.9 of probability for each digit. `scores` says
    of each score what it keeps and refuses. `pictures` uint8 (n, h, w) are
    those of `EXAMPLES`, and `seen` (n, 28, 28, 1) what the networks saw.
    `confused` (10, 10) says how often each of scikit-learn's digits was read
    as each.
    """

    _runs = ("pictures",)

    kinds: pd.DataFrame
    scores: dict[str, float]
    pictures: np.ndarray
    seen: np.ndarray
    confused: np.ndarray
    day: str


def load_pictures(folder: Path | None = None) -> PicturesRead:
    """Read the measurement; raise as `store.load` does if there is none."""
    stored = store.load(path(folder, "pictures"))
    return PicturesRead(
        kinds=pd.DataFrame(stored.result.table).set_index("kind"),
        scores=stored.result.metrics,
        pictures=stored.result.arrays["pictures"],
        seen=stored.result.arrays["seen"],
        confused=stored.result.arrays["confused"],
        day=stored.stamp["finished"],
    )

"""Nearest neighbours, in NumPy alone."""

import csv
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from larder import NOWHERE, Context, Rehearsal, Result, ignored, smaller

# Names the file where the code is not beside it, as older code never is.
VARIABLE = "FLOWERS_CSV"
# Of the text with LF line ends, so that `read` can't give other flowers.
SHA256 = (
    "9cc1c345c71bcc9b486b74cbf6063fa6"
    "6f4bb5e0f603a4b3c3471ec2e5e8e355"
)


@dataclass(frozen=True)
class NeighboursConfig:
    """How many neighbours vote, and how often the flowers are split in two."""

    neighbours: int = 5
    splits: int = 300
    seed: int = 0

    def __post_init__(self):
        """Refuse values out of range."""
        for name in ("neighbours", "splits"):
            if (value := getattr(self, name)) < 1:
                raise ValueError(f"{name} is {value}; allowed: 1 and more")

    @ignored("a rehearsal is no part of what it rehearses")
    def rehearsal(self) -> Rehearsal:
        """Split less often."""
        return Rehearsal(smaller(self, splits=30))


def score_neighbours(
    config: NeighboursConfig, context: Context = NOWHERE
) -> Result:
    """Let one half of the flowers vote on the other, many times.

    Metric: `accuracy`, the mean over the splits. Array: `accuracies` (splits,).
    """
    measures, species = read()
    generator = np.random.default_rng(config.seed)
    accuracies = np.zeros(config.splits)
    for split in range(config.splits):
        order = generator.permutation(len(species))
        known, asked = np.split(order, 2)
        apart = measures[asked, np.newaxis] - measures[known]
        nearest = np.square(apart).sum(axis=2).argsort(axis=1, kind="stable")
        votes = species[known][nearest[:, : config.neighbours]]
        counts = (votes[..., np.newaxis] == np.arange(3)).sum(axis=1)
        accuracies[split] = (counts.argmax(axis=1) == species[asked]).mean()
        context.report(split + 1, config.splits)
    return Result(
        metrics={"accuracy": float(accuracies.mean())},
        arrays={"accuracies": accuracies},
    )


def locate() -> Path:
    """Name the file of the flowers."""
    beside = Path(__file__).resolve().parents[2] / "data/iris.csv"
    return Path(os.environ.get(VARIABLE, beside))


@ignored("the file is verified by SHA-256")
def read() -> tuple[np.ndarray, np.ndarray]:
    """Give measures in cm, (150, 4), and species from 0 to 2, (150,)."""
    text = locate().read_text(encoding="utf-8")
    found = hashlib.sha256(text.encode()).hexdigest()
    if found != SHA256:
        raise ValueError(f"{locate()}: its SHA-256 is {found}, not {SHA256}")
    _, *rows = csv.reader(text.splitlines())
    names = sorted({row[-1] for row in rows})
    return (
        np.array([row[:-1] for row in rows], dtype=float),
        np.array([names.index(row[-1]) for row in rows]),
    )

"""Question 1: what the notebook's pre-processing does to MNIST.

The claim: it changes the form of the data and none of its content. Images of
bytes become float32 in [0, 1] with a channel axis, at four times the memory;
labels become indicators of ten classes.
"""

from dataclasses import dataclass

import numpy as np

from digits import data
from digits.experiments.findings.asked import Findings
from digits.kept import compute
from digits.tasks.rehearsal import IN_SMALL, rehearsed
from larder import Rehearsal, Result, Run, ignored

NAME = "preprocessing"


@dataclass(frozen=True)
class PreprocessingConfig:
    """How many examples of each class are kept for the figure."""

    examples: int = 1

    @ignored(IN_SMALL)
    def rehearsal(self) -> Rehearsal:
        """Do it all: it takes a second."""
        train, test = (data.SHAPES[name][0] for name in ("x_train", "x_test"))
        return rehearsed(self, train, test)


@dataclass(frozen=True)
class PreprocessingResult(Findings):
    """What the report shows of Question 1.

    `table` has a row for each array before and after, with its shape, type,
    least and greatest value and megabytes. `examples` are uint8 images of
    shape (10 * examples, 28, 28), in the order of their `labels`.
    """

    table: dict[str, list]
    examples: np.ndarray
    labels: np.ndarray

    @property
    def types(self) -> tuple[str, str]:
        """The types of the images, as loaded and pre-processed."""
        before, after, *_ = self.table["type"]
        return before, after


def describe_preprocessing(config: PreprocessingConfig) -> Result:
    """Apply the pre-processing to the training set; say what it changed."""
    arrays = data.read_arrays()
    images, labels = arrays["x_train"], arrays["y_train"]
    rows = [
        _row("images", "as loaded", images),
        _row("images", "pre-processed", data.scale(images)),
        _row("labels", "as loaded", labels),
        _row("labels", "pre-processed", data.one_hot(labels)),
    ]
    chosen = np.concatenate([
        np.flatnonzero(labels == digit)[: config.examples]
        for digit in range(data.CLASSES)
    ])
    return Result(
        metrics={"train_images": len(images),
                 "test_images": len(arrays["x_test"])},
        table={key: [row[key] for row in rows] for key in rows[0]},
        arrays={"examples": images[chosen], "labels": labels[chosen]},
    )


def _row(what: str, stage: str, array: np.ndarray) -> dict:
    return {
        "array": what,
        "stage": stage,
        "shape": list(array.shape),
        "type": str(array.dtype),
        "minimum": float(array.min()),
        "maximum": float(array.max()),
        "megabytes": round(array.nbytes / 1e6, 2),
    }


def runs() -> list[Run]:
    """List the one run: the pre-processing of the training set."""
    return [
        Run(NAME, "training-set", describe_preprocessing, PreprocessingConfig())
    ]


def result() -> PreprocessingResult:
    """Give what the report shows of Question 1."""
    (stored,) = compute(runs())
    return PreprocessingResult(
        table=stored.result.table,
        examples=stored.result.arrays["examples"],
        labels=stored.result.arrays["labels"],
    )

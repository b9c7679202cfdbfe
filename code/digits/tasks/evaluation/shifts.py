"""Classifiers that meet test images which were moved."""

from dataclasses import dataclass

import numpy as np

from digits import data
from digits.checks import refuse_unless, whole
from digits.tasks.configs import Training
from digits.tasks.rehearsal import IN_SMALL, rehearsed
from digits.tasks.scoring import accuracy
from digits.tasks.trained import restore
from digits.tasks.training import start
from larder import NOWHERE, Context, Rehearsal, Result, ignored, smaller


@dataclass(frozen=True)
class ShiftConfig:
    """The network whose accuracy on shifted test images is asked for.

    Images are moved by 0 to `largest_shift` pixels.
    """

    network: Training
    largest_shift: int = 8

    def __post_init__(self):
        """Refuse values out of range."""
        right = whole(self.largest_shift, 0) and self.largest_shift < 28
        refuse_unless(self, [
            ("largest_shift", "a whole number of pixels below 28", right),
        ])

    @ignored(IN_SMALL)
    def rehearsal(self) -> Rehearsal:
        """Shift fewer images, and less far."""
        return rehearsed(smaller(self, largest_shift=2))


def score_shifted(
    config: ShiftConfig, trained: Result, context: Context = NOWHERE
) -> Result:
    """Score a trained network on test images moved to each of four sides.

    What comes in at a side is black; what leaves at the other is lost. Table,
    a row a shift: `shift` in pixels and `accuracy`, the mean of four sides.
    """
    start(0)
    network = restore(config.network.network, trained.weights)
    test = data.load_mnist().test
    shifts = list(range(config.largest_shift + 1))
    accuracies = []
    for size in shifts:
        sides = [(size, 0), (-size, 0), (0, size), (0, -size)]
        accuracies.append(float(np.mean([
            accuracy(network, data.Part(
                shifted(test.images, *side), test.labels
            ))
            for side in (sides if size else sides[:1])
        ])))
        context.report(size + 1, len(shifts))
    return Result(
        metrics={"accuracy_unshifted": accuracies[0]},
        table={"shift": shifts, "accuracy": accuracies},
    )


def shifted(images: np.ndarray, down: int, right: int) -> np.ndarray:
    """Move images of shape (n, h, w, c) by whole pixels; black comes in."""
    _, height, width, _ = images.shape
    moved = np.zeros_like(images)
    to_rows = slice(max(down, 0), height + min(down, 0))
    to_columns = slice(max(right, 0), width + min(right, 0))
    from_rows = slice(max(-down, 0), height + min(-down, 0))
    from_columns = slice(max(-right, 0), width + min(-right, 0))
    moved[:, to_rows, to_columns] = images[:, from_rows, from_columns]
    return moved

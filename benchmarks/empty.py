"""Runs that compute nothing, for `overhead.py`; workers import them by name."""

from dataclasses import dataclass

import numpy as np

from larder import Result, Run


@dataclass(frozen=True)
class Empty:
    """A config that tells runs apart."""

    number: int = 0


def nothing(config: Empty) -> Result:
    """Return next to nothing."""
    return Result(metrics={"number": config.number})


def much(config: Empty) -> Result:
    """Return, at once, as much as a run of 2D does."""
    # Not at chance, which would be refused.
    draws = np.random.default_rng(config.number).uniform(0.5, 1, 40).tolist()
    names = ("loss", "accuracy", "scored_loss", "scored_accuracy")
    return Result(
        metrics={"number": config.number},
        table={"epoch": list(range(1, 41))} | dict.fromkeys(names, draws),
        arrays={"test_predictions": np.arange(10_000).astype(np.uint8)},
    )


def runs(task: str, count: int) -> list[Run]:
    """List runs of the task that is named."""
    return [
        Run("empty", f"run-{number}", globals()[task], Empty(number))
        for number in range(count)
    ]

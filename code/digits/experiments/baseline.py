"""Question 2C: ten epochs of the notebook's network.

The claim: 784-64-64-10 learns MNIST to about 97 % in ten epochs, and how fast
it gets there hardly depends on the seed. Shown twice, with five seeds each:
as the notebook has it (60,000 training images, the test images as validation
data), and on our own split (55,000 and 5,000), on which choices are made.
"""

from dataclasses import dataclass

import pandas as pd

from digits.kept import compute
from digits.tasks.training import DenseConfig, train_dense_classifier
from larder import Run
from larder.frames import final_frame, table_frame

NAME = "baseline"
SEEDS = range(5)
# Name of the protocol -> whether all 60,000 images are trained on.
PROTOCOLS = {"notebook": True, "held-out": False}


@dataclass(frozen=True)
class BaselineResult:
    """What the report shows of 2C.

    `epochs` has a row a run and epoch, `final` a row a run; both have the
    column `protocol`, "notebook" or "held-out".
    """

    epochs: pd.DataFrame
    final: pd.DataFrame


def runs() -> list[Run]:
    """List the runs: both protocols, five seeds each."""
    return [
        Run(
            NAME,
            f"{protocol}_seed-{seed}",
            train_dense_classifier,
            DenseConfig(seed=seed, whole_training_set=whole),
        )
        for protocol, whole in PROTOCOLS.items()
        for seed in SEEDS
    ]


def result() -> BaselineResult:
    """Give the curves and the final accuracies."""
    needed = runs()
    stored = compute(needed)
    return BaselineResult(
        epochs=_with_protocol(table_frame(needed, stored)),
        final=_with_protocol(final_frame(needed, stored)),
    )


def _with_protocol(frame: pd.DataFrame) -> pd.DataFrame:
    names = {whole: name for name, whole in PROTOCOLS.items()}
    return frame.assign(protocol=frame["whole_training_set"].map(names))

"""Question 2C: ten epochs of the notebook's network.

The claim: 784-64-64-10 learns MNIST to about 97 % in ten epochs, and how fast
it gets there hardly depends on the seed. Shown twice, with five seeds each:
as the notebook has it (60,000 training images, the test images as validation
data), and on our own split (55,000 and 5,000), on which choices are made.
"""

from dataclasses import dataclass

import pandas as pd

from digits import data
from digits.experiments.findings.asked import Findings, rows_where
from digits.kept import compute
from digits.networks.dense import DenseNetwork
from digits.statistics import Summary, summarise, wilson_interval
from digits.tasks.configs import Training
from digits.tasks.notebook import train_as_notebook
from digits.tasks.split import Split
from larder import Run
from larder.looking.frames import final_frame, table_frame

NAME = "baseline"
SEEDS = range(5)
# Name of the protocol -> whether all 60,000 images are trained on.
PROTOCOLS = {"notebook": True, "held-out": False}


@dataclass(frozen=True)
class BaselineResult(Findings):
    """What the report shows of 2C.

    `epochs` has a row a run and epoch, `final` a row a run; both have the
    column `protocol`, "notebook" or "held-out". What is named below is of the
    notebook's protocol, where nothing else is said.
    """

    epochs: pd.DataFrame
    final: pd.DataFrame

    @property
    def test(self) -> Summary:
        """Accuracy on the test images, over the seeds."""
        return self._final("notebook", "test_accuracy")

    @property
    def validation(self) -> Summary:
        """Accuracy on the images that our own protocol holds out."""
        return self._final("held-out", "validation_accuracy")

    def _final(self, protocol: str, column: str) -> Summary:
        return summarise(rows_where(self.final, protocol=protocol)[column])

    @property
    def test_interval(self) -> tuple[float, float]:
        """The 95 % Wilson interval of the mean test accuracy."""
        count, *_ = data.SHAPES["x_test"]
        return wilson_interval(self.test.mean, count)

    @property
    def last_epoch(self) -> int:
        """The epoch that all trainings end with."""
        return int(self.epochs["epoch"].max())

    def scored(self, epoch: int) -> Summary:
        """Accuracy on the validation images after an epoch."""
        return summarise(self._by_seed("scored_accuracy").loc[epoch])

    def gain(self, start: int, end: int) -> Summary:
        """What that accuracy gains between two epochs, seed by seed."""
        scored = self._by_seed("scored_accuracy")
        return summarise(scored.loc[end] - scored.loc[start])

    def lead(self, epoch: int) -> Summary:
        """How far training is ahead of validation, seed by seed."""
        return summarise(
            self._by_seed("accuracy").loc[epoch]
            - self._by_seed("scored_accuracy").loc[epoch]
        )

    def _by_seed(self, column: str) -> pd.DataFrame:
        return rows_where(self.epochs, protocol="notebook").pivot(
            index="epoch", columns="seed", values=column
        )

    @property
    def loss_changes(self) -> pd.Series:
        """From epoch to epoch, the change of the mean validation loss.

        Of both protocols, one after the other.
        """
        means = self.epochs.groupby(["protocol", "epoch"])["scored_loss"]
        return means.mean().groupby("protocol").diff().dropna()


def runs() -> list[Run]:
    """List the runs: both protocols, five seeds each."""
    return [
        Run(
            NAME,
            f"{protocol}_seed-{seed}",
            train_as_notebook,
            Training(DenseNetwork(), split=Split(whole), seed=seed),
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

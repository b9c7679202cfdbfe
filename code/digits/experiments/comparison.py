"""Question 3B: what convolution brings, beside dense layers.

The question: does a convolutional network do better because it has more
parameters, or because of what it is? Three networks are trained in one way,
without augmentation, with the same number of steps, on 100 to 60,000 images:
a small convolutional one, the notebook's 784-64-64-10, which has as many
parameters, and 784-500-300-10, which has ten times as many. Then the test
images are moved.
"""

from dataclasses import dataclass, replace

import pandas as pd

from digits.experiments.findings.asked import Findings, rows_where
from digits.kept import compute
from digits.networks.convolutional import ConvolutionalNetwork
from digits.networks.dense import DenseNetwork
from digits.statistics import Summary, summarise
from digits.tasks.classifier import train_classifier
from digits.tasks.configs import Training
from digits.tasks.evaluation.shifts import ShiftConfig, score_shifted
from digits.tasks.schedule import WARMED_UP
from digits.tasks.split import Split
from larder import Run
from larder.looking.frames import final_frame, table_frame

NAME = "comparison"
SEEDS = range(3)
SIZES = (100, 1_000, 10_000, 60_000)
NETWORKS = {
    "convolutional": ConvolutionalNetwork(16, ((32,), (56, 64))),
    "dense": DenseNetwork((64, 64)),
    "dense-large": DenseNetwork((500, 300)),
}
LABELS = {
    "convolutional": "convolutional",
    "dense": "784-64-64-10",
    "dense-large": "784-500-300-10",
}
# 1,000 steps for each, whatever the number of images.
SCHEDULE = replace(
    WARMED_UP, epochs=10, epoch_images=12_800, learning_rate=0.05
)


@dataclass(frozen=True)
class ComparisonResult(Findings):
    """What the report shows of 3B.

    `sizes` has a row a training: `network`, `training_images`, `seed`,
    `parameters`, `test_accuracy`. `shifts` has a row a network trained on all
    images, seed and shift: `network`, `seed`, `shift`, `accuracy`.
    """

    sizes: pd.DataFrame
    shifts: pd.DataFrame

    def accuracy(self, network: str, images: int) -> Summary:
        """Test accuracy of a network trained on so many images."""
        found = rows_where(self.sizes, network=network, training_images=images)
        return summarise(found["test_accuracy"])

    def from_images(self, network: str, least: int) -> list[Summary]:
        """Test accuracy for each number of images that is `least` or more."""
        return [self.accuracy(network, n) for n in SIZES if n >= least]

    def best_dense(self, least: int) -> list[Summary]:
        """Give for each such number the better of the two dense networks."""
        return [
            max(pair, key=lambda found: found.mean)
            for pair in zip(
                self.from_images("dense", least),
                self.from_images("dense-large", least), strict=True,
            )
        ]

    def apart(self, images: int) -> float:
        """How far the best and the worst of the three are apart."""
        means = [self.accuracy(name, images).mean for name in NETWORKS]
        return max(means) - min(means)

    def moved(self, network: str, shift: int) -> Summary:
        """Accuracy on test images that are moved by so many pixels."""
        found = rows_where(self.shifts, network=network, shift=shift)
        return summarise(found["accuracy"])

    def shifted(self, network: str, low: int, high: int) -> list[Summary]:
        """Accuracy on images moved by `low` to `high` pixels."""
        return [self.moved(network, by) for by in range(low, high + 1)]

    @property
    def fewer_errors(self) -> float:
        """How many times fewer errors convolution makes, of all images.

        Than the dense network with as many parameters.
        """
        dense, convolutional = (
            1 - self.accuracy(name, SIZES[-1]).mean
            for name in ("dense", "convolutional")
        )
        return dense / convolutional

    @property
    def multiplications(self) -> pd.Series:
        """What a network multiplies for one image, by network."""
        return self.sizes.groupby("network")["multiplications"].first()


def runs() -> list[Run]:
    """List the runs: trainings, and evaluations of the fully trained."""
    trainings = {
        (network, size, seed): _training(network, size, seed)
        for size in SIZES
        for seed in SEEDS
        for network in NETWORKS
    }
    return [*trainings.values(), *(
        Run(NAME, f"shifts_{network}_seed-{seed}", score_shifted,
            ShiftConfig(run.config), {"trained": run})
        for (network, size, seed), run in trainings.items()
        if size == SIZES[-1]
    )]


def _training(network: str, size: int, seed: int) -> Run:
    config = Training(
        NETWORKS[network],
        schedule=SCHEDULE,
        split=Split(whole_training_set=True, training_images=size),
        seed=seed,
        keep_weights=size == SIZES[-1],
    )
    name = f"{network}_images-{size}_seed-{seed}"
    return Run(NAME, name, train_classifier, config)


def result() -> ComparisonResult:
    """Give accuracies by number of images, and by shift."""
    stored = dict(zip(runs(), compute(runs()), strict=True))
    trainings = [run for run in stored if not run.needs]
    moved = [run for run in stored if run.needs]
    sizes = final_frame(trainings, [stored[r] for r in trainings])
    shifts = table_frame(moved, [stored[r] for r in moved])
    return ComparisonResult(
        sizes.assign(network=sizes["run"].str.partition("_")[0]),
        shifts.assign(
            network=shifts["run"].str.split("_").str[1],
            seed=shifts["run"].str.rpartition("-")[2].astype(int),
        ),
    )

"""Question 2D: weight decay in 784-500-300-10, and Hinton's 0.9847.

The claim: with a constant learning rate, no factor up to 1.8e-4 makes a
difference that ten seeds can show, and 1e-3 harms. Chosen on the validation
images, 1.8e-4 gives 98.13 ± 0.07 % on the test images, below Hinton's 98.47 %.

The runs as asked: 40 epochs of the notebook's training for five factors of L2
regularization and for none, in replicates that differ in nothing but their
seed, for initialisation and shuffling alike. Trained on 55,000 images, with
the last epoch's weights; the factor is chosen on the 5,000 validation images,
and the 10,000 test images are scored beside, to show what choosing on them
would have done.
"""

from dataclasses import dataclass

import pandas as pd

from digits import experiments
from digits.compute import compute
from digits.runs import Run
from digits.training import DenseConfig, train_dense_classifier

NAME = "weight_decay"
# Factor 0 stands beside the five that are asked for, log-spaced.
FACTORS = (0.0, 1e-6, 5.6e-6, 3.2e-5, 1.8e-4, 1e-3)
SEEDS = range(10)
# The three replicates that are asked for.
ASKED_SEEDS = range(3)

# LeCun's table: one run, error 1.53 % on the 10,000 test images.
HINTON = 0.9847


@dataclass(frozen=True)
class WeightDecayResult:
    """What the report shows of 2D.

    `epochs` has a row a run and epoch, `final` a row a run. `chosen` is the
    factor with the best mean validation accuracy over all seeds, and
    `chosen_on_test` what the test images would have chosen.
    """

    epochs: pd.DataFrame
    final: pd.DataFrame
    chosen: float
    chosen_on_test: float


def runs() -> list[Run]:
    """List the runs: each factor, with each seed."""
    return [
        Run(
            NAME,
            f"factor-{factor:g}_seed-{seed}",
            train_dense_classifier,
            DenseConfig(
                hidden_units=(500, 300),
                epochs=40,
                regularization_factor=factor,
                seed=seed,
            ),
        )
        for seed in SEEDS
        for factor in FACTORS
    ]


def result() -> WeightDecayResult:
    """Give curves, final accuracies and the factor that they choose."""
    needed = runs()
    stored = compute(needed)
    final = experiments.final_frame(needed, stored)
    means = final.groupby("regularization_factor").mean(numeric_only=True)
    return WeightDecayResult(
        epochs=experiments.table_frame(needed, stored),
        final=final,
        chosen=means["validation_accuracy"].idxmax(),
        chosen_on_test=means["test_accuracy"].idxmax(),
    )

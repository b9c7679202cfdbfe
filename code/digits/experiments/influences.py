"""Question 2D: what else may influence the accuracy of 784-500-300-10.

The question: what Hinton's row leaves open, how much does it matter? First one
thing at a time is changed in the setting that the sweep of `weight_decay`
chose; then schedule, rate, momentum and decay are changed together. All are
judged on the 5,000 validation images. The combination that is best there is
trained on all 60,000 images and meets the test images once.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import pandas as pd

from digits.augmentation.configs import Translation
from digits.experiments import weight_decay
from digits.experiments.findings.asked import Findings, rows_where
from digits.kept import compute
from digits.statistics import Estimate, Summary, difference, summarise
from digits.tasks.notebook import train_as_notebook
from larder import Run, varied
from larder.looking.frames import final_frame

NAME = "influences"
SEEDS = range(3)
FINAL_SEEDS = range(5)

# One thing at a time. Adam, whose steps are longer, has a learning rate of its
# own, and momentum is tried with two: 0.01 goes as far as 0.1 without.
CHANGES = {
    "cosine": {"decay": "cosine"},
    "momentum": {"momentum": 0.9},
    "momentum-rate-0.01": {"momentum": 0.9, "learning_rate": 0.01},
    "adam": {"optimizer": "adam", "learning_rate": 0.001},
    "batch-512": {"batch_size": 512},
    "he-normal": {"initializer": "he_normal"},
    "standardize": {"standardize": True},
    "dropout": {"dropout": 0.2},
    "shift": {"augmentation": Translation(1)},
    "early-stopping": {"early_stopping_patience": 5},
    "factor-0.0032": {"regularization_factor": 3.2e-3},
    "factor-0.01": {"regularization_factor": 1e-2},
}

# What Hinton's row leaves open, together: schedule, rate, momentum and decay.
# All with the first seed, and the better half of them with the others too.
COMBINATIONS = {
    f"cosine_rate-{rate:g}_momentum-{momentum:g}_factor-{factor:g}": {
        "decay": "cosine",
        "learning_rate": rate,
        "momentum": momentum,
        "regularization_factor": factor,
    }
    for rate, momentum in ((0.3, 0.0), (0.1, 0.9))
    for factor in (1e-4, 3.2e-4, 1e-3)
}


FINALISTS = (
    "cosine_rate-0.1_momentum-0.9_factor-0.0001",
    "cosine_rate-0.1_momentum-0.9_factor-0.00032",
    "cosine_rate-0.1_momentum-0.9_factor-0.001",
)
# What validation chose of these; both choices are checked by `result()`.
BEST = "cosine_rate-0.1_momentum-0.9_factor-0.00032"

LABELS = {
    "cosine": "cosine schedule",
    "momentum": "momentum 0.9",
    "momentum-rate-0.01": "momentum 0.9, rate 0.01",
    "adam": "Adam, rate 0.001",
    "batch-512": "batches of 512",
    "he-normal": "He initialisation",
    "standardize": "standardised pixels",
    "dropout": "dropout 0.2",
    "shift": "random shifts by up to 1 pixel",
    "early-stopping": "early stopping",
    "factor-0.0032": "factor 0.0032",
    "factor-0.01": "factor 0.01",
} | {
    name: f"cosine from {change['learning_rate']:g}, "
    + (f"momentum {change['momentum']:g}, " if change["momentum"] else "")
    + f"factor {change['regularization_factor']:g}"
    for name, change in COMBINATIONS.items()
}


@dataclass(frozen=True)
class InfluencesResult(Findings):
    """What the report shows of what may influence the accuracy.

    `final` has a row a run, with the column `change`: a key of `LABELS`, or
    "final" for `BEST` on all 60,000 images. `differences` says for each
    change and finalist how much better its mean validation accuracy is than
    that of the sweep's runs of the chosen factor.
    """

    final: pd.DataFrame
    differences: dict[str, Estimate]

    @property
    def test(self) -> Summary:
        """Test accuracy of the best combination, on all 60,000 images."""
        best = rows_where(self.final, change="final")
        return summarise(best["test_accuracy"])

    @property
    def gained(self) -> Estimate:
        """What the best combination adds to the validation accuracy."""
        return self.differences[BEST]

    @property
    def changes(self) -> pd.DataFrame:
        """The differences of single changes: mean, low and high, by name."""
        return pd.DataFrame({
            name: asdict(self.differences[name])
            for name in CHANGES
        }).T

    def labelled(self, names: Iterable[str]) -> list[tuple[str, Estimate]]:
        """Give the differences of changes or finalists, with their labels."""
        return [(LABELS[name], self.differences[name]) for name in names]

    @property
    def unclear(self) -> list[str]:
        """The labels of changes that may as well help as harm."""
        found = self.changes.query("low <= 0 <= high")
        return [LABELS[name] for name in found.index]


def runs() -> list[Run]:
    """List the runs: changes, combinations, and the best of these at last."""
    return [
        *(
            _run(f"{name}_seed-{seed}", seed=seed, **change)
            for name, change in (CHANGES | COMBINATIONS).items()
            for seed in SEEDS
            if seed == SEEDS[0] or name in (*CHANGES, *FINALISTS)
        ),
        *final_runs(),
    ]


def final_runs() -> list[Run]:
    """List the runs of the best combination on all 60,000 images."""
    return [
        _run(f"final_seed-{seed}", seed=seed, whole_training_set=True,
             keep_weights=True, **COMBINATIONS[BEST])
        for seed in FINAL_SEEDS
    ]


def _run(name: str, **change) -> Run:
    config = varied(weight_decay.CHOSEN, **change)
    return Run(NAME, name, train_as_notebook, config)


def result() -> InfluencesResult:
    """Give accuracies and differences.

    Raises `ValueError` if validation chooses others than `FINALISTS` or `BEST`.
    """
    needed = runs()
    final = final_frame(needed, compute(needed))
    final["change"] = final["run"].str.rsplit("_", n=1).str[0]
    groups = dict(list(final.groupby("change")["validation_accuracy"]))
    half = len(COMBINATIONS) // 2
    first = {name: groups[name].iloc[0] for name in COMBINATIONS}
    _expect(set(FINALISTS), set(sorted(first, key=first.get)[-half:]))
    _expect(BEST, max(FINALISTS, key=lambda name: groups[name].mean()))
    sweep = weight_decay.result()
    reference = sweep.final.query("regularization_factor == @sweep.chosen")
    return InfluencesResult(final, {
        name: difference(groups[name], reference["validation_accuracy"])
        for name in (*CHANGES, *FINALISTS)
    })


def _expect(written, chosen) -> None:
    if written != chosen:
        raise ValueError(f"validation chooses {chosen}, not {written}")

"""What the report states of the sweep of 2D."""

from dataclasses import dataclass

import pandas as pd

from digits.experiments.findings.asked import Findings, made_of, rows_where
from digits.statistics import Estimate, Summary, difference, summarise


@dataclass(frozen=True)
class WeightDecayResult(Findings):
    """What the report shows of 2D.

    Of the sweep, `epochs` has a row a run and epoch, `final` a row a run;
    `retrained` has a row for each run of the chosen factor on all images.
    `chosen` is the factor with the best mean validation accuracy over all
    seeds, and `chosen_on_test` what the test images would have chosen.
    `bare` is the training without weight decay.
    """

    epochs: pd.DataFrame
    final: pd.DataFrame
    retrained: pd.DataFrame
    chosen: float = made_of(what="The factor that validation chose.")
    chosen_on_test: float

    @property
    def factors(self) -> list[float]:
        """The factors other than 0, from the smallest to the largest."""
        return sorted(set(self.final["regularization_factor"]) - {0.0})

    def at(self, factor: float, column: str) -> Summary:
        """Summarise what the seeds reach with a factor."""
        return summarise(self._by_seed(factor, column))

    def _by_seed(self, factor: float, column: str) -> pd.Series:
        found = rows_where(self.final, regularization_factor=factor)
        return found.set_index("seed")[column]

    @property
    def validation(self) -> Summary:
        """Validation accuracy with the chosen factor."""
        return self.at(self.chosen, "validation_accuracy")

    @property
    def test(self) -> Summary:
        """Test accuracy with the chosen factor."""
        return self.at(self.chosen, "test_accuracy")

    @property
    def retrained_test(self) -> Summary:
        """Test accuracy with the chosen factor and all 60,000 images."""
        return summarise(self.retrained["test_accuracy"])

    @property
    def bare_validation(self) -> Summary:
        """Validation accuracy without weight decay."""
        return self.at(0.0, "validation_accuracy")

    @property
    def bare_train(self) -> Summary:
        """Accuracy on the training images without weight decay."""
        return self.at(0.0, "train_accuracy")

    @property
    def strongest_validation(self) -> Summary:
        """Validation accuracy with the largest factor."""
        return self.at(self.factors[-1], "validation_accuracy")

    @property
    def strongest_effect(self) -> Estimate:
        """How far that lies above the accuracy without weight decay."""
        return difference(*(
            self._by_seed(factor, "validation_accuracy")
            for factor in (self.factors[-1], 0.0)
        ))

    @property
    def small_effect(self) -> float:
        """How far factors below the chosen one move the mean at most."""
        found = self.final.groupby("regularization_factor")
        means = found["validation_accuracy"].mean()
        small = means[(means.index > 0) & (means.index < self.chosen)]
        return float((small - means[0.0]).abs().max())

    @property
    def gain(self) -> Summary:
        """What the chosen factor adds to the test accuracy without decay.

        In pairs: replicates with the same seed begin with the same weights.
        """
        with_it, without = (
            self._by_seed(factor, "test_accuracy")
            for factor in (self.chosen, 0.0)
        )
        return summarise(with_it - without)

    @property
    def gain_error(self) -> float:
        """The standard error of that gain."""
        return self.gain.deviation / self.gain.count**0.5

    @property
    def last_epoch(self) -> int:
        """The epoch that all trainings end with."""
        return int(self.epochs["epoch"].max())

    @property
    def bare_losses(self) -> pd.Series:
        """Mean validation loss without weight decay, by epoch."""
        bare = rows_where(self.epochs, regularization_factor=0)
        return bare.groupby("epoch")["scored_loss"].mean()

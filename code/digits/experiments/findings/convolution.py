"""What the report states of 3A."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from digits import data
from digits.experiments.findings.asked import Findings, made_of
from digits.statistics import Summary, mcnemar_p, summarise, wilson_interval
from larder import Result


@dataclass(frozen=True)
class ConvolutionResult(Findings):
    """What the report shows of 3A.

    `tried` has a row for each setting of the search: `setting`, its config,
    `parameters`, `multiplications` and `validation_accuracy`; `refined` those
    of the second search, first all settings and then the finalists trained
    longer, and `validation_loss`. `costs` has `setting`, `parameters`,
    `validation_accuracy` and `training_multiplications`, in forward passes, of
    the first search and of the best dense network of 2D. `first` has a row for
    each seed of the first search's choice on all images, and `final` of the
    second's; `epochs` has a row for each of the latter's epochs, and
    `confirmed` for each epoch of the chosen finalist. `first_errors` and
    `errors` are what `evaluation.examine_errors` makes of these networks,
    `inside` what `evaluation.look_inside` finds in the first final one, and
    `sharpness` the metrics of `evaluation.measure_sharpness`.
    """

    tried: pd.DataFrame
    refined: pd.DataFrame
    costs: pd.DataFrame
    first: pd.DataFrame
    first_errors: Result = made_of("first_errors")
    final: pd.DataFrame
    epochs: pd.DataFrame
    confirmed: pd.DataFrame
    errors: Result = made_of("errors")
    inside: Result = made_of("inside_seed-0")
    sharpness: dict[str, float] = made_of("sharpness")

    @property
    def test(self) -> Summary:
        """Test accuracy of the final networks."""
        return summarise(self.final["test_accuracy"])

    @property
    def test_interval(self) -> tuple[float, float]:
        """The 95 % Wilson interval of its mean."""
        return wilson_interval(self.test.mean, data.SHAPES["x_test"][0])

    @property
    def worst(self) -> float:
        """The least test accuracy of a final network."""
        return float(self.final["test_accuracy"].min())

    @property
    def ensemble(self) -> float:
        """Test accuracy of the mean of the final networks' probabilities."""
        return self.errors.metrics["ensemble_accuracy"]

    @property
    def first_test(self) -> Summary:
        """Test accuracy of what the first search chose."""
        return summarise(self.first["test_accuracy"])

    @property
    def first_ensemble(self) -> float:
        """Test accuracy of the mean of those networks' probabilities."""
        return self.first_errors.metrics["ensemble_accuracy"]

    @property
    def lost(self) -> pd.Series:
        """What each setting of the first search loses beside its base."""
        found = self.tried.set_index("setting")["validation_accuracy"]
        return found["base"] - found

    @property
    def held_out_error(self) -> float:
        """The standard error of an accuracy in the second search.

        Of that which the chosen setting has in the end.
        """
        count = self.refined["held_out"].iloc[0]
        return float((self.reached * (1 - self.reached) / count) ** 0.5)

    @property
    def reached(self) -> float:
        """Validation accuracy of the chosen finalist after its last epoch."""
        return float(self.confirmed["validation_accuracy"].iloc[-1])

    @property
    def refined_in(self) -> tuple[int, int]:
        """The epochs of the second search, and of its longer trainings."""
        return self.refined["epochs"].min(), self.refined["epochs"].max()

    def refined_by(self, measure: str, epochs: int) -> pd.Series:
        """Give what the settings reach in so many epochs, by setting.

        `measure` is "validation_accuracy" or "validation_loss".
        """
        chosen = self.refined[self.refined["epochs"] == epochs]
        return chosen.set_index("setting")[measure]

    @property
    def deformed(self) -> Summary:
        """Accuracy on deformed training images in the last epoch."""
        last = self.epochs.query("epoch == epoch.max()")
        return summarise(last["accuracy"])

    @property
    def alone(self) -> np.ndarray:
        """Test images that only the one of two networks gets right.

        Shape (seeds, 2): the final network, and the best dense one of 2D.
        """
        return self.errors.arrays["pairs"]

    @property
    def largest_p(self) -> float:
        """The largest p-value of these pairs, by McNemar's exact test."""
        return max(mcnemar_p(*map(int, pair)) for pair in self.alone)

    @property
    def missed_count(self) -> int:
        """The test images that most of the final networks get wrong."""
        return len(self.errors.arrays["missed_indices"])

    @property
    def missed_label_errors(self) -> int:
        """Those of them whose label is known to be wrong."""
        return int(self.errors.arrays["missed_label_errors"].sum())

    @property
    def reliability(self) -> dict[str, pd.DataFrame]:
        """Bins of confidence: count, confidence and accuracy, a row each.

        Of "single networks" and of "their mean".
        """
        bins = pd.DataFrame(self.errors.table)
        return {
            "single networks": bins[["count", "confidence", "accuracy"]],
            "their mean": bins.filter(like="ensemble_").rename(
                columns=lambda name: name.removeprefix("ensemble_")
            ),
        }

    @property
    def feature_maps(self) -> dict[str, np.ndarray]:
        """What the layers of a final network make of an image, by name."""
        return {
            f"layer {number}": self.inside.arrays[f"map_{number}"]
            for number in range(1, self.inside.metrics["layers"])
        }

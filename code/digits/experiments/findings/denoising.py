"""What the report states of 4A to 4C."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from digits.experiments.findings.asked import Findings, made_of, rows_where
from digits.statistics import Estimate, Summary, crossing, estimate, summarise
from larder import Result


@dataclass(frozen=True)
class DenoisingResult(Findings):
    """What the report shows of 4A to 4C.

    `epochs` has a row for each epoch of each of the notebook's auto-encoders,
    `least_loss` is the least that their loss can be on the test images.
    `quality` has a row for each of them and noise level, beside `mean_image`,
    the `psnr` and `ssim` of the mean training image. `accuracy` has a row for
    each `classifier` ("convolutional", "dense" or "seasoned", which has seen
    noise), `denoiser` ("none", "notebook", "all-levels", "convolutional"),
    `seed` and noise level; `confusion` has, by the same three, an array of
    shape (levels, 10, 10). `examples` are those of
    `evaluation.show_denoising`.
    """

    epochs: pd.DataFrame
    least_loss: float = made_of("notebook_seed-0")
    quality: pd.DataFrame
    mean_image: dict[str, float] = made_of("quality_notebook_seed-0")
    accuracy: pd.DataFrame
    confusion: dict[tuple[str, str, int], np.ndarray] = made_of("accuracy_*")
    examples: Result = made_of("examples_seed-0")

    def reads(self, classifier: str, denoiser: str, level: float) -> Summary:
        """Accuracy of a classifier behind a denoiser at a noise level."""
        return summarise(self._by_level(classifier, denoiser).loc[level])

    def _by_level(self, classifier: str, denoiser: str) -> pd.DataFrame:
        found = rows_where(
            self.accuracy, classifier=classifier, denoiser=denoiser
        )
        return found.pivot(
            index="noise_level", columns="seed", values="accuracy"
        )

    def curve(
        self, classifier: str, denoiser: str, low: float, high: float
    ) -> list[Summary]:
        """Give that accuracy at each level from `low` to `high`."""
        levels = self._by_level(classifier, denoiser).loc[low:high]
        return [summarise(row) for _, row in levels.iterrows()]

    def highest_but(
        self, classifier: str, low: float, high: float
    ) -> list[Summary]:
        """Give at each level the best of all curves but a classifier's own."""
        others = self.accuracy.query("classifier != @classifier")
        curves = [
            self.curve(*names, low, high)
            for names, _ in others.groupby(["classifier", "denoiser"])
        ]
        return [
            max(found, key=lambda one: one.mean)
            for found in zip(*curves, strict=True)
        ]

    def pays_from(self, classifier: str) -> Estimate:
        """The noise level from which denoising pays."""
        ahead = (self._by_level(classifier, "notebook")
                 - self._by_level(classifier, "none"))
        return _crossings(ahead)

    def halves_at(self, classifier: str, denoiser: str) -> Estimate:
        """The noise level at which the accuracy falls below 50 %."""
        return _crossings(
            self._by_level(classifier, denoiser) - 0.5, falling=True
        )

    def no_better_than_mean(self, measure: str) -> Estimate:
        """The level where denoised images fall below the mean of all digits.

        `measure` is "psnr" or "ssim".
        """
        denoised = self._quality(f"{measure}_denoised")
        return _crossings(denoised - self.mean_image[measure], falling=True)

    def improvement(self, measure: str, low: float, high: float) -> list:
        """Say how much nearer denoising brings images, from level to level.

        A `Summary` for each level, over the auto-encoders.
        """
        gained = (self._quality(f"{measure}_denoised")
                  - self._quality(f"{measure}_seasoned"))
        return [summarise(row) for _, row in gained.loc[low:high].iterrows()]

    def _quality(self, column: str) -> pd.DataFrame:
        return self.quality.pivot(
            index="noise_level", columns="seed", values=column
        )

    def final_loss(self, column: str) -> Summary:
        """`loss` or `validation_loss` of the notebook's, after training."""
        last = self.epochs.query("epoch == epoch.max()")
        return summarise(last[column])

    def confused(self, level: float) -> np.ndarray:
        """Count what the network of 3A takes denoised digits for.

        An array of labels and predictions, shape (10, 10), over all seeds.
        """
        return sum(
            counts[round(20 * level)]
            for (classifier, denoiser, _), counts in self.confusion.items()
            if (classifier, denoiser) == ("convolutional", "notebook")
        )

    def favourites(self, level: float, count: int = 3) -> pd.Series:
        """Give the digits that are read most often, and their shares."""
        read = self.confused(level)
        return pd.Series(read.sum(axis=0) / read.sum()).nlargest(count)


def _crossings(curves: pd.DataFrame, *, falling: bool = False) -> Estimate:
    """Estimate the level where curves, a column a seed, pass 0."""
    return estimate([
        crossing(curve.index, curve, falling=falling)
        for _, curve in curves.items()
    ])

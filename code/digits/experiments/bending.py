"""Beside Question 3A: what bending the training images does.

The question: networks of 3A fit their training images no better than others,
and miss the aim of 99.65 %. Do they gain if training images are bent as well,
as Simard et al. (2003) recommend? The claim: on the validation images bending
gains no more than chance, and so, by the rule of the search, it is not taken.
Of the test images such a network gets more wrong, among the last 5,000 above
all, and most of these right once they are interpolated, as all training images
are: two interpolations of each blur what is crisp in a test image.

One network was trained on all 60,000 images and met the test images: it is
shown here, and no choice rests on it.
"""

from dataclasses import dataclass

import pandas as pd

from digits.classifier import ClassifierConfig
from digits.compute import compute
from digits.elastic import ElasticConfig, train_elastic_classifier
from digits.evaluation import ResampledConfig, score_resampled
from digits.experiments import convolution
from digits.runs import Run

NAME = "bending"
BEND = 0.7  # pixels
LABELS = {"plain": "as in 3A", "bent": "bent as well"}


@dataclass(frozen=True)
class BendingResult:
    """What the report shows of bending, of images "plain" and "bent".

    `validated` has by these names the validation accuracy of a training with
    the validation images held out. `resampled` has a row for each of two
    networks trained on all images (`images`), and number of interpolations of
    the test images, as `evaluation.score_resampled` gives them.
    """

    validated: dict[str, float]
    resampled: pd.DataFrame


def runs() -> list[Run]:
    """List the runs: two trainings, and two networks resampled."""
    return [_confirming_run(), _whole_run(), *_resampled_runs().values()]


def _bent(name: str, config: ClassifierConfig) -> Run:
    bent = ElasticConfig(config, BEND)
    return Run(NAME, name, train_elastic_classifier, bent)


def _confirming_run() -> Run:
    return _bent("confirm", convolution.confirming_run().config)


def _whole_run() -> Run:
    return _bent("whole_seed-0", convolution.final_runs()[0].config)


def _resampled_runs() -> dict[str, Run]:
    plain, bent = convolution.final_runs()[0], _whole_run()
    return {
        images: Run(NAME, f"resampled_{images}_seed-0", score_resampled,
                    ResampledConfig(config), (run,))
        for images, run, config in (
            ("plain", plain, plain.config),
            ("bent", bent, bent.config.classifier),
        )
    }


def result() -> BendingResult:
    """Give the accuracies with and without bending."""
    confirming = {
        "plain": convolution.confirming_run(), "bent": _confirming_run()
    }
    resampled = _resampled_runs()
    return BendingResult(
        validated={
            images: stored.result.metrics["validation_accuracy"]
            for images, stored in zip(
                confirming, compute(confirming.values()), strict=True
            )
        },
        resampled=pd.concat([
            pd.DataFrame(stored.result.table).assign(images=images)
            for images, stored in zip(
                resampled, compute(resampled.values()), strict=True
            )
        ], ignore_index=True),
    )

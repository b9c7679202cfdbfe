"""Question 3A: a convolutional network for MNIST.

The question: how good can a small convolutional network be, and which of its
parts matter? What `convolution_search` chose is trained on all 60,000 images
with five seeds: first the first search's choice, which missed the aim of
99.65 %, then the second's.
"""

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pandas as pd

from digits import data
from digits.experiments import convolution_search as search
from digits.experiments import influences
from digits.experiments.findings.convolution import ConvolutionResult
from digits.kept import compute
from digits.tasks.classifier import train_classifier, train_with_loss
from digits.tasks.evaluation.errors import ErrorsConfig, examine_errors
from digits.tasks.evaluation.inside import (
    InsideConfig,
    SharpnessConfig,
    look_inside,
    measure_sharpness,
)
from larder import Run
from larder.looking.frames import final_frame, table_frame
from larder.runs import flat

NAME = "convolution"
FINAL_SEEDS = range(5)
FINAL_EPOCHS = 16

# What we aimed at: the mean of single networks, and the mean of their
# probabilities.
AIMS = (0.9965, 0.9972)


def runs() -> list[Run]:
    """List the runs: the search, the final networks, and looks at these."""
    return [
        *search.search_runs(), *first_runs(), *search.refining_runs(),
        *search.longer_runs(), *final_runs(), *_looks(),
    ]


def first_runs() -> list[Run]:
    """List the runs of the first search's choice on all 60,000 images."""
    return [
        Run(NAME, f"first_seed-{seed}", train_classifier, search.chosen(
            seed=seed, whole_training_set=True, keep_weights=True,
            epochs=FINAL_EPOCHS,
        ))
        for seed in FINAL_SEEDS
    ]


def final_runs() -> list[Run]:
    """List the runs of the chosen setting on all 60,000 images."""
    return [
        Run(NAME, f"final_seed-{seed}", train_with_loss, search.refined(
            search.CHOSEN_REFINEMENT, epochs=FINAL_EPOCHS, seed=seed,
            whole_training_set=True, keep_weights=True,
        ))
        for seed in FINAL_SEEDS
    ]


def settings() -> SimpleNamespace:
    """Give the fields of the final networks' config, flat."""
    return SimpleNamespace(**flat(final_runs()[0].config))


def _looks() -> list[Run]:
    """List the runs that look at trained networks, beside dense ones."""
    final = final_runs()
    return [
        *(
            Run(NAME, name, examine_errors, ErrorsConfig(), {
                "convolutional": tuple(networks),
                "dense": tuple(influences.final_runs()),
            })
            for name, networks in (("first_errors", first_runs()),
                                   ("errors", final))
        ),
        Run(NAME, "inside_seed-0", look_inside, InsideConfig(final[0].config),
            {"trained": final[0]}),
        Run(NAME, "sharpness", measure_sharpness,
            SharpnessConfig(final[0].config)),
    ]


def result() -> ConvolutionResult:
    """Give the search, the final networks and what they get wrong.

    Raises `ValueError` if validation chooses another setting than is chosen.
    """
    stored = dict(zip(runs(), compute(runs()), strict=True))

    def table(make, needed: list[Run]) -> pd.DataFrame:
        return make(needed, [stored[run] for run in needed])

    longer, final = search.longer_runs(), final_runs()
    tried = table(final_frame, search.search_runs()).assign(
        setting=list(search.TRIED)
    )
    refined = table(final_frame, [*search.refining_runs(), *longer]).assign(
        setting=[*search.REFINEMENTS, *search.FINALISTS]
    )
    search.expect_choices(tried, refined)
    chosen = longer[search.FINALISTS.index(search.CHOSEN_REFINEMENT)]
    first_errors, errors, inside, sharpness = (
        stored[run].result for run in _looks()
    )
    return ConvolutionResult(
        tried=tried,
        refined=refined,
        costs=pd.concat([_costs(tried), _dense_costs()], ignore_index=True),
        first=table(final_frame, first_runs()),
        first_errors=first_errors,
        final=table(final_frame, final),
        epochs=table(table_frame, final),
        confirmed=table(table_frame, [chosen]),
        errors=errors,
        inside=inside,
        sharpness=sharpness.metrics,
    )


def _costs(tried: pd.DataFrame) -> pd.DataFrame:
    images = data.SHAPES["x_train"][0] - data.VALIDATION_SIZE
    columns = ["setting", "parameters", "validation_accuracy"]
    return tried[columns].assign(
        training_multiplications=(
            tried["multiplications"] * tried["epochs"] * images
        )
    )


def _dense_costs() -> pd.DataFrame:
    """Give the same of the best dense network, with the first seed."""
    (run,) = (
        run for run in influences.runs()
        if run.name == f"{influences.BEST}_seed-0"
    )
    (stored,) = compute([run])
    sizes = (784, *run.config.network.hidden_units, data.CLASSES)
    weights = sum(a * b for a, b in pairwise(sizes))
    return _costs(pd.DataFrame([{
        "setting": "dense",
        "parameters": weights + sum(sizes[1:]),
        "validation_accuracy": stored.result.metrics["validation_accuracy"],
        "multiplications": weights,
        "epochs": run.config.schedule.epochs,
    }]))


def probabilities(images: np.ndarray) -> np.ndarray:
    """Classify images with the mean of the final networks.

    Takes float32 in [0, 1] of shape (n, 28, 28, 1); gives shape (n, 10).
    """
    from digits.tasks import trained

    return trained.mean_probabilities(
        [
            trained.restore(run.config.network, stored.result.weights)
            for run, stored in zip(
                final_runs(), compute(final_runs()), strict=True
            )
        ],
        images,
    )

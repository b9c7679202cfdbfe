"""Question 3A: a convolutional network for MNIST.

The question: how good can a small convolutional network be, and which of its
parts matter? First a search on the validation split alone: from one setting,
one thing is changed at a time, with one seed and few epochs each. What is
chosen there was trained longer, on all 60,000 images, with five seeds, and
missed the aim of 99.65 %. So a second search has two changes, alone and
together, that aim at what was left wrong; as they are worth less than 5,000
images can show, half of the training images are held out. The settings best by
errors and by cross-entropy are then trained longer, and the one with fewer
errors on the same held-out images is the setting of the final networks.
"""

import dataclasses
from itertools import pairwise

import numpy as np
import pandas as pd

from digits import data
from digits.experiments import influences
from digits.experiments.findings.convolution import ConvolutionResult
from digits.kept import compute
from digits.tasks.classifier import ClassifierConfig, train_classifier
from digits.tasks.convolutional import (
    ConvolutionalConfig,
    train_convolutional_network,
)
from digits.tasks.evaluation import (
    ErrorsConfig,
    InsideConfig,
    SharpnessConfig,
    examine_errors,
    look_inside,
    measure_sharpness,
)
from larder import Run
from larder.frames import final_frame, table_frame

NAME = "convolution"
FINAL_SEEDS = range(5)
FINAL_EPOCHS = 16

BASE = ClassifierConfig(
    stem=32,
    stages=((64,), (128, 128)),
    dropout=0.2,
    epochs=8,
    learning_rate=0.1,
    weight_decay=5e-4,
    rotation=10,
    shear=0.1,
    zoom=0.1,
    shift=2,
)

# What is tried: the setting itself, and one change of it at a time.
ARCHITECTURES = {
    "base": {},
    "narrow": {"stem": 16, "stages": ((32,), (64, 64))},
    "two-two": {"stem": 24, "stages": ((48, 48), (96, 96))},
    "one-three": {"stem": 24, "stages": ((48,), (96, 96, 96))},
}
OTHER_CHANGES = {
    "no-normalization": {"normalize": False, "learning_rate": 0.02},
    "no-dropout": {"dropout": 0.0},
    "no-augmentation": {
        "rotation": 0.0, "shear": 0.0, "zoom": 0.0, "shift": 0.0
    },
    "more-augmentation": {
        "rotation": 15.0, "shear": 0.2, "zoom": 0.15, "shift": 3.0
    },
    "adamw": {
        "optimizer": "adamw", "learning_rate": 0.003, "weight_decay": 0.05
    },
    "averaged": {"averaged_epochs": 3},
}
TRIED = ARCHITECTURES | OTHER_CHANGES
LABELS = {
    "base": "32, 64, pool, 128, 128",
    "narrow": "half as many channels",
    "two-two": "24, 48, 48, pool, 96, 96",
    "one-three": "24, 48, pool, 96, 96, 96",
    "no-normalization": "no batch normalization, rate 0.02",
    "no-dropout": "no dropout",
    "no-augmentation": "no augmentation",
    "more-augmentation": "stronger augmentation",
    "adamw": "AdamW, rate 0.003",
    "averaged": "mean of the last 3 epochs' weights",
}
# A single run's accuracy on 5,000 images has a standard error of about so
# much; a gain of less is no reason for a change.
STANDARD_ERROR = 0.001

# What validation chose, checked by `result()`: of the architectures that are
# not worse than the base, the cheapest; and the best of the other changes, if
# it gains more than a standard error.
CHOSEN_ARCHITECTURE = "one-three"
CHOSEN_CHANGE = None

# The second search: the setting chosen, two changes of it, and both.
WARPED = {"bend": 0.7, "contrast": 2.0}
LAST_CONVOLUTION = {"last_convolution": 192, "dropout": 0.4}
REFINEMENTS = {
    "chosen": {},
    "warped": WARPED,
    "last-convolution": LAST_CONVOLUTION,
    "both": WARPED | LAST_CONVOLUTION,
}
REFINEMENT_LABELS = {
    "chosen": "the first search's choice",
    "warped": "bent and sharpened images",
    "last-convolution": "a last convolution, dropout 0.4",
    "both": "both",
}
HELD_OUT = 30_000
REFINEMENT_EPOCHS = 12
# Of these, the best by accuracy and by cross-entropy are trained longer; the
# better of the two by accuracy is chosen. Checked as well.
LONGER_EPOCHS = 18
FINALISTS = ("last-convolution", "both")
CHOSEN_REFINEMENT = "both"

# What we aimed at: the mean of single networks, and the mean of their
# probabilities.
AIMS = (0.9965, 0.9972)


def runs() -> list[Run]:
    """List the runs: the search, the final networks, and looks at these."""
    return [*search_runs(), *first_runs(), *refining_runs(), *longer_runs(),
            *final_runs(), *_looks()]


def search_runs() -> list[Run]:
    """List the runs of the first search."""
    return [
        _training(f"search_{name}", **change) for name, change in TRIED.items()
    ]


def first_runs() -> list[Run]:
    """List the runs of the first search's choice on all 60,000 images."""
    return [
        _training(f"first_seed-{seed}", seed=seed, whole_training_set=True,
                  keep_weights=True, epochs=FINAL_EPOCHS, **_chosen())
        for seed in FINAL_SEEDS
    ]


def _chosen() -> dict:
    """Give what the first search's choice changes of the base."""
    return (
        ARCHITECTURES[CHOSEN_ARCHITECTURE]
        | OTHER_CHANGES.get(CHOSEN_CHANGE, {})
    )


def refining_runs() -> list[Run]:
    """List the runs of the second search."""
    return [
        _refined(f"refine_{name}", name,
                 epochs=REFINEMENT_EPOCHS, held_out=HELD_OUT)
        for name in REFINEMENTS
    ]


def longer_runs() -> list[Run]:
    """List the longer runs of the finalists."""
    return [
        _refined(f"longer_{name}", name,
                 epochs=LONGER_EPOCHS, held_out=HELD_OUT)
        for name in FINALISTS
    ]


def final_runs() -> list[Run]:
    """List the runs of the chosen setting on all 60,000 images."""
    return [
        _refined(f"final_seed-{seed}", CHOSEN_REFINEMENT, epochs=FINAL_EPOCHS,
                 seed=seed, whole_training_set=True, keep_weights=True)
        for seed in FINAL_SEEDS
    ]


def _refined(name: str, refinement: str, **change) -> Run:
    """Give a training of what the first search chose, refined."""
    fields = (
        dataclasses.asdict(BASE)
        | _chosen()
        | REFINEMENTS[refinement]
        | change
    )
    return Run(NAME, name, train_convolutional_network,
               ConvolutionalConfig(**fields))


def _training(name: str, **change) -> Run:
    return Run(
        NAME, name, train_classifier, dataclasses.replace(BASE, **change)
    )


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

    search, refining, longer = search_runs(), refining_runs(), longer_runs()
    final = final_runs()
    tried = table(final_frame, search).assign(setting=list(TRIED))
    refined = table(final_frame, [*refining, *longer]).assign(
        setting=[*REFINEMENTS, *FINALISTS]
    )
    best = (*choice(tried.set_index("setting")), *refinement(refined))
    if best != (CHOSEN_ARCHITECTURE, CHOSEN_CHANGE, *FINALISTS,
                CHOSEN_REFINEMENT):
        raise ValueError(f"validation chooses {best}")
    chosen = longer[FINALISTS.index(CHOSEN_REFINEMENT)]
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
    sizes = (784, *run.config.hidden_units, data.CLASSES)
    weights = sum(a * b for a, b in pairwise(sizes))
    return _costs(pd.DataFrame([{
        "setting": "dense",
        "parameters": weights + sum(sizes[1:]),
        "validation_accuracy": stored.result.metrics["validation_accuracy"],
        "multiplications": weights,
        "epochs": run.config.epochs,
    }]))


def choice(tried: pd.DataFrame) -> tuple[str, str | None]:
    """Choose an architecture and another change, or None, by validation.

    `tried` has a row for each setting, by name: `validation_accuracy` and
    `multiplications`.
    """
    accuracy = tried["validation_accuracy"]
    architectures = tried.loc[list(ARCHITECTURES)]
    able = architectures["validation_accuracy"] >= accuracy["base"]
    change = accuracy[list(OTHER_CHANGES)].idxmax()
    gains = accuracy[change] > accuracy["base"] + STANDARD_ERROR
    return (
        architectures.loc[able, "multiplications"].idxmin(),
        change if gains else None,
    )


def refinement(refined: pd.DataFrame) -> tuple[str, str, str]:
    """Choose the finalists of the second search, and of these the final one.

    Gives the best by accuracy, the best by cross-entropy, and of these the
    better by accuracy after longer training.
    `refined` has a row for each training: `setting`, `epochs`,
    `validation_accuracy` and `validation_loss`.
    """
    by_epochs = {
        epochs: group.set_index("setting")
        for epochs, group in refined.groupby("epochs")
    }
    first, longer = by_epochs[REFINEMENT_EPOCHS], by_epochs[LONGER_EPOCHS]
    return (
        first["validation_accuracy"].idxmax(),
        first["validation_loss"].idxmin(),
        longer["validation_accuracy"].idxmax(),
    )


def probabilities(images: np.ndarray) -> np.ndarray:
    """Classify images with the mean of the final networks.

    Takes float32 in [0, 1] of shape (n, 28, 28, 1); gives shape (n, 10).
    """
    from digits.tasks import networks

    return networks.mean_probabilities(
        [
            networks.restore(run.config, stored.result.weights)
            for run, stored in zip(
                final_runs(), compute(final_runs()), strict=True
            )
        ],
        images,
    )

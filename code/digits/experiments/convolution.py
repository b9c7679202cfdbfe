"""Question 3: a convolutional network for MNIST.

The question: how good can a small convolutional network be, and which of its
parts matter? A search on the validation split alone: from one setting, one
thing is changed at a time, with one seed and few epochs each. No test image
is looked at.
"""

import dataclasses
from dataclasses import dataclass

import pandas as pd

from digits import experiments
from digits.classifier import ClassifierConfig, train_classifier
from digits.compute import compute
from digits.runs import Run

NAME = "convolution"

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
TRIED = {
    "base": {},
    # Architecture: fewer channels, and two others of about the same cost.
    "narrow": {"stem": 16, "stages": ((32,), (64, 64))},
    "two-two": {"stem": 24, "stages": ((48, 48), (96, 96))},
    "one-three": {"stem": 24, "stages": ((48,), (96, 96, 96))},
    # What goes between the layers.
    "no-normalization": {"normalize": False, "learning_rate": 0.02},
    "no-dropout": {"dropout": 0.0},
    # Training.
    "no-augmentation": {
        "rotation": 0.0, "shear": 0.0, "zoom": 0.0, "shift": 0.0
    },
    "more-augmentation": {
        "rotation": 15.0, "shear": 0.2, "zoom": 0.15, "shift": 3.0
    },
    "adamw": {
        "optimizer": "adamw", "learning_rate": 0.003, "weight_decay": 0.05
    },
    "label-smoothing": {"label_smoothing": 0.1},
    "averaged": {"averaged_epochs": 3},
}


@dataclass(frozen=True)
class ConvolutionResult:
    """What the report shows of the search: a row for each tried setting.

    `tried` has the setting's name, its `config`, `parameters` and
    `validation_accuracy`.
    """

    tried: pd.DataFrame


def runs() -> list[Run]:
    """List the runs of the search."""
    return [
        Run(NAME, f"search_{name}", train_classifier,
            dataclasses.replace(BASE, **change))
        for name, change in TRIED.items()
    ]


def result() -> ConvolutionResult:
    """Give the settings tried and their validation accuracies."""
    needed = runs()
    tried = experiments.final_frame(needed, compute(needed))
    return ConvolutionResult(tried.assign(setting=list(TRIED)))

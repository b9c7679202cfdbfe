"""Question 3A: how the setting of the convolutional network was found.

First a search on the validation split alone: from one setting, one thing is
changed at a time, with one seed and few epochs each. What is chosen there was
trained longer, on all 60,000 images, with five seeds, and missed the aim of
99.65 %. So a second search has two changes, alone and together, that aim at
what was left wrong; as they are worth less than 5,000 images can show, half of
the training images are held out. The settings best by errors and by
cross-entropy are then trained longer, and the one with fewer errors on the same
held-out images is the setting of the final networks; see `convolution`.
"""

from dataclasses import replace

import pandas as pd

from digits.augmentation.configs import Affine, Warp
from digits.networks.convolutional import ConvolutionalNetwork
from digits.tasks.classifier import train_classifier, train_with_loss
from digits.tasks.configs import Training
from digits.tasks.schedule import WARMED_UP
from larder import Run, varied

NAME = "convolution"

BASE = Training(
    ConvolutionalNetwork(32, ((64,), (128, 128)), dropout=0.2),
    Affine(rotation=10, shear=0.1, zoom=0.1, shift=2),
    replace(WARMED_UP, epochs=8, learning_rate=0.1, weight_decay=5e-4),
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
    "no-augmentation": {"augmentation": None},
    "more-augmentation": {
        "rotation": 15.0, "shear": 0.2, "zoom": 0.15, "shift": 3.0
    },
    "adamw": {
        "optimizer": "adamw", "learning_rate": 0.003, "weight_decay": 0.05,
        "momentum": 0.0, "nesterov": False,
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


def search_runs() -> list[Run]:
    """List the runs of the first search."""
    return [
        Run(NAME, f"search_{name}", train_classifier, varied(BASE, **change))
        for name, change in TRIED.items()
    ]


def chosen(**change) -> Training:
    """Give the training that the first search chose."""
    return varied(
        BASE,
        **ARCHITECTURES[CHOSEN_ARCHITECTURE]
        | OTHER_CHANGES.get(CHOSEN_CHANGE, {})
        | change,
    )


def refining_runs() -> list[Run]:
    """List the runs of the second search."""
    return [
        Run(NAME, f"refine_{name}", train_with_loss, refined(
            name, epochs=REFINEMENT_EPOCHS, held_out=HELD_OUT
        ))
        for name in REFINEMENTS
    ]


def longer_runs() -> list[Run]:
    """List the longer runs of the finalists."""
    return [
        Run(NAME, f"longer_{name}", train_with_loss, refined(
            name, epochs=LONGER_EPOCHS, held_out=HELD_OUT
        ))
        for name in FINALISTS
    ]


def refined(refinement: str, **change) -> Training:
    """Give the training of what the first search chose, refined."""
    base = chosen()
    warped = replace(base, augmentation=Warp(**vars(base.augmentation)))
    return varied(warped, **REFINEMENTS[refinement] | change)


def expect_choices(tried: pd.DataFrame, refined: pd.DataFrame) -> None:
    """Raise `ValueError` if validation chooses another setting.

    The tables have a row a training, with its `setting`.
    """
    best = (*choice(tried.set_index("setting")), *refinement(refined))
    if best != (CHOSEN_ARCHITECTURE, CHOSEN_CHANGE, *FINALISTS,
                CHOSEN_REFINEMENT):
        raise ValueError(f"validation chooses {best}")


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

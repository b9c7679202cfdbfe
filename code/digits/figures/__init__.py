"""The report's figures: results in, a matplotlib figure out.

A module for each part of the report, and `style` for all.
"""

from digits.figures import convolution, denoising, generation
from digits.figures.convolution import pictures_read
from digits.figures.dense import (
    digit_row,
    finer_weight_decay,
    influences,
    learning_curves,
    loss_functions,
    overfitting,
    weight_decay,
)
from digits.figures.networks import network
from digits.figures.style import DARK, GREY, LIGHT

__all__ = [
    "DARK",
    "GREY",
    "LIGHT",
    "convolution",
    "denoising",
    "digit_row",
    "finer_weight_decay",
    "generation",
    "influences",
    "learning_curves",
    "loss_functions",
    "network",
    "overfitting",
    "pictures_read",
    "weight_decay",
]

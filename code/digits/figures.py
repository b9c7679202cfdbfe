"""The report's figures: results in, a matplotlib figure out.

One style for all: the width of a page's text, two colours that differ in
lightness as well as in hue, so that they survive greyscale and colour
blindness, and line styles that say the same once more.
"""

import os

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

WIDTH = 6.3  # inches: the text width of an A4 page
DARK, LIGHT, GREY = "#08306b", "#e6862b", "#6b6b6b"

STYLE = {
    "figure.constrained_layout.use": True,
    "figure.dpi": 150,
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "legend.frameon": False,
    "lines.linewidth": 1.5,
    "svg.hashsalt": "digits",
}
# With this and the salt, the same figure has the same bytes each time.
os.environ["SOURCE_DATE_EPOCH"] = "0"


def _figure(height: float, columns: int = 1, **options):
    """Open a figure of full width in the one style: figure and axes."""
    # Set for good: much of a style is looked up when text is added or drawn.
    plt.rcParams.update(STYLE)
    return plt.subplots(1, columns, figsize=(WIDTH, height), **options)


def digit_row(images: np.ndarray, labels: np.ndarray) -> Figure:
    """Draw images of shape (n, 28, 28) in a row, each under its label."""
    figure, axes = _figure(0.95, len(images))
    for axis, image, label in zip(axes, images, labels, strict=True):
        axis.imshow(image, cmap="gray_r")
        axis.set_title(str(label))
        axis.axis("off")
    return figure


def network(layers: pd.DataFrame) -> Figure:
    """Draw a dense network, a column of neurons for each layer.

    `layers` has a row a layer, with the columns `units`, `kind`,
    `activation`, `inputs` and `parameters`, as `experiments.architecture`
    gives them. Wide layers are drawn with a gap, and their width is written.
    """
    shown = layers[layers["units"].gt(0) & layers["kind"].ne("InputLayer")]
    figure, axis = _figure(3.1)
    columns = [
        _neurons(axis, x, row) for x, row in enumerate(shown.itertuples())
    ]
    pairs = zip(columns, columns[1:], shown.itertuples(), strict=False)
    for x, (left, right, _) in enumerate(pairs):
        starts = np.repeat(left, len(right))
        ends = np.tile(right, len(left))
        axis.plot([x, x + 1], [starts, ends], color=GREY, lw=0.25, zorder=1)
        below = list(shown.itertuples())[x + 1]
        axis.text(
            x + 0.5, -1.32, f"{below.parameters:,}\nparameters",
            ha="center", va="top", color=GREY, fontsize=8,
        )
    axis.set(xlim=(-0.5, len(columns) - 0.5), ylim=(-1.75, 1.6))
    axis.axis("off")
    return figure


def _neurons(axis, x: float, layer) -> np.ndarray:
    """Draw the neurons of one layer; return the heights of those drawn."""
    most = 11
    if layer.units <= most:
        heights = np.linspace(-1, 1, most)[: layer.units]
        heights = heights - heights.mean()
    else:
        heights = np.delete(np.linspace(-1, 1, most), most // 2)
        axis.text(x, 0, "⋮", ha="center", va="center", fontsize=14)
    activation = "pixels" if pd.isna(layer.activation) else layer.activation
    axis.scatter(
        np.full(len(heights), x), heights, s=70, zorder=2,
        facecolor="white", edgecolor=DARK, linewidth=1.2,
    )
    axis.text(
        x, 1.2, f"{layer.units}", ha="center", va="bottom",
        fontweight="bold", fontsize=11,
    )
    axis.text(x, -1.12, activation, ha="center", va="top", fontsize=9)
    return heights


def loss_functions(classes: int) -> Figure:
    """Compare cross-entropy and squared error, and their gradients.

    Against the probability given to the true class, the rest being spread
    evenly over the other classes. The gradient is by the true class's logit.
    """
    p = np.linspace(0.002, 0.998, 499)
    spread = classes / (classes - 1)
    curves = {
        "cross-entropy": (-np.log(p), 1 - p, DARK, "-"),
        "squared error": (
            spread * (1 - p) ** 2, 2 * spread * p * (1 - p) ** 2, LIGHT, "--",
        ),
    }
    figure, (left, right) = _figure(2.4, 2)
    for name, (loss, gradient, color, line) in curves.items():
        left.plot(p, loss, color=color, ls=line, label=name)
        right.plot(p, gradient, color=color, ls=line, label=name)
    label = "probability of the true class"
    left.set(xlabel=label, ylabel="loss", title="Loss", ylim=(0, 6))
    right.set(xlabel=label, ylabel="size of the gradient",
              title="Gradient by the logit of the true class")
    left.legend()
    return figure


def learning_curves(epochs: pd.DataFrame) -> Figure:
    """Draw training and validation accuracy against the epoch.

    `epochs` has a row a run and epoch and the columns `protocol`, `epoch`,
    `accuracy` and `scored_accuracy`. A panel for each protocol; lines are
    means over the seeds, bands reach from the worst seed to the best.
    """
    titles = {"notebook": "Notebook: validated on the test images",
              "held-out": "Held out: validated on 5,000 images"}
    figure, axes = _figure(2.7, 2, sharey=True)
    for axis, (protocol, title) in zip(axes, titles.items(), strict=True):
        rows = epochs[epochs["protocol"] == protocol]
        for column, label, color, line in (
            ("accuracy", "training", LIGHT, "--"),
            ("scored_accuracy", "validation", DARK, "-"),
        ):
            groups = rows.groupby("epoch")[column]
            mean = groups.mean()
            axis.fill_between(mean.index, groups.min(), groups.max(),
                              color=color, alpha=0.25, lw=0)
            axis.plot(mean, color=color, ls=line, marker=".", label=label)
        axis.set(xlabel="epoch", title=title, xticks=mean.index)
    axes[0].set_ylabel("accuracy")
    axes[0].legend(loc="lower right")
    return figure

"""The figures of Questions 1 and 2: dense networks."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from digits.figures.style import DARK, GREY, LIGHT, new_figure, show_image
from digits.statistics import Estimate


def digit_row(images: np.ndarray, labels: np.ndarray) -> Figure:
    """Draw images of shape (n, 28, 28) in a row, each under its label."""
    figure, axes = new_figure(0.8, len(images))
    for axis, image, label in zip(axes, images, labels, strict=True):
        show_image(axis, image)
        axis.set_title(str(label))
    return figure


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
    figure, (left, right) = new_figure(1.8, 2)
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
    figure = _training_and_validation({
        title: epochs[epochs["protocol"] == protocol]
        for protocol, title in titles.items()
    }, marker=".")
    for axis in figure.axes:
        axis.set_xticks(sorted(epochs["epoch"].unique()))
    return figure


def _training_and_validation(
    panels: dict[str, pd.DataFrame], **style
) -> Figure:
    """Draw both accuracies against the epoch, a panel for each title."""
    figure, axes = new_figure(1.9, len(panels), sharey=True)
    for axis, (title, rows) in zip(axes, panels.items(), strict=True):
        for column, label, color, line in (
            ("accuracy", "training", LIGHT, "--"),
            ("scored_accuracy", "validation", DARK, "-"),
        ):
            groups = rows.groupby("epoch")[column]
            mean = groups.mean()
            axis.fill_between(mean.index, groups.min(), groups.max(),
                              color=color, alpha=0.25, lw=0)
            axis.plot(mean, color=color, ls=line, label=label, **style)
        axis.set(xlabel="epoch", title=title)
    axes[0].set_ylabel("accuracy")
    axes[0].yaxis.set_major_formatter(PercentFormatter(1))
    axes[0].legend(loc="lower right")
    return figure


def weight_decay(
    final: pd.DataFrame,
    asked_seeds: range,
    published: float,
    interval: tuple[float, float],
) -> Figure:
    """Draw final accuracy against the regularization factor.

    `final` has a row a run and the columns `regularization_factor`, `seed`,
    `validation_accuracy` and `test_accuracy`. Means and sample standard
    deviations of all seeds; the open marks are the runs of `asked_seeds`.
    The line is a `published` accuracy, the band its `interval`. Factor 0 lies
    left of a break in the logarithmic axis.
    """
    figure, axis = new_figure(2.4)
    factors = sorted(final["regularization_factor"].unique())
    _accuracy_by_factor(axis, final, factors, asked_seeds)
    axis.axhspan(*interval, color=GREY, alpha=0.15, lw=0)
    axis.axhline(published, color=GREY, lw=1)
    axis.text(factors[-1] * 1.3, published, f"{published}", va="bottom",
              ha="right", color=GREY, fontsize=7)
    return figure


def finer_weight_decay(
    final: pd.DataFrame, labelled: Sequence[float]
) -> Figure:
    """Draw final accuracy against the factors of a finer grid.

    As `weight_decay` does, without single runs and a published accuracy; the
    axis has the factors `labelled`, of which the first is 0.
    """
    figure, axis = new_figure(2.4)
    _accuracy_by_factor(axis, final, labelled)
    return figure


def _accuracy_by_factor(
    axis, final: pd.DataFrame, labelled: Sequence[float],
    asked_seeds: Sequence[int] = (),
) -> None:
    """Draw means, deviations and the runs of `asked_seeds`; label the axis."""
    factors = sorted(final["regularization_factor"].unique())
    left = labelled[1] / 10**0.75
    for column, label, color, line, side in (
        ("validation_accuracy", "5,000 validation images", DARK, "-", 0.94),
        ("test_accuracy", "10,000 test images", LIGHT, "--", 1.06),
    ):
        groups = final.groupby("regularization_factor")[column]
        # Side by side, so that the bars do not hide each other.
        x = side * np.array([factor or left for factor in factors])
        style = {"color": color, "capsize": 3, "marker": "o", "ms": 4}
        mean, deviation = groups.mean(), groups.std(ddof=1)
        axis.errorbar(x[1:], mean[1:], deviation[1:], ls=line, label=label,
                      **style)
        axis.errorbar(x[:1], mean[:1], deviation[:1], ls="none", **style)
        asked = final[final["seed"].isin(asked_seeds)]
        places = dict(zip(factors, x, strict=True))
        axis.plot(asked["regularization_factor"].map(places), asked[column],
                  ls="none", marker="o", ms=3, mfc="none", mew=0.7,
                  color=color)
    axis.set_xscale("log")
    axis.set_xticks([left, *labelled[1:]],
                    ["0", *(f"{factor:g}" for factor in labelled[1:])])
    axis.minorticks_off()
    axis.plot(left * 10**0.37, 0, marker=(2, 0, -30), ms=9, color="black",
              transform=axis.get_xaxis_transform(), clip_on=False)
    axis.set(xlabel="regularization factor", ylabel="accuracy after training")
    axis.legend(loc="lower left")


def overfitting(epochs: pd.DataFrame, factors: tuple[float, ...]) -> Figure:
    """Draw accuracy by epoch for some regularization factors.

    `epochs` has a row a run and epoch. A panel for each factor; lines are
    means over the seeds, bands reach from the worst to the best.
    """
    figure = _training_and_validation({
        f"factor {factor:g}": epochs[epochs["regularization_factor"] == factor]
        for factor in factors
    })
    figure.axes[0].set_ylim(0.95, 1.002)
    return figure


def influences(
    panels: dict[str, list[tuple[str, Estimate]]], limits: tuple[float, float]
) -> Figure:
    """Draw differences of accuracy with their intervals: a forest plot.

    `panels` has for each title rows of a label and a difference, which are
    drawn in percentage points, best on top. Beyond the `limits` of the axis,
    an arrow and the value stand for the mark.
    """
    lengths = [len(rows) for rows in panels.values()]
    figure, axes = new_figure(
        0.6 + 0.15 * sum(lengths), rows=len(panels),
        sharex=True, height_ratios=lengths,
    )
    low, high = limits
    for axis, (title, rows) in zip(axes, panels.items(), strict=True):
        rows = sorted(rows, key=lambda row: row[1].mean)
        for y, (_, found) in enumerate(rows):
            mean = 100 * found.mean
            if mean < low:
                axis.annotate(
                    f"{mean:.2f}", (low, y), (0.12 * (high - low) + low, y),
                    va="center", fontsize=7, color=DARK,
                    arrowprops={"arrowstyle": "->", "color": DARK},
                )
                continue
            axis.plot([100 * found.low, 100 * found.high], [y, y], color=DARK)
            axis.plot(mean, y, "o", ms=3.5, color=DARK)
        axis.axvline(0, color="black", lw=0.8, zorder=1)
        axis.set_yticks(range(len(rows)), [label for label, _ in rows])
        axis.set(xlim=limits, ylim=(-0.7, len(rows) - 0.3))
        axis.set_title(title, loc="left")
        axis.grid(axis="y", visible=False)
    axes[-1].set_xlabel("difference of validation accuracy, percentage points")
    return figure

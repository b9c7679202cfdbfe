"""The figures of Question 3: convolutional networks."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter, ScalarFormatter

from digits.figures.style import DARK, GREY, LIGHT, new_figure, show_image
from digits.stating.benchmarks import EXAMPLES, PicturesRead

# Colour, line and mark of each network that is compared.
_LOOKS = {
    "convolutional": (DARK, "-", "o"),
    "dense": (LIGHT, "--", "s"),
    "dense-large": (GREY, ":", "^"),
}


def search(tried: pd.DataFrame) -> Figure:
    """Draw validation accuracy against what a training costs.

    `tried` has a row a setting with `setting`, `validation_accuracy`,
    `parameters` and `training_multiplications`. The area of a mark follows
    the number of parameters.
    """
    figure, axis = new_figure(2.3)
    axis.scatter(
        tried["training_multiplications"], tried["validation_accuracy"],
        s=tried["parameters"] / 2_000, color=DARK, alpha=0.35, lw=0,
    )
    axis.plot(tried["training_multiplications"], tried["validation_accuracy"],
              ".", ms=4, color=DARK)
    low, high = axis.get_ylim()
    cost = tried["training_multiplications"]
    # Of settings that cost the same, the names stand in a column beside.
    for at, group in tried.groupby(cost):
        ranked = group.sort_values("validation_accuracy", ascending=False)
        right = at in (cost.min(), cost.max())
        height = high
        for row in ranked.itertuples():
            height = min(height - 0.075 * (high - low),
                         row.validation_accuracy)
            axis.annotate(
                row.setting, (at, row.validation_accuracy),
                (at * 1.12 if right else at / 1.12, height), va="center",
                ha="left" if right else "right", fontsize=7,
                arrowprops={"arrowstyle": "-", "color": GREY, "lw": 0.5,
                            "relpos": (0 if right else 1, 0.5)},
            )
    axis.set_xlim(0.9 * cost.min(), 1.8 * cost.max())
    axis.set_ylim(low, high)
    axis.set_xscale("log")
    axis.yaxis.set_major_formatter(PercentFormatter(1, decimals=1))
    axis.set(xlabel="multiplications in a forward pass, times images trained "
             "on", ylabel="validation accuracy")
    return figure


def learning_curves(epochs: pd.DataFrame, confirmed: pd.DataFrame) -> Figure:
    """Draw accuracy by epoch, on augmented training images and validation.

    `epochs` has a row a seed and epoch with `accuracy`, drawn as mean and
    band from the worst to the best; `confirmed` a row an epoch with
    `validation_accuracy`, of one training.
    """
    figure, axis = new_figure(1.7)
    groups = epochs.groupby("epoch")["accuracy"]
    mean = groups.mean()
    axis.fill_between(mean.index, groups.min(), groups.max(), color=LIGHT,
                      alpha=0.3, lw=0)
    axis.plot(mean, color=LIGHT, ls="--", label="training, augmented images")
    axis.plot(confirmed["epoch"], confirmed["validation_accuracy"],
              color=DARK, marker=".", label="validation, as they are")
    axis.yaxis.set_major_formatter(PercentFormatter(1))
    last = max(mean.index.max(), confirmed["epoch"].max())
    axis.set_xticks(range(2, last + 1, 2))
    axis.set(xlabel="epoch", ylabel="accuracy", ylim=(0.95, 1.001))
    axis.legend(loc="lower right")
    return figure


def confusion(counts: np.ndarray) -> Figure:
    """Draw which digits are taken for which, the right ones left out.

    `counts` of shape (10, 10) are numbers of images by label and prediction.
    """
    figure, axis = new_figure(2.8)
    wrong = np.where(np.eye(len(counts), dtype=bool), np.nan, counts)
    drawn = axis.imshow(wrong, cmap="Blues", vmin=0)
    for label, prediction in zip(*np.nonzero(counts > 0), strict=True):
        if label == prediction:
            continue
        value = counts[label, prediction]
        axis.text(
            prediction, label, f"{value:.1f}".removesuffix(".0"),
            ha="center", va="center", fontsize=6,
            color="white" if value > np.nanmax(wrong) / 2 else "black",
        )
    axis.set(xticks=range(10), yticks=range(10), xlabel="prediction",
             ylabel="label")
    axis.grid(visible=False)
    figure.colorbar(drawn, label="test images, mean of the networks")
    return figure


def missed(
    images: np.ndarray, labels: np.ndarray, predictions: np.ndarray,
    confidences: np.ndarray, label_errors: np.ndarray,
) -> Figure:
    """Show images that most networks get wrong, each under its captions.

    `images` have shape (n, 28, 28). Label, prediction and its probability are
    written above each; a frame marks known errors of the label.
    """
    columns = 14
    rows = -(-len(images) // columns)
    figure, axes = new_figure(0.1 + 0.7 * rows, columns, rows, squeeze=False)
    for axis in axes.flat[len(images) :]:
        axis.axis("off")
    for axis, image, label, prediction, confidence, error in zip(
        axes.flat, images, labels, predictions, confidences, label_errors,
        strict=False,
    ):
        show_image(axis, image)
        axis.set_title(f"{label} → {prediction}\n{confidence:.2f}",
                       fontsize=6.5)
        if error:
            axis.axis("on")
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set(visible=True, color=LIGHT, linewidth=1.5)
    return figure


def reliability(panels: dict[str, pd.DataFrame]) -> Figure:
    """Draw accuracy against confidence, a panel for each title.

    Each table has a row a bin: `count`, `confidence`, `accuracy`. The area of
    a mark follows the logarithm of the count.
    """
    figure, axes = new_figure(2.1, len(panels), sharey=True)
    for axis, (title, bins) in zip(axes, panels.items(), strict=True):
        bins = bins[bins["count"] > 0]
        axis.plot([0, 1], [0, 1], color=GREY, lw=1)
        axis.plot(bins["confidence"], bins["accuracy"], color=DARK, lw=1)
        axis.scatter(bins["confidence"], bins["accuracy"],
                     s=8 * np.log1p(bins["count"]), color=DARK)
        axis.set(title=title, xlabel="confidence", xlim=(0, 1.03),
                 ylim=(0, 1.03))
    axes[0].set_ylabel("accuracy")
    return figure


def comparison(
    sizes: pd.DataFrame, shifts: pd.DataFrame, labels: dict[str, str]
) -> Figure:
    """Draw accuracy by the number of training images, and by the shift.

    `sizes` has `network`, `training_images` and `test_accuracy`, `shifts` has
    `network`, `shift` and `accuracy`, with a row a seed; `labels` names the
    networks. Lines are means, bands reach from the worst to the best.
    """
    figure, (left, right) = new_figure(2.2, 2)
    for name, label in labels.items():
        color, line, mark = _LOOKS[name]
        style = {"color": color, "ls": line, "marker": mark, "ms": 3.5}
        for axis, frame, x, y in (
            (left, sizes, "training_images", "test_accuracy"),
            (right, shifts, "shift", "accuracy"),
        ):
            groups = frame[frame["network"] == name].groupby(x)[y]
            mean = groups.mean()
            axis.fill_between(mean.index, groups.min(), groups.max(),
                              color=color, alpha=0.2, lw=0)
            axis.plot(mean, label=label, **style)
    left.set_xscale("log")
    left.xaxis.set_major_formatter(ScalarFormatter())
    left.set_xticks(sorted(sizes["training_images"].unique()))
    left.tick_params(axis="x", labelrotation=45)
    left.minorticks_off()
    left.set(xlabel="training images", ylabel="test accuracy")
    right.set(xlabel="shift in pixels", ylim=(0, 1.02))
    for axis in (left, right):
        axis.yaxis.set_major_formatter(PercentFormatter(1))
    left.legend(loc="lower right")
    return figure


def kernels(values: np.ndarray) -> Figure:
    """Draw the kernels of a first convolution, shape (h, w, channels).

    Blue is positive and red negative, each kernel on a scale of its own.
    """
    count = values.shape[2]
    columns = 16
    rows = -(-count // columns)
    figure, axes = new_figure(0.38 * rows + 0.1, columns, rows, squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for number in range(count):
        kernel = values[:, :, number]
        limit = np.abs(kernel).max()
        axes.flat[number].imshow(kernel, cmap="RdBu", vmin=-limit, vmax=limit)
    return figure


def feature_maps(image: np.ndarray, maps: dict[str, np.ndarray]) -> Figure:
    """Draw an image, and what some channels of each layer make of it.

    `maps` has for each title an array of shape (h, w, channels), of which the
    eight with the largest sums are drawn.
    """
    columns = 9
    figure, axes = new_figure(0.62 * len(maps), columns, len(maps))
    for row, (title, values) in zip(axes, maps.items(), strict=True):
        show_image(row[0], image)
        row[0].set_title(title, fontsize=7, loc="left")
        strongest = np.argsort(values.sum(axis=(0, 1)))[::-1][: columns - 1]
        for axis, channel in zip(row[1:], strongest, strict=False):
            show_image(axis, values[:, :, channel])
        for axis in row[1 + len(strongest) :]:
            axis.axis("off")
    return figure


def pictures_read(found: PicturesRead) -> Figure:
    """Draw a picture of some kinds, each above what the networks saw."""
    figure, axes = new_figure(2.6, len(EXAMPLES), 2)
    for column, kind in enumerate(EXAMPLES):
        above, below = axes[:, column]
        above.imshow(found.pictures[column], cmap="gray", vmin=0, vmax=255,
                     interpolation="none")
        above.axis("off")
        above.set_title(kind)
        show_image(below, found.seen[column, ..., 0])
    return figure

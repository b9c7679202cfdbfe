"""The figures of Question 4D: codes, and digits made of them."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from digits.figures.style import (
    DARK,
    GREY,
    LIGHT,
    new_figure,
    show_image,
    tiled,
)


def codes(numbers: pd.DataFrame) -> Figure:
    """Draw how each number of the code is distributed, in falling order.

    `numbers` has a row for each: `mean`, `deviation` and share of `zeros`.
    """
    figure, (left, right) = new_figure(1.8, 2)
    ordered = numbers.sort_values("mean", ascending=False, ignore_index=True)
    left.fill_between(ordered.index, ordered["mean"] - ordered["deviation"],
                      ordered["mean"] + ordered["deviation"], color=LIGHT,
                      alpha=0.3, lw=0)
    left.plot(ordered["mean"], color=DARK)
    left.axhline(0, color=GREY, lw=1)
    left.set(xlabel="number of the code, by its mean",
             ylabel="mean ± deviation")
    right.plot(numbers["zeros"].sort_values(ignore_index=True), color=DARK)
    right.yaxis.set_major_formatter(PercentFormatter(1))
    right.set(xlabel="number of the code, by its zeros",
              ylabel="share of zeros", ylim=(0, 1.02))
    return figure


def samples(
    squares: dict[str, np.ndarray], on_demand: dict[str, np.ndarray]
) -> Figure:
    """Show four kinds of images in squares, and a fifth class by class.

    Of each array in `squares`, of shape (n, 28, 28), the first 25 are drawn.
    That of `on_demand` has shape (100, 28, 28), of class 0, 1, … 9 in turn,
    and is drawn with a row for each class.
    """
    figure, axes = new_figure(2.7, 3, 2, width_ratios=(1, 1, 2.2))
    for axis in axes.flat:
        axis.axis("off")
    for axis, (title, images) in zip(
        axes[:, :2].flat, squares.items(), strict=False
    ):
        show_image(axis, tiled(images[:25], 5))
        axis.set_title(title)
    right = figure.add_subplot(axes[0, 0].get_gridspec()[:, 2])
    ((title, images),) = on_demand.items()
    turned = images.reshape(10, 10, 28, 28).swapaxes(0, 1)
    show_image(right, tiled(turned.reshape(100, 28, 28), 10))
    right.axis("on")
    right.set(yticks=14 + 28 * np.arange(10), yticklabels=range(10), xticks=[],
              title=title)
    right.spines[:].set_visible(False)
    right.tick_params(length=0)
    right.grid(visible=False)
    return figure


def interpolation(images: np.ndarray) -> Figure:
    """Show images of shape (pairs, steps, 28, 28), a row a pair."""
    pairs, steps, *_ = images.shape
    figure, axis = new_figure(0.6 * pairs)
    show_image(axis, tiled(images.reshape(-1, 28, 28), steps))
    return figure

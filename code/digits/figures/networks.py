"""Networks of dense layers, drawn."""

from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from digits.figures.style import DARK, GREY, new_figure


def network(layers: pd.DataFrame) -> Figure:
    """Draw a dense network, a column of neurons for each layer.

    `layers` has a row a layer, with the columns `units`, `kind`,
    `activation`, `inputs` and `parameters`, as `experiments.architecture`
    gives them. Wide layers are drawn with a gap, and their width is written.
    """
    figure, axis = new_figure(2.2)
    draw_network(axis, layers)
    return figure


def draw_network(axis, layers: pd.DataFrame) -> None:
    """Draw what `network` draws into an axis."""
    drawn = layers["kind"].isin(("Flatten", "Dense"))
    rows = list(layers[drawn].itertuples())
    columns = [_neurons(axis, x, row) for x, row in enumerate(rows)]
    for x, (left, right) in enumerate(pairwise(columns)):
        # One broken line, which makes a much smaller file than many.
        starts, ends = np.repeat(left, len(right)), np.tile(right, len(left))
        gaps = np.full(len(starts), np.nan)
        axis.plot(
            np.tile([x, x + 1, np.nan], len(starts)),
            np.column_stack([starts, ends, gaps]).ravel(),
            color=GREY, lw=0.25, zorder=1,
        )
        axis.text(
            x + 0.5, -1.32, f"{rows[x + 1].parameters:,}\nparameters",
            ha="center", va="top", color=GREY, fontsize=7,
        )
    axis.set(xlim=(-0.5, len(columns) - 0.5), ylim=(-1.8, 1.5))
    axis.axis("off")


def _neurons(axis, x: float, layer) -> np.ndarray:
    """Draw the neurons of one layer; return the heights of those drawn."""
    most = 11
    if layer.units <= most:
        heights = np.linspace(-1, 1, most)[: layer.units]
        heights = heights - heights.mean()
    else:
        heights = np.delete(np.linspace(-1, 1, most), most // 2)
        axis.text(x, 0, "⋮", ha="center", va="center", fontsize=9)
    activation = "pixels" if pd.isna(layer.activation) else layer.activation
    axis.scatter(
        np.full(len(heights), x), heights, s=26, zorder=2,
        facecolor="white", edgecolor=DARK, linewidth=1,
    )
    axis.text(
        x, 1.2, f"{layer.units}", ha="center", va="bottom",
        fontweight="bold", fontsize=9,
    )
    axis.text(x, -1.12, activation, ha="center", va="top")
    return heights

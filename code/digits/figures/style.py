"""One style for all figures.

The width of a page's text, two colours that differ in lightness as well as in
hue, so that they survive greyscale and colour blindness, and line styles that
say the same once more.
"""

import os

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

WIDTH = 6.3  # inches: the text width of an A4 page
DARK, LIGHT, GREY = "#08306b", "#e6862b", "#6b6b6b"

STYLE = {
    "figure.dpi": 150,
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "legend.fontsize": 7.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "legend.frameon": False,
    "lines.linewidth": 1.3,
    "svg.hashsalt": "digits",
}
# With this, the salt and `SteadyLayout`, the same figure has the same bytes
# each time.
os.environ["SOURCE_DATE_EPOCH"] = "0"


class SteadyLayout(ConstrainedLayoutEngine):
    """Constrained layout with places rounded to a billionth of the figure.

    The last bits of its solver's numbers depend on where objects lie in memory,
    and an SVG file names what it clips by all bits of its place.
    """

    def execute(self, fig: Figure) -> None:
        """Lay out a figure's axes."""
        super().execute(fig)
        for axis in fig.axes:
            place = axis.get_position(original=True).bounds
            axis.set_position([round(number, 9) for number in place])
            axis.set_in_layout(True)  # which setting it by hand ends


def new_figure(height: float, columns: int = 1, rows: int = 1, **options):
    """Open a figure of full width in the one style: figure and axes."""
    # Set for good: much of a style is looked up when text is added or drawn.
    plt.rcParams.update(STYLE)
    return plt.subplots(rows, columns, figsize=(WIDTH, height),
                        layout=SteadyLayout(), **options)


def show_image(axis, image: np.ndarray) -> None:
    """Draw an image of shape (h, w), black on white, without an axis.

    As it is, one sample a pixel: scaled up, it would fill the page's file.
    """
    axis.imshow(image, cmap="gray_r", interpolation="none")
    axis.axis("off")


def tiled(images: np.ndarray, columns: int, margin: int = 0) -> np.ndarray:
    """Lay images of shape (n, h, w) side by side, in rows of `columns`.

    Each has a white margin of so many pixels.
    """
    sides = (margin, margin)
    images = np.pad(images, ((0, 0), sides, sides))
    count, height, width = images.shape
    grid = images.reshape(count // columns, columns, height, width)
    return grid.swapaxes(1, 2).reshape(-1, columns * width)

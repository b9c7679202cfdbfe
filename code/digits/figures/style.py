"""One style for all figures.

The width of a page's text, two colours that differ in lightness as well as in
hue, so that they survive greyscale and colour blindness, and line styles that
say the same once more.
"""

import os

import matplotlib.pyplot as plt
import numpy as np

WIDTH = 6.3  # inches: the text width of an A4 page
DARK, LIGHT, GREY = "#08306b", "#e6862b", "#6b6b6b"

STYLE = {
    "figure.constrained_layout.use": True,
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
# With this and the salt, the same figure has the same bytes each time.
os.environ["SOURCE_DATE_EPOCH"] = "0"


def new_figure(height: float, columns: int = 1, rows: int = 1, **options):
    """Open a figure of full width in the one style: figure and axes."""
    # Set for good: much of a style is looked up when text is added or drawn.
    plt.rcParams.update(STYLE)
    return plt.subplots(rows, columns, figsize=(WIDTH, height), **options)


def show_image(axis, image: np.ndarray) -> None:
    """Draw an image of shape (h, w), black on white, without an axis.

    As it is, one sample a pixel: scaled up, it would fill the page's file.
    """
    axis.imshow(image, cmap="gray_r", interpolation="none")
    axis.axis("off")

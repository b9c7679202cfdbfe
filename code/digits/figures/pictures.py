"""Pictures of digits on paper, and what the networks saw of them."""

from matplotlib.figure import Figure

from digits.figures.benchmark import EXAMPLES, PicturesRead
from digits.figures.style import new_figure, show_image


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

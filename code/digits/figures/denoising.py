"""The figures of Question 4: noise, denoising and digits from the decoder."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from digits.figures.networks import draw_network
from digits.figures.style import (
    DARK,
    GREY,
    LIGHT,
    new_figure,
    show_image,
    tiled,
)

MARGIN = 2  # pixels around seasoned digits
# Colour and line by who denoises.
_LOOKS = {
    "none": (LIGHT, "--"),
    "notebook": (DARK, "-"),
}


def autoencoder(
    layers: pd.DataFrame, seasoned: np.ndarray, denoised: np.ndarray
) -> Figure:
    """Draw an auto-encoder between an image and what it makes of it.

    `layers` are as for `dense.network`, the images of shape (28, 28).
    """
    figure, (left, middle, right) = new_figure(
        2.2, 3, width_ratios=(1, 5, 1)
    )
    for axis, image, title in (
        (left, seasoned, "seasoned"), (right, denoised, "denoised")
    ):
        show_image(axis, image)
        axis.set_title(title)
    draw_network(middle, layers)
    return figure


def losses(epochs: pd.DataFrame, least: float) -> Figure:
    """Draw training and validation loss by epoch, and the least possible.

    `epochs` has a row a seed and epoch: `epoch`, `loss`, `validation_loss`.
    Lines are means, bands reach from the least to the largest.
    """
    figure, axis = new_figure(1.6)
    for column, label, color, line in (
        ("loss", "training", LIGHT, "--"),
        ("validation_loss", "validation", DARK, "-"),
    ):
        _band(axis, epochs.groupby("epoch")[column], label, color, line)
    axis.axhline(least, color=GREY, lw=1)
    axis.text(1, least, "least possible", va="bottom", color=GREY, fontsize=7)
    axis.set(xlabel="epoch", ylabel="binary\ncross-entropy", ylim=(0, None))
    axis.legend()
    return figure


def _band(axis, groups, label: str, color: str, line: str) -> None:
    """Draw the mean of groups, and a band from the least to the largest."""
    mean = groups.mean()
    axis.fill_between(mean.index, groups.min(), groups.max(), color=color,
                      alpha=0.25, lw=0)
    axis.plot(mean, color=color, ls=line, label=label)


def examples(
    clean: np.ndarray, seasoned: np.ndarray, denoised: np.ndarray,
    levels: tuple[float, ...],
) -> Figure:
    """Show digits at each noise level, seasoned and denoised.

    `clean` has shape (n, 28, 28) and stands on the left, the others have shape
    (levels, n, 28, 28).
    """
    count, digits, *_ = seasoned.shape
    side = 28 + 2 * MARGIN
    # Two rows a digit, a column a level; the original between the rows.
    pairs = np.stack([seasoned, denoised]).transpose(2, 0, 1, 3, 4)
    grid = tiled(pairs.reshape(-1, 28, 28), count, MARGIN)
    above = side - 14
    originals = np.pad(clean, ((0, 0), (above, above), (MARGIN, side // 2)))
    left = originals.shape[2]
    figure, axis = new_figure(0.86 * digits + 0.2)
    show_image(axis, np.hstack([originals.reshape(-1, left), grid]))
    axis.axis("on")
    axis.set(
        xticks=[side / 2, *(left + side * (np.arange(count) + 0.5))],
        xticklabels=["original", *(f"{level:g}" for level in levels)],
        yticks=side * (np.arange(2 * digits) + 0.5),
        yticklabels=["seasoned", "denoised"] * digits,
    )
    axis.tick_params(
        length=0, labeltop=True, labelbottom=False, labelsize=7,
        labelleft=False, labelright=True,
    )
    axis.spines[:].set_visible(False)
    axis.grid(visible=False)
    return figure


def quality(measured: pd.DataFrame, mean_image: dict[str, float]) -> Figure:
    """Draw PSNR and SSIM against the noise level, seasoned and denoised.

    `measured` has a row a seed and level: `noise_level` and `psnr_seasoned`,
    `psnr_denoised`, `ssim_seasoned`, `ssim_denoised`. `mean_image` has what
    the mean training image reaches: `psnr` and `ssim`.
    """
    figure, axes = new_figure(1.9, 2)
    for axis, name, label in zip(
        axes, ("psnr", "ssim"), ("PSNR in dB", "SSIM"), strict=True
    ):
        for kind, look in (("seasoned", "none"), ("denoised", "notebook")):
            column = f"{name}_{kind}"
            groups = measured.dropna(subset=column).groupby("noise_level")
            _band(axis, groups[column], kind, *_LOOKS[look])
        axis.axhline(mean_image[name], color=GREY, lw=1, ls=":",
                     label="mean training image")
        axis.set(xlabel="noise level", ylabel=label, xlim=(0, 1))
    axes[1].legend()
    return figure


def accuracy(curves: pd.DataFrame, titles: dict[str, str]) -> Figure:
    """Draw accuracy against the noise level, seasoned and denoised.

    `curves` has a row a `classifier`, `denoiser`, `seed` and `noise_level`,
    with `accuracy`; a panel for each classifier of `titles`.
    """
    figure, axes = new_figure(2.0, len(titles), sharey=True)
    for axis, (classifier, title) in zip(axes, titles.items(), strict=True):
        for denoiser, label in (("none", "seasoned"), ("notebook", "denoised")):
            chosen = curves[(curves["classifier"] == classifier)
                            & (curves["denoiser"] == denoiser)]
            _band(axis, chosen.groupby("noise_level")["accuracy"], label,
                  *_LOOKS[denoiser])
        _noise_axis(axis)
        axis.set_title(title)
    axes[0].set_ylabel("accuracy on test images")
    axes[0].legend()
    return figure


def remedies(
    curves: pd.DataFrame, labels: dict[tuple[str, str], str]
) -> Figure:
    """Draw the mean accuracy against the noise level, all in one.

    `curves` are as for `accuracy`; `labels` names each pair of a classifier
    and a denoiser to draw.
    """
    colors = (LIGHT, DARK, GREY, DARK, LIGHT)
    lines = ("--", "-", "-.", ":", "-")
    figure, axis = new_figure(2.5)
    for (key, label), color, line in zip(
        labels.items(), colors, lines, strict=False
    ):
        chosen = curves[(curves["classifier"] == key[0])
                        & (curves["denoiser"] == key[1])]
        axis.plot(chosen.groupby("noise_level")["accuracy"].mean(),
                  color=color, ls=line, label=label)
    _noise_axis(axis)
    axis.set_ylabel("accuracy on test images")
    axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
    return figure


def _noise_axis(axis) -> None:
    axis.axhline(0.1, color=GREY, lw=1)
    axis.text(0.02, 0.1, "chance", va="bottom", color=GREY, fontsize=7)
    axis.yaxis.set_major_formatter(PercentFormatter(1))
    axis.set(xlabel="noise level", xlim=(0, 1), ylim=(0, 1.02))


def confusions(panels: dict[str, np.ndarray]) -> Figure:
    """Draw which digits are taken for which, a panel for each title.

    Each array of shape (10, 10) has numbers of images by label and
    prediction, drawn as shares of the label.
    """
    figure, axes = new_figure(2.2, len(panels), sharey=True)
    for axis, (title, counts) in zip(axes, panels.items(), strict=True):
        shares = counts / counts.sum(axis=1, keepdims=True)
        drawn = axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        axis.set(xticks=range(10), yticks=range(10), xlabel="prediction",
                 title=title)
        axis.grid(visible=False)
    axes[0].set_ylabel("label")
    figure.colorbar(drawn, ax=axes, label="share of the label's images",
                    format=PercentFormatter(1), shrink=0.8)
    return figure

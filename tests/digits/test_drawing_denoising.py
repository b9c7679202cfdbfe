"""The figures of Question 4: they show the numbers that they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from digits.figures import denoising as figures
from digits.figures import generation

IMAGES = np.arange(100 * 28 * 28, dtype=float).reshape(100, 28, 28)
LEVELS = (0.0, 0.5, 1.0)


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def curves(**columns):
    """Make a curve that falls from 1, a row for each level and seed."""
    return pd.DataFrame([
        {"seed": seed, "noise_level": level,
         "accuracy": 1 - level * (0.8 + 0.1 * seed)} | columns
        for seed in (0, 1) for level in LEVELS
    ])


def test_autoencoder_stands_between_its_images():
    layers = pd.DataFrame({
        "kind": ["InputLayer", "Flatten", "Dense", "Dense", "Reshape"],
        "units": [1, 784, 96, 784, 1], "inputs": [0, 1, 784, 96, 784],
        "activation": [None, None, "relu", "sigmoid", None],
        "parameters": [0, 0, 75_360, 76_048, 0],
    })
    figure = figures.autoencoder(layers, IMAGES[0], IMAGES[1])
    left, middle, right = figure.axes
    assert [left.get_title(), right.get_title()] == ["seasoned", "denoised"]
    words = " ".join(text.get_text() for text in middle.texts)
    for word in ("784", "96", "pixels", "relu", "sigmoid", "75,360", "76,048"):
        assert word in words


def test_losses_have_the_least_possible():
    epochs = pd.DataFrame({"epoch": [1, 2, 1, 2], "loss": [0.2, 0.1, 0.4, 0.3],
                           "validation_loss": [0.3, 0.2, 0.3, 0.2]})
    (axis,) = figures.losses(epochs, 0.05).axes
    training, validation, least = axis.lines
    np.testing.assert_allclose(training.get_ydata(), [0.3, 0.2])
    np.testing.assert_allclose(validation.get_ydata(), [0.3, 0.2])
    assert set(least.get_ydata()) == {0.05}


def test_examples_have_two_rows_a_digit_and_a_column_a_level():
    seasoned = IMAGES[:6].reshape(3, 2, 28, 28)
    figure = figures.examples(IMAGES[:2], seasoned, seasoned + 1, LEVELS)
    (axis,) = figure.axes
    side = 28 + 2 * figures.MARGIN
    drawn = axis.images[0].get_array()
    originals, rest = drawn[:, :-3 * side], drawn[:, -3 * side:]
    rows = rest.reshape(4, side, 3, side).swapaxes(1, 2)
    rows = rows[..., figures.MARGIN:-figures.MARGIN,
                figures.MARGIN:-figures.MARGIN]
    np.testing.assert_array_equal(rows[2], seasoned[:, 1])
    np.testing.assert_array_equal(rows[3], seasoned[:, 1] + 1)
    # Each original stands between the two rows of its digit.
    middle = originals[3 * side - 14 : 3 * side + 14]
    np.testing.assert_array_equal(
        middle[:, figures.MARGIN : figures.MARGIN + 28], IMAGES[1]
    )
    labels = [label.get_text() for label in axis.get_xticklabels()]
    assert labels == ["original", "0", "0.5", "1"]


def test_quality_has_both_measures_and_the_mean_image():
    measured = pd.DataFrame({
        "noise_level": LEVELS, "psnr_seasoned": [None, 8.0, 4.0],
        "psnr_denoised": [20.0, 15.0, 9.0], "ssim_seasoned": [1.0, 0.3, 0.1],
        "ssim_denoised": [0.9, 0.7, 0.2],
    })
    mean = {"psnr": 10.0, "ssim": 0.25}
    left, right = figures.quality(measured, mean).axes
    assert left.lines[0].get_ydata().tolist() == [8, 4]
    assert left.lines[1].get_ydata().tolist() == [20, 15, 9]
    assert right.lines[0].get_ydata().tolist() == [1, 0.3, 0.1]
    assert [set(axis.lines[2].get_ydata()) for axis in (left, right)] == [
        {10.0}, {0.25}
    ]


def test_accuracy_has_a_panel_a_classifier():
    both = pd.concat([
        curves(classifier=name, denoiser=denoiser)
        for name in ("one", "other") for denoiser in ("none", "notebook")
    ])
    figure = figures.accuracy(both, {"one": "One", "other": "Other"})
    assert [axis.get_title() for axis in figure.axes] == ["One", "Other"]
    for axis in figure.axes:
        np.testing.assert_allclose(axis.lines[0].get_ydata(), [1, 0.575, 0.15])


def test_remedies_are_named():
    both = pd.concat([
        curves(classifier="one", denoiser="none"),
        curves(classifier="other", denoiser="all-levels"),
    ])
    labels = {("one", "none"): "first", ("other", "all-levels"): "second"}
    (axis,) = figures.remedies(both, labels).axes
    assert [text.get_text() for text in axis.get_legend().get_texts()] == [
        "first", "second"
    ]


def test_confusions_are_shares_of_the_label():
    counts = np.full((10, 10), 5)
    figure = figures.confusions({"a": counts, "b": 2 * counts})
    for axis in figure.axes[:2]:
        assert (axis.images[0].get_array() == 0.1).all()


def test_codes_are_drawn_in_order():
    numbers = pd.DataFrame({"mean": [1.0, 3, 2], "deviation": [0.1, 0.2, 0.3],
                            "zeros": [0.5, 0.1, 0.9]})
    left, right = generation.codes(numbers).axes
    assert left.lines[0].get_ydata().tolist() == [3, 2, 1]
    assert right.lines[0].get_ydata().tolist() == [0.1, 0.5, 0.9]


def test_samples_are_tiled_row_by_row_and_classes_have_a_row_each():
    figure = generation.samples(
        {"a": IMAGES, "b": IMAGES[::-1]}, {"c": IMAGES}
    )
    first, second, last = (axis for axis in figure.axes if axis.images)
    assert [axis.get_title() for axis in (first, second, last)] == [
        "a", "b", "c"
    ]
    grid = first.images[0].get_array()
    assert grid.shape == (5 * 28, 5 * 28)
    np.testing.assert_array_equal(grid[28:56, 56:84], IMAGES[7])
    grid = last.images[0].get_array()
    # The image after 3 full turns at class 4.
    np.testing.assert_array_equal(
        grid[4 * 28 : 5 * 28, 3 * 28 : 4 * 28], IMAGES[34]
    )


def test_interpolations_have_a_row_a_pair():
    (axis,) = generation.interpolation(IMAGES[:6].reshape(2, 3, 28, 28)).axes
    grid = axis.images[0].get_array()
    np.testing.assert_array_equal(grid[28:, 28:56], IMAGES[4])

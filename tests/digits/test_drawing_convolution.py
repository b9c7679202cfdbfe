"""The figures of Question 3: they show the numbers that they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from digits.figures import convolution as figures
from digits.figures import tables

NETWORKS = ("convolutional", "dense", "dense-large")


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def test_search_names_each_setting_beside_its_place():
    tried = pd.DataFrame({
        "setting": ["base", "narrow", "same", "equal"],
        "validation_accuracy": [0.995, 0.992, 0.9949, 0.9949],
        "parameters": [240_000, 60_000, 240_000, 240_000],
        "training_multiplications": [3e12, 1e12, 3e12, 3e12],
    })
    (axis,) = figures.search(tried).axes
    placed = {text.get_text(): text for text in axis.texts}
    assert placed["base"].xy == (3e12, 0.995)
    assert placed["narrow"].xy == (1e12, 0.992)
    heights = [placed[name].xyann[1] for name in ("base", "same", "equal")]
    assert np.diff(heights).max() < -1e-4  # none hides another
    large, small, *_ = axis.collections[0].get_sizes()
    assert large == 4 * small


def test_learning_curves_have_a_mean_and_the_validation():
    epochs = pd.DataFrame({"epoch": [1, 2, 1, 2],
                           "accuracy": [0.9, 0.98, 0.8, 0.96]})
    confirmed = pd.DataFrame({"epoch": [1, 2],
                              "validation_accuracy": [0.95, 0.99]})
    (axis,) = figures.learning_curves(epochs, confirmed).axes
    np.testing.assert_allclose(axis.lines[0].get_ydata(), [0.85, 0.97])
    np.testing.assert_allclose(axis.lines[1].get_ydata(), [0.95, 0.99])


def test_confusion_leaves_out_what_is_right():
    counts = np.diag(np.full(10, 980.0))
    counts[4, 9], counts[9, 4] = 3.4, 2
    axis, _ = figures.confusion(counts).axes
    texts = {text.get_text(): text.get_position() for text in axis.texts}
    assert texts == {"3.4": (9, 4), "2": (4, 9)}
    drawn = axis.images[0].get_array()
    assert np.ma.getmaskarray(drawn).diagonal().all()


@pytest.mark.parametrize("count", [1, 10, 13])
def test_missed_frames_known_errors_of_the_label(count):
    errors = np.arange(count) % 2 == 0
    figure = figures.missed(
        np.zeros((count, 28, 28), np.uint8), np.full(count, 4),
        np.full(count, 9), np.full(count, 0.75), errors,
    )
    shown = [axis for axis in figure.axes if axis.images]
    assert len(shown) == count
    assert {axis.get_title() for axis in shown} == {"4 → 9\n0.75"}
    assert [axis.axison for axis in shown] == errors.tolist()


def test_reliability_leaves_out_empty_bins():
    bins = pd.DataFrame({"count": [0, 5, 9], "confidence": [None, 0.6, 0.9],
                         "accuracy": [None, 0.5, 1.0]})
    one, other = figures.reliability({"single": bins, "mean": bins}).axes
    assert [one.get_title(), other.get_title()] == ["single", "mean"]
    assert one.lines[1].get_xydata().tolist() == [[0.6, 0.5], [0.9, 1.0]]


def test_comparison_draws_means_of_each_network():
    generator = np.random.default_rng(0)
    rows = [
        {"network": name, "training_images": size, "shift": size, "seed": seed,
         "test_accuracy": generator.random(), "accuracy": generator.random()}
        for name in NETWORKS for size in (100, 1_000) for seed in range(3)
    ]
    frame = pd.DataFrame(rows)
    left, right = figures.comparison(
        frame, frame, {name: name.upper() for name in NETWORKS}
    ).axes
    for axis, column in ((left, "test_accuracy"), (right, "accuracy")):
        for name, line in zip(NETWORKS, axis.lines, strict=True):
            means = frame[frame["network"] == name].groupby("shift")[column]
            np.testing.assert_allclose(line.get_ydata(), means.mean())
            assert line.get_label() == name.upper()


def test_kernels_are_drawn_each_on_a_scale_around_0():
    values = np.random.default_rng(0).normal(size=(5, 5, 18))
    figure = figures.kernels(values)
    drawn = [axis.images[0] for axis in figure.axes if axis.images]
    assert len(drawn) == 18
    assert drawn[3].get_clim() == (
        -np.abs(values[..., 3]).max(), np.abs(values[..., 3]).max()
    )


def test_feature_maps_are_the_strongest_of_each_layer():
    maps = {"first": np.zeros((14, 14, 12)), "second": np.ones((7, 7, 3))}
    maps["first"][..., 5] = 2
    figure = figures.feature_maps(np.zeros((28, 28)), maps)
    first, second = figure.axes[:9], figure.axes[9:]
    assert first[0].get_title(loc="left") == "first"
    assert first[1].images[0].get_array().min() == 2
    assert sum(bool(axis.images) for axis in second) == 1 + 3


def test_the_table_of_refinements_counts_errors():
    refined = pd.DataFrame({
        "setting": ["chosen", "both"], "parameters": [1_000, 2_000],
        "epochs": [12, 18], "validation_accuracy": [0.994, 0.995],
        "validation_loss": [0.0201, 0.01],
    })
    text = tables.refinements(
        refined, {"chosen": "as before", "both": "all"}, 30_000
    ).data
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()[2:]
    ]
    assert rows == [
        ["as before", "1,000", "12", "99.40 %", "180", "0.0201"],
        ["all", "2,000", "18", "99.50 %", "150", "0.0100"],
    ]

"""Figures and tables: they show the numbers that they are given."""

import io

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from digits import figures, tables
from digits.experiments import (
    architecture,
    baseline,
    preprocessing,
    weight_decay,
)


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def as_svg(figure):
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg")
    return buffer.getvalue()


def test_digit_row_has_an_axis_a_digit_and_its_label():
    images = np.zeros((3, 28, 28), np.uint8)
    figure = figures.digit_row(images, np.array([4, 0, 9]))
    assert [axis.get_title() for axis in figure.axes] == ["4", "0", "9"]


def test_network_tells_widths_activations_and_parameters():
    figure = figures.network(architecture.result().layers)
    words = " ".join(text.get_text() for text in figure.axes[0].texts)
    for word in ("784", "64", "10", "relu", "softmax", "pixels",
                 "50,240", "4,160", "650"):
        assert word in words
    assert "nan" not in words


def test_loss_gradients_are_the_derivatives_of_the_losses():
    """The right panel is the left one differentiated by the true logit.

    With the rest spread evenly, the probability p of the true class changes
    with its logit at the rate p (1 - p).
    """
    left, right = figures.loss_functions(10).axes
    for loss, gradient in zip(left.lines, right.lines, strict=True):
        p, value = loss.get_data()
        inner = (p > 0.05) & (p < 0.95)
        slope = -np.gradient(value, p) * p * (1 - p)
        np.testing.assert_allclose(
            slope[inner], gradient.get_ydata()[inner], rtol=5e-3
        )


def test_learning_curves_draw_means_of_each_protocol():
    epochs = baseline.result().epochs
    figure = figures.learning_curves(epochs)
    expected = (
        epochs[epochs["protocol"] == "held-out"]
        .groupby("epoch")["scored_accuracy"].mean()
    )
    line = figure.axes[1].lines[1]
    np.testing.assert_allclose(line.get_ydata(), expected)
    assert len(figure.axes[1].collections) == 2


def test_same_figure_same_bytes():
    draw = lambda: as_svg(figures.loss_functions(10))  # noqa: E731
    assert draw() == draw()


def test_colours_differ_in_greyscale():
    def lightness(colour):
        return plt.matplotlib.colors.to_rgb(colour) @ np.array(
            [0.299, 0.587, 0.114]
        )

    assert abs(lightness(figures.DARK) - lightness(figures.LIGHT)) > 0.3


def test_markdown_table():
    table = tables.markdown(("a", "b"), [(1, "x")], "lr").data
    assert table == "| a | b |\n| :--- | ---: |\n| 1 | x |"


def test_markdown_refuses_rows_of_another_length():
    with pytest.raises(ValueError, match="differ in length"):
        tables.markdown(("a", "b"), [(1,)], "lr")


def test_percentages():
    assert tables.percent(0.97314) == "97.31 %"
    assert tables.percent(0.97314, 0) == "97 %"
    found = tables.with_deviation(pd.Series([0.96, 0.97, 0.98]))
    assert found == "97.00 ± 1.00 %"
    assert tables.with_deviation(pd.Series([None, None])) == "–"


def test_parameters_are_derived_and_add_up():
    table = tables.parameters(architecture.result().layers).data
    assert "784 · 64 = 50,176" in table
    assert table.endswith("| **55,050** |")


def test_architecture_refuses_a_count_that_keras_does_not_share(monkeypatch):
    (stored,) = architecture.compute(architecture.runs()[:1])
    wrong = stored.result.metrics | {"parameters": 55_051}
    monkeypatch.setattr(
        architecture, "compute",
        lambda runs: [type(stored)(
            type(stored.result)(wrong, stored.result.table), stored.stamp, ""
        )],
    )
    with pytest.raises(ValueError, match="disagree"):
        architecture.result()


def test_preprocessing_shows_a_digit_of_each_class():
    found = preprocessing.result()
    assert found.labels.tolist() == list(range(10))
    assert found.examples.shape == (10, 28, 28)
    table = tables.preprocessing(found.table).data
    assert "60,000 × 28 × 28 × 1" in table
    assert "float32" in table


def test_baseline_has_every_epoch_of_every_seed():
    found = baseline.result()
    assert len(found.epochs) == 2 * 5 * 10
    assert len(found.final) == 2 * 5
    held_out = found.final.set_index("protocol").loc["held-out"]
    assert held_out["validation_accuracy"].between(0.9, 1).all()
    notebook = found.final.set_index("protocol").loc["notebook"]
    assert notebook["validation_accuracy"].isna().all()
    last = found.epochs.query("protocol == 'notebook' and epoch == 10")
    np.testing.assert_allclose(
        last.set_index("seed")["scored_accuracy"],
        notebook.set_index("seed")["test_accuracy"], atol=1e-6,
    )


def test_weight_decay_is_chosen_on_validation_images():
    found = weight_decay.result()
    assert len(found.final) == (
        len(weight_decay.FACTORS) * len(weight_decay.SEEDS)
    )
    counts = found.epochs.groupby("run")["epoch"].max()
    assert (counts == 40).all()
    means = found.final.groupby("regularization_factor")[
        ["validation_accuracy", "test_accuracy"]
    ].mean()
    assert means["validation_accuracy"][found.chosen] == (
        means["validation_accuracy"].max()
    )
    assert means["test_accuracy"][found.chosen_on_test] == (
        means["test_accuracy"].max()
    )


def test_asked_factors_are_evenly_spaced_on_a_logarithmic_axis():
    none, *asked = weight_decay.FACTORS
    assert none == 0
    assert len(asked) == 5
    steps = np.diff(np.log10(asked))
    np.testing.assert_allclose(steps, 0.75, atol=0.01)


def test_weight_decay_figure_has_means_and_sample_deviations():
    found = weight_decay.result()
    figure = figures.weight_decay(
        found.final, weight_decay.ASKED_SEEDS, 0.9847, (0.982, 0.987)
    )
    groups = found.final.groupby("regularization_factor")
    line, _, (bars,) = figure.axes[0].containers[0]
    np.testing.assert_allclose(
        line.get_ydata().astype(float),
        groups["validation_accuracy"].mean()[1:],
    )
    heights = [top - low for (_, low), (_, top) in bars.get_segments()]
    np.testing.assert_allclose(
        np.array(heights, dtype=float) / 2,
        groups["validation_accuracy"].std(ddof=1)[1:], rtol=1e-6,
    )


def test_overfitting_figure_has_a_panel_a_factor():
    epochs = weight_decay.result().epochs
    figure = figures.overfitting(epochs, (0.0, 1e-3))
    assert [axis.get_title() for axis in figure.axes] == [
        "factor 0", "factor 0.001",
    ]
    last = epochs.query("regularization_factor == 0 and epoch == 40")
    assert figure.axes[0].lines[0].get_ydata()[-1] == pytest.approx(
        last["accuracy"].mean()
    )


def test_weight_decay_table_has_a_row_a_factor():
    table = tables.weight_decay(
        weight_decay.result().final, weight_decay.ASKED_SEEDS
    ).data.splitlines()
    assert len(table) == 2 + len(weight_decay.FACTORS)
    assert "3 seeds" in table[0]

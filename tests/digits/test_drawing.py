"""Figures and tables: they show the numbers that they are given."""

import io
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.layout_engine import ConstrainedLayoutEngine

from digits import figures
from digits.experiments import (
    architecture,
    baseline,
    influences,
    preprocessing,
    weight_decay,
)
from digits.figures import appendix, tables
from digits.stating import benchmarks, wording
from digits.statistics import Estimate, Summary, difference
from larder import store, varied
from larder.runs import flat


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def as_svg(figure):
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg")
    return buffer.getvalue()


@pytest.mark.parametrize("nudge", [1e-13, -1e-13])
def test_the_last_bits_of_the_layout_change_no_byte(monkeypatch, nudge):
    """Nudge all axes as the solver does from one process to another."""
    layers = architecture.result().layers
    steady = as_svg(figures.network(layers))
    solve = ConstrainedLayoutEngine.execute

    def nudged(self, figure):
        solve(self, figure)
        for axis in figure.axes:
            bounds = axis.get_position(original=True).bounds
            axis.set_position([number + nudge for number in bounds])
            axis.set_in_layout(True)

    monkeypatch.setattr(ConstrainedLayoutEngine, "execute", nudged)
    assert b"clip-path" in steady
    assert as_svg(figures.network(layers)) == steady


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


def test_numbers_within_a_sentence():
    assert wording.number(55050) == "55,050"
    assert wording.number(2.3026, 3) == "2.303"
    assert wording.setting(0.00018) == "0.00018"
    assert wording.setting(12) == "12"
    assert wording.scientific(3.2e-5) == "3e-05"
    assert wording.text(("a", 1)) == "('a', 1)"
    assert wording.interval((0.9731, 0.97524)) == "97.31 % to 97.52 %"
    assert wording.level(Estimate(0.431, 0.409, 0.45)) == "0.43 (0.41 to 0.45)"


def test_percentages():
    assert wording.percent(0.97314) == "97.31 %"
    assert wording.percent(0.97314, 0) == "97 %"
    assert wording.points(0.00484) == "0.48"
    assert wording.points(-0.0149) == "−1.49"
    found = wording.with_deviation(pd.Series([0.96, 0.97, 0.98]))
    assert found == "97.00 ± 1.00 %"
    assert wording.with_deviation(Summary(0.97, 0.01, 3)) == found
    assert wording.with_deviation(pd.Series([None, None])) == "–"
    assert wording.with_deviation(pd.Series([0.9824])) == "98.24 %"


def test_parameters_are_derived_and_add_up():
    table = tables.parameters(architecture.result().layers).data
    assert "784 · 64 = 50,176" in table
    assert table.endswith("| **55,050** |")


def test_architecture_refuses_a_count_that_keras_does_not_share(monkeypatch):
    (stored,) = architecture.compute(architecture.runs()[:1])
    wrong = stored.result.metrics | {"parameters": 55_051}
    monkeypatch.setattr(
        architecture, "compute",
        lambda runs: [
            replace(stored, result=replace(stored.result, metrics=wrong))
        ],
    )
    with pytest.raises(ValueError, match="disagree"):
        architecture.result()


def test_preprocessing_shows_a_digit_of_each_class():
    found = preprocessing.result()
    assert found.labels.tolist() == list(range(10))
    assert found.examples.shape == (10, 28, 28)
    table = tables.preprocessing(found.table).data
    assert found.types == ("uint8", "float32")
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


def test_the_chosen_factor_is_retrained_on_all_images():
    found = weight_decay.result().retrained
    assert len(found) == len(weight_decay.FINAL_SEEDS) >= 5
    assert found["whole_training_set"].all()
    assert found["validation_accuracy"].isna().all()
    assert set(found["regularization_factor"]) == {weight_decay.result().chosen}


def test_a_choice_that_validation_does_not_make_is_refused(monkeypatch):
    other = varied(weight_decay.CHOSEN, regularization_factor=1e-3)
    monkeypatch.setattr(weight_decay, "CHOSEN", other)
    monkeypatch.setattr(weight_decay, "final_runs", lambda: [])
    with pytest.raises(ValueError, match=r"validation chooses 0\.00018"):
        weight_decay.result()


# Influences.


def test_each_change_is_of_one_thing():
    """But for the learning rates that go with momentum and Adam."""
    chosen = flat(weight_decay.CHOSEN)
    for run in influences.runs():
        name = run.name.rpartition("_")[0]
        if name not in influences.CHANGES:
            continue
        changed = {
            key for key, value in flat(run.config).items()
            if value != chosen.get(key)
        } - {"seed"}
        if name in ("adam", "momentum-rate-0.01"):
            changed -= {"learning_rate"}
        assert len(changed) == 1, name


def test_differences_are_from_the_chosen_setting():
    found = influences.result()
    sweep = weight_decay.result()
    reference = sweep.final.query("regularization_factor == @sweep.chosen")
    assert len(reference) == len(weight_decay.SEEDS)
    for name in influences.CHANGES:
        runs = found.final.query("change == @name")
        assert len(runs) == len(influences.SEEDS) >= 3
        expected = difference(runs["validation_accuracy"],
                              reference["validation_accuracy"])
        assert found.differences[name] == expected


def test_the_best_combination_is_trained_on_all_images():
    final = influences.result().final.query("change == 'final'")
    assert len(final) == len(influences.FINAL_SEEDS) >= 5
    assert final["whole_training_set"].all()
    best = influences.COMBINATIONS[influences.BEST]
    for key, value in best.items():
        assert set(final[key]) == {value}


def test_another_choice_than_that_of_validation_is_refused(monkeypatch):
    monkeypatch.setattr(influences, "FINALISTS", influences.FINALISTS[:2])
    with pytest.raises(ValueError, match="validation chooses"):
        influences.result()


def test_forest_plot_has_the_best_on_top_and_arrows_beyond_its_limits():
    rows = [("worse", Estimate(-0.002, -0.003, -0.001)),
            ("far", Estimate(-0.05, -0.06, -0.04)),
            ("better", Estimate(0.001, 0.0005, 0.0015))]
    figure = figures.influences({"one": rows, "two": rows[:1]}, (-1, 1))
    above, _ = figure.axes
    labels = [label.get_text() for label in above.get_yticklabels()]
    assert labels == ["far", "worse", "better"]
    (arrow,) = above.texts
    assert arrow.get_text() == "-5.00"
    marks = [line.get_xdata() for line in above.lines if len(
        line.get_xdata()) == 1]
    assert [float(x[0]) for x in marks] == pytest.approx([-0.2, 0.1])


def test_influences_table_names_seeds_and_accuracies():
    labels = {"final": "all images"}
    table = tables.influences(influences.result().final, labels).data
    row = table.splitlines()[-1]
    assert row.startswith("| all images | 5 | – | 98.")


# The benchmark.


def test_benchmark_table_compares_with_the_loop_and_the_limit():
    ways = pd.DataFrame(
        {"speed": [0.25, 0.5, 1.0], "megabytes": [1_500, 1_100, 300]},
        index=[benchmarks.NAIVE, benchmarks.ALL, benchmarks.LIMIT],
    )
    found = benchmarks.Benchmark(ways, "a processor", 2, "2026-11-22", 4, 3)
    assert found.times(benchmarks.ALL, benchmarks.NAIVE) == 2
    table = appendix.benchmark(found).data.splitlines()
    cells = [[cell.strip() for cell in row.split("|")][1:-1] for row in table]
    assert cells[2] == ["a plain loop of `model.fit`", "0.25", "1.00", "0.25",
                        "1,500 MB"]
    assert cells[3][:4] == ["this project, 2 workers", "0.50", "2.00", "0.50"]
    assert len(cells) == 5


def test_a_stored_benchmark_is_read(results):
    table = {"way": [benchmarks.NAIVE], "speed": [0.25], "megabytes": [1_500]}
    stamp = {"hardware": {"processor": "one", "cores": 2},
             "finished": "2026-11-22"}
    store.save(benchmarks.path(results),
               store.Result({"networks": 4, "rounds": 3}, table), stamp)
    found = benchmarks.load(results)
    assert found.ways.loc[benchmarks.NAIVE, "speed"] == 0.25
    assert (found.processor, found.cores, found.rounds) == ("one", 2, 3)


def test_a_stored_benchmark_of_the_page_is_read_and_shown(results):
    table = {
        "network": ["dense", "autoencoder"], "parameters": [1_000, 2_000],
        "milliseconds": [0.4, 0.6], "accuracy": [0.98, None],
        "stored_accuracy": [0.9801, None], "same": [0.9995, None],
        "difference": [0.21, 0.05], "seasoned_difference": [0.3, 0.0625],
    }
    metrics = {"packed_bytes": 1_500_000, "unpacking_milliseconds": 90,
               "move_milliseconds": 2.5, "longest_gap_milliseconds": 40}
    stamp = {"hardware": {"processor": "one", "cores": 2}, "page": "abc",
             "browser": "Chromium 120", "finished": "2026-11-25"}
    store.save(benchmarks.path(results, "page"),
               store.Result(metrics, table), stamp)
    found = benchmarks.load_page(results)
    assert (found.outcome, found.packed_bytes) == ("abc", 1_500_000)
    assert found.furthest == pytest.approx(0.0001)
    rows = appendix.page_benchmark(found).data.splitlines()
    cells = [[cell.strip() for cell in row.split("|")][1:-1] for row in rows]
    assert cells[2] == ["dense (2D)", "1,000", "0.4 ms", "98.01 %", "98.00 %",
                        "99.95 %", "0.210", "0.300"]
    assert cells[3][3:] == ["–", "–", "–", "0.050", "0.062"]


def test_stored_pictures_are_read_and_shown(results):
    table = {"kind": ["ruled", "faces"], "count": [200, 50],
             "right": [190, 0], "read": [198, 0], "refused": [8, 49],
             "sure": [1, 0]}
    count = len(benchmarks.EXAMPLES)
    arrays = {"pictures": np.full((count, 40, 40), 200, np.uint8),
              "seen": np.zeros((count, 28, 28, 1), np.float32),
              "confused": np.diag(np.arange(10))}
    store.save(
        benchmarks.path(results, "pictures"),
        store.Result({"refused_by_energy": 0.75}, table, arrays),
        {"finished": "2026-11-25"},
    )
    found = benchmarks.load_pictures(results)
    assert found.scores["refused_by_energy"] == 0.75
    assert found.confused.trace() == 45
    rows = appendix.pictures(found).data.splitlines()
    cells = [cell.strip() for cell in rows[2].split("|")][1:-1]
    assert cells == ["ruled", "200", "95.0 %", "4.0 %", "4.0 %", "0.5 %"]
    figure = figures.pictures_read(found)
    assert len(figure.axes) == 2 * count
    assert figure.axes[0].get_title() == benchmarks.EXAMPLES[0]

"""A finer grid of 2D: asked for, stored beside the first, drawn if there."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from click.testing import CliRunner

from digits import cli, figures, paths
from digits.experiments import weight_decay
from digits.kept import LARDER
from digits.stating import provenance
from larder import commands, store
from larder.freshness import identity

ASKED = weight_decay.FACTORS


def keep(runs, folder):
    """Store made-up results that are fresh."""
    for number, run in enumerate(runs):
        metrics = {"train_accuracy": 1.0, "validation_accuracy": 0.98,
                   "test_accuracy": 0.9 + number / 10_000}
        stamp = identity(LARDER.at(folder), run) | {
            "seconds": 1.0, "finished": "2026-11-24", "versions": {},
            "hardware": {},
        }
        store.save(run.path(folder), store.Result(metrics), stamp)


@pytest.fixture
def folder(monkeypatch, tmp_path):
    monkeypatch.setattr(LARDER, "results", tmp_path)
    monkeypatch.setattr(paths, "RESULTS", tmp_path)
    return tmp_path


# The grid.


def test_five_factors_are_those_asked():
    assert weight_decay.grid(5) == ASKED


def test_thirteen_factors_have_those_asked_among_them():
    found = weight_decay.grid(13)
    assert len(found) == 14
    assert set(ASKED) < set(found)
    steps = np.diff(np.log10(found[1:]))
    np.testing.assert_allclose(steps, 0.25, atol=0.015)


@pytest.mark.parametrize("count", range(2, weight_decay.FINEST + 1))
def test_no_factor_is_there_twice(count):
    found = weight_decay.grid(count)
    assert len(set(found)) == count + 1
    assert list(found) == sorted(found)


@pytest.mark.parametrize("count", [1, weight_decay.FINEST + 1])
def test_other_counts_are_refused(count):
    with pytest.raises(ValueError, match=f"factors is {count}: from 2"):
        weight_decay.grid(count)


def test_runs_in_common_are_the_same_runs():
    finer = weight_decay.sweep_runs(weight_decay.grid(13), range(10))
    assert set(weight_decay.sweep_runs()) < set(finer)
    assert len({run.name for run in finer}) == len(finer) == 140


# The command.


def test_status_lists_the_finer_grid():
    words = ["status", "weight_decay", "--factors", "13", "--replicates", "2"]
    done = CliRunner().invoke(cli.main, words)
    assert done.exit_code == 0, done.output
    assert "  27 " in done.output
    assert "  28 " not in done.output
    assert "weight_decay/factor-1.8e-06_seed-1" in done.output


def test_train_computes_a_number_of_the_finer_grid(monkeypatch):
    asked = []
    monkeypatch.setattr(
        commands, "refresh",
        lambda larder, runs, **options: asked.extend(runs),
    )
    words = ["train", "weight_decay", "--factors", "13", "--run", "2"]
    done = CliRunner().invoke(cli.main, words)
    assert done.exit_code == 0, done.output
    assert [run.name for run in asked] == ["factor-1.8e-06_seed-0"]


def test_more_replicates_of_the_factors_asked(monkeypatch):
    asked = []
    monkeypatch.setattr(
        commands, "refresh",
        lambda larder, runs, **options: asked.extend(runs),
    )
    words = ["train", "weight_decay", "--replicates", "12"]
    CliRunner().invoke(cli.main, words, catch_exceptions=False)
    assert len(asked) == 12 * len(ASKED)
    assert {
        run.config.network.regularization_factor for run in asked
    } == set(ASKED)


@pytest.mark.parametrize("names", [[], ["baseline"],
                                   ["weight_decay", "baseline"]])
def test_a_grid_is_of_one_experiment_alone(names):
    done = CliRunner().invoke(cli.main, ["train", *names, "--factors", "13"])
    assert done.exit_code == 2
    assert "name that experiment alone" in done.output


def test_nobody_asks_for_the_finer_grid():
    runs = {str(run) for run in LARDER.runs()}
    assert "weight_decay/factor-1.8e-06_seed-0" not in runs


def test_the_digest_of_the_results_is_of_a_finer_grid_too(folder):
    keep(weight_decay.sweep_runs(), folder)
    before = provenance.results_digest()
    keep(weight_decay.sweep_runs(), folder)
    assert provenance.results_digest() == before
    keep(weight_decay.sweep_runs([1e-5], [0]), folder)
    assert provenance.results_digest() != before


# The figure.


def test_without_a_finer_grid_there_is_nothing_to_draw(folder):
    assert weight_decay.finer() is None
    keep(weight_decay.sweep_runs(), folder)
    assert weight_decay.finer() is None


def test_a_finer_grid_is_all_that_is_stored(folder):
    runs = weight_decay.sweep_runs(weight_decay.grid(13), range(3))
    keep(runs, folder)
    keep(weight_decay.final_runs(), folder)
    found = weight_decay.finer()
    assert sorted(found["run"]) == sorted(run.name for run in runs)
    first = found.set_index("run").loc[runs[5].name]
    assert first["test_accuracy"] == pytest.approx(0.9005)


def test_seeds_that_a_factor_lacks_are_left_out(folder):
    keep(weight_decay.sweep_runs(), folder)
    keep(weight_decay.sweep_runs([1e-5], range(2)), folder)
    found = weight_decay.finer()
    assert set(found["seed"]) == {0, 1}
    assert set(found["regularization_factor"]) == {*ASKED, 1e-5}


def test_a_stale_run_is_left_out(folder, monkeypatch):
    keep(weight_decay.sweep_runs([*ASKED, 1e-5], range(2)), folder)
    (stale,) = weight_decay.sweep_runs([1e-5], [1])
    stored = store.load(stale.path(folder))
    store.save(stale.path(folder), stored.result,
               stored.stamp | {"data": "other"})
    assert set(weight_decay.finer()["seed"]) == {0}


def test_the_figure_has_all_factors_and_labels_those_asked(folder):
    keep(weight_decay.sweep_runs(weight_decay.grid(13), range(3)), folder)
    found = weight_decay.finer()
    figure = figures.finer_weight_decay(found, ASKED)
    axis = figure.axes[0]
    labels = [label.get_text() for label in axis.get_xticklabels()]
    assert labels == ["0", *(f"{factor:g}" for factor in ASKED[1:])]
    groups = found.groupby("regularization_factor")["validation_accuracy"]
    line, _, (bars,) = axis.containers[0]
    assert len(bars.get_segments()) == 13
    np.testing.assert_allclose(
        line.get_ydata().astype(float), groups.mean()[1:]
    )
    plt.close(figure)

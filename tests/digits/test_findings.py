"""The numbers that the report states, from small tables and stored results."""

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from digits.experiments import (
    architecture,
    baseline,
    comparison,
    convolution,
    denoising,
    generation,
    influences,
    weight_decay,
)
from digits.experiments.baseline import BaselineResult
from digits.experiments.comparison import ComparisonResult
from digits.experiments.findings.convolution import ConvolutionResult
from digits.experiments.findings.denoising import DenoisingResult
from digits.experiments.findings.weight_decay import WeightDecayResult
from digits.experiments.generation import GenerationResult
from digits.experiments.influences import InfluencesResult
from digits.statistics import Estimate, Summary, wilson_interval


def near(mean, deviation, count):
    """Expect a summary, but for rounding."""
    return (pytest.approx(mean), pytest.approx(deviation), count)


def parts(summary):
    return (summary.mean, summary.deviation, summary.count)


ROOT_2 = math.sqrt(2)


# 2A.


def test_the_first_layer_and_an_inner_convolution():
    assert architecture.result().first_share == 50_240 / 55_050
    network = architecture.result("convolutional")
    inner = network.inner_convolution
    assert inner["parameters"] == 9 * inner["shape"][2] ** 2
    assert network.inner_as_dense == math.prod(inner["shape"]) ** 2


# 2C.


@pytest.fixture
def two_epochs():
    """Give two seeds' curves; in the other protocol all is different."""
    epochs = pd.DataFrame([
        {"protocol": protocol, "epoch": epoch, "seed": seed,
         "accuracy": start + 0.2 * epoch + 0.1 * seed,
         "scored_accuracy": start + 0.1 * epoch + 0.2 * seed,
         "scored_loss": loss - epoch}
        for protocol, start, loss in (
            ("notebook", 0.2, 3.0), ("held-out", 0.0, 9.0)
        )
        for epoch in (1, 2, 3) for seed in (0, 1)
    ])
    final = pd.DataFrame({
        "protocol": ["notebook", "notebook", "held-out", "held-out"],
        "test_accuracy": [0.96, 0.98, 0.5, 0.5],
        "validation_accuracy": [0.5, 0.5, 0.94, 0.96],
    })
    return BaselineResult(epochs, final)


def test_curves_are_compared_seed_by_seed(two_epochs):
    assert parts(two_epochs.test) == near(0.97, 0.01 * ROOT_2, 2)
    assert parts(two_epochs.validation) == near(0.95, 0.01 * ROOT_2, 2)
    assert two_epochs.test_interval == pytest.approx(
        wilson_interval(0.97, 10_000)
    )
    assert two_epochs.last_epoch == 3
    assert parts(two_epochs.scored(2)) == near(0.5, 0.1 * ROOT_2, 2)
    assert parts(two_epochs.gain(1, 3)) == near(0.2, 0, 2)
    assert parts(two_epochs.lead(3)) == near(0.25, 0.05 * ROOT_2, 2)
    assert list(two_epochs.loss_changes) == [-1] * 4


# 2D.


@pytest.fixture
def sweep():
    """Give three factors with two seeds each; 0.01 is chosen."""
    final = pd.DataFrame([
        {"regularization_factor": factor, "seed": seed,
         "train_accuracy": 1.0 - factor,
         "validation_accuracy": validation + 0.02 * seed,
         "test_accuracy": test + gain * seed}
        for factor, validation, test, gain in (
            (0.0, 0.90, 0.80, 0.00), (0.001, 0.91, 0.80, 0.00),
            (0.01, 0.95, 0.82, 0.02), (0.1, 0.70, 0.60, 0.00),
        )
        for seed in (0, 1)
    ])
    epochs = pd.DataFrame({
        "regularization_factor": [0.0, 0.0, 0.0, 0.1],
        "epoch": [1, 1, 2, 2], "scored_loss": [1.0, 3.0, 5.0, 0.0],
    })
    retrained = pd.DataFrame({"test_accuracy": [0.84, 0.86]})
    return WeightDecayResult(epochs, final, retrained, 0.01, 0.01)


def test_the_sweep_is_told_by_factor(sweep):
    assert sweep.factors == [0.001, 0.01, 0.1]
    assert parts(sweep.validation) == near(0.96, 0.01 * ROOT_2, 2)
    assert parts(sweep.test) == near(0.83, 0.01 * ROOT_2, 2)
    assert parts(sweep.retrained_test) == near(0.85, 0.01 * ROOT_2, 2)
    assert parts(sweep.bare_validation) == near(0.91, 0.01 * ROOT_2, 2)
    assert sweep.bare_train.mean == 1.0
    assert sweep.strongest_validation.mean == pytest.approx(0.71)
    assert sweep.small_effect == pytest.approx(0.01)
    assert sweep.last_epoch == 2
    assert list(sweep.bare_losses) == [2.0, 5.0]


def test_replicates_of_two_factors_are_compared_in_pairs(sweep):
    assert parts(sweep.gain) == near(0.03, 0.01 * ROOT_2, 2)
    assert sweep.gain_error == pytest.approx(0.01)
    effect = sweep.strongest_effect
    assert effect.mean == pytest.approx(-0.2)
    assert effect.low < -0.2 < effect.high < 0


def test_changes_that_may_help_or_harm_are_unclear():
    sure, unsure = Estimate(0.1, 0.05, 0.15), Estimate(0.1, -0.1, 0.3)
    differences = dict.fromkeys(influences.CHANGES, sure) | {
        "adam": unsure, influences.BEST: Estimate(0.2, 0.1, 0.3),
    }
    final = pd.DataFrame({
        "change": ["final", "final", "adam"], "test_accuracy": [0.9, 0.8, 0.1],
    })
    found = InfluencesResult(final, differences)
    assert found.unclear == ["Adam, rate 0.001"]
    assert list(found.changes.index) == list(influences.CHANGES)
    assert tuple(found.changes.loc["adam"]) == (0.1, -0.1, 0.3)
    assert found.gained.mean == 0.2
    assert parts(found.test) == near(0.85, 0.05 * ROOT_2, 2)
    assert found.labelled(["adam"]) == [("Adam, rate 0.001", unsure)]


def test_every_combination_has_a_label():
    assert set(influences.result().final["change"]) == {
        "final", *influences.LABELS
    }


# 3A.


@pytest.fixture
def searched():
    """Give what two searches and two final networks found, in small."""
    def accuracies(*values):
        return pd.DataFrame({"test_accuracy": values})

    def looked(ensemble):
        return SimpleNamespace(
            metrics={"ensemble_accuracy": ensemble},
            arrays={"pairs": np.array([[30, 10], [50, 20]]),
                    "missed_indices": np.arange(4),
                    "missed_label_errors": np.array([1, 0, 0, 1])},
            table={"count": [5], "confidence": [0.9], "accuracy": [0.8],
                   "ensemble_count": [6], "ensemble_confidence": [0.7],
                   "ensemble_accuracy": [0.6]},
        )

    return ConvolutionResult(
        tried=pd.DataFrame({"setting": ["base", "narrow"],
                            "validation_accuracy": [0.95, 0.92]}),
        refined=pd.DataFrame({
            "setting": ["chosen", "both", "both"], "epochs": [3, 3, 7],
            "validation_accuracy": [0.1, 0.2, 0.3],
            "validation_loss": [3.0, 2.0, 1.0], "held_out": 1_600,
        }),
        costs=pd.DataFrame(),
        first=accuracies(0.7, 0.9), first_errors=looked(0.91),
        final=accuracies(0.96, 0.98), errors=looked(0.99),
        epochs=pd.DataFrame({"epoch": [1, 2, 2],
                             "accuracy": [0.0, 0.5, 0.7]}),
        confirmed=pd.DataFrame({"validation_accuracy": [0.5, 0.8]}),
        inside=SimpleNamespace(
            metrics={"layers": 3},
            arrays={"map_1": "one", "map_2": "two", "map_3": "three"},
        ),
        sharpness={},
    )


def test_what_the_networks_of_3a_reach(searched):
    assert parts(searched.test) == near(0.97, 0.01 * ROOT_2, 2)
    assert searched.test_interval == pytest.approx(
        wilson_interval(0.97, 10_000)
    )
    assert searched.worst == 0.96
    assert parts(searched.first_test) == near(0.8, 0.1 * ROOT_2, 2)
    assert (searched.first_ensemble, searched.ensemble) == (0.91, 0.99)
    assert parts(searched.deformed) == near(0.6, 0.1 * ROOT_2, 2)


def test_what_the_searches_found(searched):
    assert searched.lost["narrow"] == pytest.approx(0.03)
    assert searched.refined_in == (3, 7)
    accuracy = searched.refined_by("validation_accuracy", 3)
    assert accuracy.to_dict() == {"chosen": 0.1, "both": 0.2}
    assert searched.refined_by("validation_loss", 7)["both"] == 1.0
    assert searched.reached == 0.8
    assert searched.held_out_error == pytest.approx(0.01)


def test_what_the_final_networks_get_wrong(searched):
    assert searched.alone[:, 0].tolist() == [30, 50]
    # Of McNemar's test with 30 and 10: a coin that falls so 40 times.
    by_hand = 2 * sum(math.comb(40, k) for k in range(11)) / 2**40
    assert searched.largest_p == pytest.approx(by_hand)
    assert (searched.missed_count, searched.missed_label_errors) == (4, 2)
    assert searched.feature_maps == {"layer 1": "one", "layer 2": "two"}
    single, mean = searched.reliability.values()
    assert single.loc[0].tolist() == [5, 0.9, 0.8]
    assert list(mean.columns) == list(single.columns)
    assert mean.loc[0].tolist() == [6, 0.7, 0.6]


# 3B.


def test_networks_are_compared_by_images_and_shifts(monkeypatch):
    monkeypatch.setattr(comparison, "SIZES", (100, 200))
    accuracies = {"convolutional": 0.9, "dense": 0.6, "dense-large": 0.5}
    sizes = pd.DataFrame([
        {"network": name, "training_images": images, "seed": seed,
         "test_accuracy": accuracy + images / 1_000 * (name == "dense-large")
         - 0.02 * seed, "multiplications": 10 * len(name)}
        for name, accuracy in accuracies.items()
        for images in (100, 200) for seed in (0, 1)
    ])
    shifts = pd.DataFrame({
        "network": "dense", "shift": [1, 1, 2, 2],
        "accuracy": [0.4, 0.2, 0.1, 0.1],
    })
    found = ComparisonResult(sizes, shifts)
    assert parts(found.accuracy("dense", 100)) == near(0.59, 0.01 * ROOT_2, 2)
    assert [item.mean for item in found.best_dense(100)] == pytest.approx(
        [0.59, 0.69]
    )
    assert len(found.from_images("dense", 200)) == 1
    assert found.apart(100) == pytest.approx(0.3)
    assert found.fewer_errors == pytest.approx(0.41 / 0.11)
    assert found.multiplications["dense"] == 50
    assert parts(found.moved("dense", 1)) == near(0.3, 0.1 * ROOT_2, 2)
    assert [item.mean for item in found.shifted("dense", 1, 2)] == (
        pytest.approx([0.3, 0.1])
    )


# 4.


@pytest.fixture
def denoised():
    """Give two seeds' straight curves, at three levels."""
    levels = (0.0, 0.5, 1.0)
    curves = {
        ("convolutional", "none"): (1.0, -0.9),
        ("convolutional", "notebook"): (0.9, -0.6),
        ("dense", "none"): (0.8, -0.1), ("seasoned", "none"): (0.99, 0.0),
    }
    accuracy = pd.DataFrame([
        {"classifier": classifier, "denoiser": denoiser, "seed": seed,
         "noise_level": level, "accuracy": start + slope * level + 0.02 * seed}
        for (classifier, denoiser), (start, slope) in curves.items()
        for seed in (0, 1) for level in levels
    ])
    quality = pd.DataFrame([
        {"seed": seed, "noise_level": level, "ssim_seasoned": 1 - level,
         "ssim_denoised": 0.9 - level / 2 - 0.02 * seed}
        for seed in (0, 1) for level in levels
    ])
    counts = np.zeros((21, 10, 10), int)
    counts[16, :, 3], counts[16, :, 8] = 3, 1
    return DenoisingResult(
        epochs=pd.DataFrame({"epoch": [1, 2, 2], "loss": [9.0, 0.2, 0.4]}),
        least_loss=0.1, quality=quality, mean_image={"ssim": 0.5},
        accuracy=accuracy, examples=None,
        confusion={
            ("convolutional", "notebook", 0): counts,
            ("convolutional", "notebook", 1): counts,
            ("convolutional", "none", 0): np.ones((21, 10, 10), int),
        },
    )


def test_noise_curves_are_told_by_level(denoised):
    reads = denoised.reads("convolutional", "none", 0.5)
    assert parts(reads) == near(0.56, 0.01 * ROOT_2, 2)
    curve = denoised.curve("convolutional", "none", 0.5, 1)
    assert [item.mean for item in curve] == pytest.approx([0.56, 0.11])
    others = denoised.highest_but("seasoned", 0, 1)
    assert [item.mean for item in others] == pytest.approx([1.01, 0.76, 0.71])
    assert parts(denoised.final_loss("loss")) == near(0.3, 0.1 * ROOT_2, 2)


def test_levels_where_curves_cross_are_estimated_from_the_seeds(denoised):
    pays = denoised.pays_from("convolutional")  # 0.1 = 0.3 p
    assert (pays.mean, pays.low, pays.high) == pytest.approx((1 / 3,) * 3)
    half = denoised.halves_at("convolutional", "none")
    assert half.mean == pytest.approx((0.5 / 0.9 + 0.52 / 0.9) / 2)
    assert half.low < half.mean < half.high
    assert math.isnan(denoised.halves_at("dense", "none").mean)
    below = denoised.no_better_than_mean("ssim")
    assert below.mean == pytest.approx((0.8 + 0.76) / 2)


def test_what_denoising_improves_and_what_it_draws(denoised):
    gained = denoised.improvement("ssim", 0.5, 1)
    assert [item.mean for item in gained] == pytest.approx([0.14, 0.39])
    assert denoised.confused(0.8).sum() == 80
    assert denoised.favourites(0.8, 2).to_dict() == {3: 0.75, 8: 0.25}


def test_ways_to_draw_codes_are_summarised():
    judged = pd.DataFrame({"way": ["a", "a", "b"], "nearest": [1.0, 3.0, 5.0]})
    classes = pd.DataFrame({
        "way": ["mixtures", "mixtures", "normal", "normal"],
        "class": [8, 1, 8, 8], "as_asked": [0.8, 0.6, 0.0, 0.0],
        "share": [0.1, 0.2, 0.3, 0.5],
    })
    codes = SimpleNamespace(table={"mean": [1.0, 2.0]})
    found = GenerationResult(judged, classes, {}, codes)
    nearest = found.by_way("nearest")
    assert parts(nearest["a"]) == near(2.0, ROOT_2, 2)
    assert nearest["b"].mean == 5.0
    assert math.isnan(nearest["b"].deviation)
    assert found.as_asked == pytest.approx(0.7)
    assert found.share("normal", 8) == pytest.approx(0.4)
    assert list(found.numbers["mean"]) == [1.0, 2.0]


# Of the stored results: what the report's tables and figures show otherwise.


def test_stated_accuracies_are_those_of_the_runs():
    for found, frame in (
        (convolution.result().test, convolution.result().final),
        (influences.result().test,
         influences.result().final.query("change == 'final'")),
        (baseline.result().test,
         baseline.result().final.query("protocol == 'notebook'")),
        (weight_decay.result().retrained_test,
         weight_decay.result().retrained),
    ):
        values = frame["test_accuracy"].to_numpy()
        assert found == Summary(values.mean(), values.std(ddof=1), len(values))


def test_stated_levels_lie_on_the_axis():
    found = denoising.result()
    for level in (
        found.pays_from("convolutional"), found.pays_from("dense"),
        found.no_better_than_mean("psnr"), found.no_better_than_mean("ssim"),
    ):
        assert 0 < level.low < level.mean < level.high < 1
    assert generation.result().as_asked > 0.9

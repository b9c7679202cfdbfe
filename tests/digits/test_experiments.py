"""Experiments of Questions 3 and 4: what they choose, compute and tell."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from digits.experiments import (
    architecture,
    comparison,
    convolution,
    denoising,
    generation,
)
from digits.experiments import convolution_search as search
from digits.figures import appendix, tables
from digits.noise import NOISE_LEVELS
from digits.stating import provenance
from digits.stating.provenance import Origin
from larder import varied

# 3A.


def tried(**accuracies):
    """Make a search in which all settings but those named have 0.99."""
    return pd.DataFrame({
        "validation_accuracy": {
            name: accuracies.get(name.replace("-", "_"), 0.99)
            for name in search.TRIED
        },
        "multiplications": {
            name: {"narrow": 1, "two-two": 3, "one-three": 2}.get(name, 4)
            for name in search.TRIED
        },
    })


@pytest.mark.parametrize(("accuracies", "choice"), [
    ({}, ("narrow", None)),
    ({"narrow": 0.989}, ("one-three", None)),
    ({"base": 0.995}, ("base", None)),
    ({"adamw": 0.9905}, ("narrow", None)),
    ({"adamw": 0.992}, ("narrow", "adamw")),
    ({"adamw": 0.992, "averaged": 0.993}, ("narrow", "averaged")),
])
def test_the_cheapest_able_architecture_and_the_clearest_gain(
    accuracies, choice
):
    assert search.choice(tried(**accuracies)) == choice


def test_another_choice_than_that_of_validation_is_refused(monkeypatch):
    monkeypatch.setattr(search, "choice", lambda _: ("narrow", "adamw"))
    with pytest.raises(ValueError, match=r"chooses \('narrow', 'adamw', "):
        convolution.result()


def test_the_final_networks_differ_in_their_seed_alone():
    configs = [run.config for run in convolution.final_runs()]
    first = dataclasses.replace(configs[0], seed=0)
    assert [config.seed for config in configs] == list(range(5))
    assert {dataclasses.replace(c, seed=0) for c in configs} == {first}
    assert first.split.whole_training_set
    longer = dict(zip(
        search.FINALISTS, search.longer_runs(), strict=True
    ))[search.CHOSEN_REFINEMENT].config
    assert not longer.split.whole_training_set
    assert varied(
        longer, whole_training_set=True, keep_weights=True,
        held_out=first.split.held_out, epochs=convolution.FINAL_EPOCHS,
    ) == first


def test_what_the_convolutional_networks_reach():
    found = convolution.result()
    assert len(found.tried) == len(search.TRIED) >= 10
    assert found.tried["test_accuracy"].isna().all()
    assert found.final["parameters"].max() <= 600_000
    assert found.final["test_accuracy"].min() >= 0.995
    assert found.final["test_accuracy"].mean() >= 0.9965
    assert found.first["test_accuracy"].max() < 0.9965
    assert found.errors.metrics["ensemble_accuracy"] > (
        found.final["test_accuracy"].mean()
    )
    accuracy = 1 - (found.errors.arrays["confusion"].sum()
                    - found.errors.arrays["confusion"].trace()) / 10_000
    assert accuracy == pytest.approx(found.final["test_accuracy"].mean())
    assert set(found.costs["setting"]) == {*search.TRIED, "dense"}
    dense = found.costs.set_index("setting").loc["dense"]
    assert dense["parameters"] == 545_810
    assert dense["training_multiplications"] == (
        (784 * 500 + 500 * 300 + 300 * 10) * 40 * 55_000
    )


def test_the_second_search_changes_what_it_says_and_nothing_else():
    configs = {
        name: run.config for name, run in zip(
            search.REFINEMENTS, search.refining_runs(), strict=True
        )
    }
    for name, changes in search.REFINEMENTS.items():
        assert configs[name] == varied(configs["chosen"], **changes)
    for name, run in zip(
        search.FINALISTS, search.longer_runs(), strict=True
    ):
        assert run.config == varied(
            configs[name], epochs=search.LONGER_EPOCHS
        )


def test_the_second_search_looks_at_no_test_image():
    refined = convolution.result().refined
    assert list(refined["setting"]) == [
        *search.REFINEMENTS, *search.FINALISTS
    ]
    assert refined["test_accuracy"].isna().all()
    assert refined["validation_loss"].between(0, 0.05).all()


def test_finalists_are_the_best_by_either_measure_and_then_by_errors():
    short, long = search.REFINEMENT_EPOCHS, search.LONGER_EPOCHS
    refined = pd.DataFrame(
        [("a", short, 0.99, 0.03), ("b", short, 0.98, 0.01),
         ("c", short, 0.97, 0.02), ("a", long, 0.992, 0.01),
         ("b", long, 0.993, 0.02)],
        columns=["setting", "epochs", "validation_accuracy",
                 "validation_loss"],
    )
    assert search.refinement(refined) == ("a", "b", "b")


def test_raised_contrast_makes_up_for_what_interpolation_blurs():
    sharpness = convolution.result().sharpness
    assert sharpness["bent"] < 0.8 * sharpness["original"]
    assert sharpness["contrast"] == pytest.approx(
        sharpness["original"], rel=0.1
    )


# 3B.


def test_the_small_networks_have_as_many_parameters():
    parameters = comparison.result().sizes.groupby("network")[
        "parameters"].first()
    assert parameters["convolutional"] == pytest.approx(
        parameters["dense"], rel=0.02
    )
    assert parameters["dense-large"] > 9 * parameters["dense"]


def test_all_sizes_have_the_same_number_of_steps():
    configs = [run.config for run in comparison.runs() if not run.needs]
    steps = {
        schedule.epochs * schedule.epoch_images / schedule.batch_size
        for schedule in (config.schedule for config in configs)
    }
    assert steps == {1_000}
    shared = {
        varied(config, network=comparison.NETWORKS["dense"], seed=0,
               training_images=1, keep_weights=False)
        for config in configs
    }
    assert len(shared) == 1


# 4.


def test_noise_curves_are_whole_and_begin_at_the_stated_accuracy():
    found = denoising.result()
    for key, frame in found.accuracy.groupby(
        ["classifier", "denoiser", "seed"]
    ):
        assert tuple(frame["noise_level"]) == NOISE_LEVELS
        counts = found.confusion[key]
        np.testing.assert_allclose(
            counts.trace(axis1=1, axis2=2) / 10_000, frame["accuracy"]
        )
        assert (counts.sum(axis=(1, 2)) == 10_000).all()
    clean = found.accuracy.query(
        "classifier == 'convolutional' and denoiser == 'none' "
        "and noise_level == 0"
    ).set_index("seed")["accuracy"]
    stated = convolution.result().final.set_index("seed")["test_accuracy"]
    np.testing.assert_allclose(clean, stated)


def test_at_full_noise_nothing_is_left():
    found = denoising.result().accuracy.query("noise_level == 1")
    assert found["accuracy"].between(0.05, 0.15).all()


def test_every_way_to_draw_codes_is_judged():
    found = generation.result()
    ways = set(generation.SAMPLERS) | set(generation.REFERENCES)
    assert set(found.judged["way"]) == set(found.examples) == ways
    assert all(len(images) == 100 for images in found.examples.values())
    sums = found.classes.groupby("run")["share"].sum()
    np.testing.assert_allclose(sums, 1)


# Tables.


@pytest.mark.parametrize("name", architecture.NETWORKS)
def test_parameters_are_derived_for_every_kind_of_layer(name):
    found = architecture.result(name)
    assert found.layers["derived"].sum() == found.parameters


def test_layers_are_told_with_their_cost():
    found = architecture.result("convolutional")
    lines = tables.layers(found.layers).data.splitlines()
    first = next(row for row in found.layers.itertuples() if row.kernel)
    assert lines[2].startswith(
        "| convolution, normalization, ReLU | 5 × 5 × 1 × "
    )
    assert f"| {first.parameters:,} + {4 * first.shape[2]} |" in lines[2]
    assert f"**{found.parameters:,}**" in lines[-1]
    final = convolution.result().final["multiplications"].iloc[0]
    assert f"**{final:,}**" in lines[-1]


def test_the_search_is_told_with_differences():
    frame = pd.DataFrame({
        "setting": ["base", "narrow"], "parameters": [1_000, 500],
        "multiplications": [2e6, 1e6], "validation_accuracy": [0.99, 0.9875],
    })
    lines = tables.search(frame, search.LABELS).data.splitlines()
    assert lines[2].endswith("| 1,000 | 2.0 | 99.00 % |  |")
    assert lines[3] == (
        "| narrow: half as many channels | 500 | 1.0 | 98.75 % | −0.25 |"
    )


def test_networks_are_compared_at_the_sizes_shown():
    frame = pd.DataFrame([
        {"network": name, "parameters": 5_000, "multiplications": 2_500_000,
         "training_images": size, "test_accuracy": accuracy}
        for name in ("dense", "other")
        for size, accuracies in ((100, (0.8, 0.7)), (1_000, (0.9, 0.9)))
        for accuracy in accuracies
    ])
    lines = tables.comparison(frame, {"dense": "A"}, (100, 1_000)).data
    assert lines.splitlines()[2:] == [
        "| A | 5,000 | 2.50 | 75.0 ± 7.1 % | 90.0 ± 0.0 % |"
    ]


def test_ways_to_draw_codes_are_compared():
    judged = pd.DataFrame({
        "way": ["normal", "normal"], "confidence": [0.8, 0.9],
        "entropy": [0.2, 0.3], "frechet_distance": [10.0, 12.0],
        "nearest": [5.0, 6.0],
    })
    classes = pd.DataFrame({
        "way": "normal", "class": [0, 1, 0, 1], "share": [0.2, 0.8, 0.4, 0.6],
    })
    lines = tables.generation(judged, classes, {"normal": "(a)"}).data
    assert lines.splitlines()[2:] == [
        "| (a) | 0.85 | 0.25 | 11.00 | 5.50 | 30 % to 70 % |"
    ]


def test_origins_tell_cost_and_place():
    rows = [Origin("one_thing", 3, 2, 1234.4, "0123456789abcdef",
                   ("2026-01-02",), ("A", "B"), ("2.21",)),
            Origin("other", 2, 0, 1.0, "f" * 16, ("2026-01-03",), ("A",), ())]
    lines = appendix.origins(rows).data.splitlines()
    assert lines[2] == (
        "| [one thing]{#origin-one_thing} | 3 | 2 | 1,234 | `01234567` | "
        "2026-01-02 | A; B |"
    )
    assert lines[4] == "| all | 5 | 2 | 1,235 |  |  |  |"


def test_origins_are_those_of_the_stored_runs():
    found = {origin.experiment: origin for origin in provenance.origins()}
    assert found["convolution"].runs == len(convolution.runs())
    assert found["convolution"].minutes > 10
    assert provenance.hours("convolution") == pytest.approx(
        found["convolution"].minutes / 60
    )
    assert all(origin.days and origin.processors for origin in found.values())

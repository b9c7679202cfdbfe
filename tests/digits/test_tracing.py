"""From what the report shows back to the runs behind it."""

import pytest
from click.testing import CliRunner

from digits import cli
from digits.stating import tracing


@pytest.mark.parametrize(("text", "wanted", "stated"), [
    ("97.31 %", "97.31 %", True),
    ("97.31 %", "97.31", True),
    ("97.31 %", "7.31 %", False),
    ("97.31 %", "97", False),
    ("0.43 (0.41 to 0.45)", "0.43", True),
    ("0.43 (0.41 to 0.45)", "0.4", False),
    ("96.90 ± 0.13 %", "96.90 ± 0.13 %", True),
    ("55,050", "55,050", True),
    ("55,050", "050", False),
    ("−0.62", "-0.62", True),
    ("−0.62", "0.62", False),
    ("2026-11-25", "11", False),
    ("uint8", "8", False),
    ("uint8", "uint", False),
])
def test_a_number_is_meant_digit_by_digit(text, wanted, stated):
    assert tracing.states(text, wanted) is stated


def trace(wanted, code=0):
    done = CliRunner().invoke(cli.main, ["trace", wanted])
    assert done.exit_code == code, done.output
    return done.output


def test_a_number_names_all_its_places_and_its_runs():
    told = trace("99.72 %")
    places = [line for line in told.splitlines() if line.startswith("report.")]
    assert len(places) >= 2
    assert all(line.endswith(": 99.72 %") for line in places)
    assert "the five networks' probabilities 99.72 %." in told
    assert "percent(conv.ensemble): convolution.ensemble" in told
    assert told.count("\nconvolution.ensemble: Test accuracy of the mean") == 1
    assert "convolution: 1 run\n" in told
    assert "; code " in told
    assert told.splitlines()[-1].split()[0] == "errors"
    assert "0.9972" in told.splitlines()[-1]


def test_a_finding_is_told_with_the_values_of_its_runs():
    told = trace("baseline.test").splitlines()
    assert told[1] == (
        "baseline.test: Accuracy on the test images, over the seeds."
    )
    assert told[2].strip() == "baseline: mean of 5, 5 runs, seeds 0 to 4"
    assert [line.split()[0] for line in told[-5:]] == [
        f"notebook_seed-{seed}" for seed in range(5)
    ]


def test_a_figure_is_traced_by_its_label():
    told = trace("fig-decay").splitlines()
    assert told[1].startswith("weight_decay.final: ")
    assert "60 runs, seeds 0 to 9" in told[2]
    assert [line.split()[0] for line in told[-3:]] == ["min", "mean", "max"]


def test_a_figure_of_formulas_alone_says_so():
    assert trace("fig-loss") == "fig-loss shows no finding of an experiment.\n"


def test_a_table_in_the_text_is_traced_by_its_rows():
    told = trace("tbl-summary")
    assert "with_deviation(curves.test): baseline.test" in told
    assert "\ndenoising.no_better_than_mean(psnr): " in told
    assert "percent(hinton): of no result" in told


@pytest.mark.parametrize(("wanted", "nearest"), [
    ("99.73 %", "99.72 %"), ("fig-decoy", "fig-decay"),
])
def test_what_is_not_shown_exits_with_1_and_the_nearest(wanted, nearest):
    told = trace(wanted, code=1)
    assert f"the report shows no {wanted}; nearest: {nearest}" in told

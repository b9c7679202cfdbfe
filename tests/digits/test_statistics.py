"""Means, deviations and intervals."""

import math
import statistics as standard

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from digits.statistics import (
    Estimate,
    crossing,
    difference,
    estimate,
    mcnemar_p,
    summarise,
    wilson_interval,
)


def test_hintons_interval():
    low, high = wilson_interval(0.9847, 10_000)
    assert (round(low, 4), round(high, 4)) == (0.9821, 0.9869)


@pytest.mark.parametrize(
    ("hits", "count", "low", "high"),
    [  # Newcombe (1998), Statistics in Medicine 17, table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_published_intervals(hits, count, low, high):
    found = wilson_interval(hits / count, count)
    assert found == pytest.approx((low, high), abs=5e-5)


@given(st.floats(0, 1), st.integers(1, 10**6))
def test_an_interval_holds_its_accuracy_and_is_one(accuracy, count):
    low, high = wilson_interval(accuracy, count)
    assert -1e-12 <= low <= accuracy + 1e-12
    assert accuracy - 1e-12 <= high <= 1 + 1e-12


@given(st.floats(0, 1), st.integers(1, 10**6))
def test_errors_have_the_mirrored_interval(accuracy, count):
    low, high = wilson_interval(accuracy, count)
    assert wilson_interval(1 - accuracy, count) == pytest.approx(
        (1 - high, 1 - low), abs=1e-9
    )


@given(st.floats(0, 1), st.integers(1, 10**5))
def test_more_images_never_widen_an_interval(accuracy, count):
    widths = [
        high - low
        for low, high in (
            wilson_interval(accuracy, n) for n in (count, 2 * count)
        )
    ]
    assert widths[1] < widths[0]


@pytest.mark.parametrize("accuracy", [-0.01, 1.01, math.nan, 98.47])
def test_an_accuracy_out_of_range_is_refused(accuracy):
    with pytest.raises(ValueError, match=r"accuracy is .* from 0 to 1"):
        wilson_interval(accuracy, 10)


@pytest.mark.parametrize("count", [0, -1])
def test_an_interval_needs_images(count):
    with pytest.raises(ValueError, match=f"count is {count}"):
        wilson_interval(0.5, count)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20))
def test_the_deviation_divides_by_n_minus_1(values):
    summary = summarise(values)
    assert summary.count == len(values)
    assert summary.mean == pytest.approx(
        standard.fmean(values), rel=1e-9, abs=1e-6
    )
    assert summary.deviation == pytest.approx(
        standard.stdev(values), rel=1e-6, abs=1e-6
    )


def test_the_deviation_of_three_replicates():
    assert summarise([1, 2, 3]).deviation == 1.0


def test_one_replicate_has_no_deviation():
    summary = summarise([0.98])
    assert summary.mean == 0.98
    assert math.isnan(summary.deviation)


def test_no_replicates_are_refused():
    with pytest.raises(ValueError, match="no values"):
        summarise([])


# Differences.


def test_welch_intervals_are_those_of_the_formula():
    """Welch's degrees of freedom, by hand; Student's quantile for them."""
    one, other = [0.98, 0.99, 1.00], [0.95, 0.97]
    found = difference(one, other)
    assert found.mean == pytest.approx(0.03)
    a, b = 0.01**2 / 3, np.var(other, ddof=1) / 2
    freedom = (a + b) ** 2 / (a**2 / 2 + b**2 / 1)
    assert freedom == pytest.approx(32 / 19)
    half = 5.17623 * np.sqrt(a + b)  # Student's 97.5 % quantile
    assert found.low == pytest.approx(0.03 - half, abs=2e-4)
    assert found.high == pytest.approx(0.03 + half, abs=2e-4)


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    """Of three replicates and ten: Welch's method is an approximation."""
    generator = np.random.default_rng(0)
    inside = 0
    for _ in range(1_000):
        found = difference(
            generator.normal(0, 1.5, 3), generator.normal(0, 1, 10)
        )
        inside += found.low <= 0 <= found.high
    assert 0.9 <= inside / 1_000 <= 0.98


def test_intervals_and_p_values_are_those_of_scipy():
    generator = np.random.default_rng(1)
    for _ in range(50):
        one, other = (
            generator.normal(size=count)
            for count in generator.integers(2, 9, 2)
        )
        found = difference(one, other, 0.9)
        expected = stats.ttest_ind(one, other, equal_var=False)
        assert (found.low, found.high) == pytest.approx(
            tuple(expected.confidence_interval(0.9))
        )
        counts = [int(count) for count in generator.integers(1, 60, 2)]
        expected = stats.binomtest(counts[0], sum(counts)).pvalue
        assert mcnemar_p(*counts) == pytest.approx(expected)


def test_equal_values_differ_by_nothing():
    assert difference([1, 1], [1, 1]) == Estimate(0.0, 0.0, 0.0)


@pytest.mark.parametrize(("one", "other"), [([1], [1, 2]), ([1, 2], [])])
def test_an_interval_needs_two_values_of_each(one, other):
    with pytest.raises(ValueError, match="at least 2 of each"):
        difference(one, other)


# Estimates.


def test_students_interval_is_that_of_the_formula():
    found = estimate([1.0, 2.0, 4.0])
    assert found.mean == pytest.approx(7 / 3)
    half = 4.302653 * np.std([1, 2, 4], ddof=1) / np.sqrt(3)
    assert found.low == pytest.approx(7 / 3 - half)
    assert found.high == pytest.approx(7 / 3 + half)


def test_an_estimate_needs_two_values():
    with pytest.raises(ValueError, match="1 values: at least 2"):
        estimate([1.0])


# Crossings.


@pytest.mark.parametrize(("y", "rising", "falling"), [
    ([-1, 1, 1, -3], 0.5, 2.25),
    ([-1, -1, 0, 2], 2.0, math.nan),
    ([3, 1, -1, -2], math.nan, 1.5),
    ([1, 1, 1, 1], math.nan, math.nan),
])
def test_where_a_line_crosses_zero(y, rising, falling):
    assert crossing(range(4), y) == pytest.approx(rising, nan_ok=True)
    found = crossing(range(4), y, falling=True)
    assert found == pytest.approx(falling, nan_ok=True)


# McNemar.


@pytest.mark.parametrize(("one", "other", "p"), [
    (0, 0, 1.0), (1, 0, 1.0), (3, 3, 1.0), (10, 0, 2 / 2**10),
    (5, 1, 2 * 7 / 2**6), (1, 5, 2 * 7 / 2**6),
])
def test_mcnemars_p_is_that_of_a_fair_coin(one, other, p):
    assert mcnemar_p(one, other) == pytest.approx(p)

"""Digits from the decoder: how codes are drawn, and how they are judged."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import toy_tasks
from digits import data
from digits.networks.autoencoders import DenseAutoencoder, encoder_of
from digits.tasks.classifier import train_classifier
from digits.tasks.denoiser import DenoiserTraining, train_denoiser
from digits.tasks.evaluation.codes import (
    SAMPLERS,
    CodesConfig,
    describe_codes,
    make_digits,
    sample_codes,
)
from digits.tasks.evaluation.judging import (
    REFERENCES,
    JudgingConfig,
    frechet_distance,
    judge_digits,
    nearest_distances,
)
from digits.tasks.scoring import outputs
from digits.tasks.trained import restore
from larder import varied

MADE = varied(DenoiserTraining(DenseAutoencoder()), epochs=1)
JUDGE = toy_tasks.convolutional(
    stem=4, stages=((6,),), augmentation=None, epochs=1,
    whole_training_set=True, keep_weights=True,
)
GENERATOR = np.random.default_rng(0)
LABELS = np.arange(3_000) % 10
# Correlated, non-negative, different for each class, one of them dead.
CODES = np.maximum(
    GENERATOR.normal(1, 1, (3_000, 1)) + GENERATOR.normal(0, 1, (3_000, 6))
    + 3 * np.eye(10)[LABELS][:, :6], 0,
).astype(np.float32)
CODES[:, 5] = 0
# For what any codes show: to fit mixtures to all takes seconds each time.
FEW = CODES[:600], LABELS[:600]


# Samplers.


@pytest.mark.parametrize("way", SAMPLERS)
@pytest.mark.parametrize("count", [1, 7, 50])
def test_codes_have_their_shape_and_follow_the_seed(way, count):
    drawn, asked = sample_codes(way, *FEW, count, 1)
    assert drawn.shape == (count, 6)
    assert drawn.dtype == np.float32
    again, _ = sample_codes(way, *FEW, count, 1)
    np.testing.assert_array_equal(drawn, again)
    other, _ = sample_codes(way, *FEW, count, 2)
    assert not np.array_equal(drawn, other)
    assert (asked is not None) == (way == "mixtures")


@pytest.mark.parametrize("way", SAMPLERS[1:])
def test_codes_are_never_negative(way):
    drawn, _ = sample_codes(way, *FEW, 500, 1)
    assert drawn.min() >= 0


def test_standard_normal_codes_are_negative_half_of_the_time():
    drawn, _ = sample_codes("normal", CODES, LABELS, 5_000, 1)
    assert abs((drawn < 0).mean() - 0.5) < 0.02


def test_independent_codes_keep_each_distribution_but_no_correlation():
    drawn, _ = sample_codes("independent", CODES, LABELS, 5_000, 1)
    for column in range(6):
        assert set(drawn[:, column]) <= set(CODES[:, column])
    np.testing.assert_allclose(
        drawn.mean(axis=0), CODES.mean(axis=0), atol=0.1
    )
    assert abs(np.corrcoef(drawn[:, 0], drawn[:, 1])[0, 1]) < 0.05
    assert np.corrcoef(CODES[:, 0], CODES[:, 1])[0, 1] > 0.2


def test_gaussian_codes_keep_correlations():
    codes = CODES + 20  # far from 0, so that nothing is cut off
    drawn, _ = sample_codes("gaussian", codes, LABELS, 20_000, 1)
    np.testing.assert_allclose(
        drawn.mean(axis=0), codes.mean(axis=0), atol=0.1
    )
    np.testing.assert_allclose(
        np.cov(drawn, rowvar=False), np.cov(codes, rowvar=False), atol=0.15
    )


def test_mixtures_make_the_class_that_is_asked_for():
    drawn, asked = sample_codes("mixtures", CODES, LABELS, 1_000, 1)
    assert list(np.bincount(asked)) == [100] * 10
    for digit in range(5):
        mean = CODES[digit == LABELS].mean(axis=0)
        np.testing.assert_allclose(
            drawn[asked == digit].mean(axis=0), mean, atol=0.6
        )


def test_unknown_ways_are_refused():
    with pytest.raises(ValueError, match="way is 'magic'; allowed"):
        sample_codes("magic", CODES, LABELS, 1, 0)
    with pytest.raises(ValueError, match="way is 'magic'; allowed"):
        JudgingConfig("magic", MADE, JUDGE)
    with pytest.raises(ValueError, match="count is 0"):
        JudgingConfig("normal", MADE, JUDGE, count=0)


# Fréchet distance.


def test_the_distance_of_gaussians_with_known_covariances():
    """Diagonal covariances: squared difference of means and deviations."""
    generator = np.random.default_rng(0)
    draws = generator.standard_normal((4_000, 3))
    # Exactly the mean 0 and the covariance 1.
    draws -= draws.mean(axis=0)
    draws = draws @ np.linalg.inv(np.linalg.cholesky(np.cov(draws.T))).T
    other = draws * [1, 2, 3] + [1, 0, 2]
    expected = (1 + 0 + 4) + (0 + 1 + 4)
    assert frechet_distance(draws, other) == pytest.approx(expected)


@given(st.integers(0, 1_000))
def test_the_distance_is_that_of_the_matrix_square_root(seed):
    from scipy.linalg import sqrtm

    generator = np.random.default_rng(seed)
    one, other = (
        generator.normal(size=(50, 4)) @ generator.normal(size=(4, 4))
        for _ in range(2)
    )
    a, b = np.cov(one.T), np.cov(other.T)
    apart = one.mean(0) - other.mean(0)
    expected = apart @ apart + np.trace(a + b - 2 * sqrtm(a @ b).real)
    assert frechet_distance(one, other) == pytest.approx(expected, rel=1e-5)
    assert frechet_distance(other, one) == pytest.approx(expected, rel=1e-5)
    assert frechet_distance(one, one) == pytest.approx(0, abs=1e-6)


# Nearest images.


def test_nearest_distances_are_those_of_all_pairs():
    images = GENERATOR.random((1_203, 4, 4, 1), np.float32)
    others = GENERATOR.random((70, 4, 4, 1), np.float32)
    differences = (
        images.reshape(1_203, 1, 16) - others.reshape(1, 70, 16)
    )
    expected = np.linalg.norm(differences, axis=2).min(axis=1)
    np.testing.assert_allclose(
        nearest_distances(images, others), expected, rtol=1e-4
    )
    assert nearest_distances(others, others).max() == 0


# All together.


@pytest.fixture
def fakes(monkeypatch):
    arrays = toy_tasks.fake_arrays(train=300)
    monkeypatch.setattr(data, "read_arrays", lambda: arrays)


@cache
def trained():
    """Train both networks, once for all tests."""
    return train_denoiser(MADE), train_classifier(JUDGE)


@pytest.mark.parametrize("way", SAMPLERS + REFERENCES)
def test_digits_are_judged(way, fakes):
    config = JudgingConfig(way, MADE, JUDGE, count=40)
    found = judge_digits(config, *trained())
    assert sum(found.table["share"]) == pytest.approx(1)
    assert 0.1 <= found.metrics["confidence"] <= 1
    assert 0 <= found.metrics["entropy"] <= np.log(10)
    assert found.metrics["nearest"] > 0
    assert found.metrics["frechet_distance"] > 0
    examples = found.arrays["examples"]
    assert examples.shape == (40, 28, 28)
    assert examples.dtype == np.uint8
    asked = [share is not None for share in found.table["as_asked"]]
    assert asked == [way == "mixtures"] * 10


@pytest.fixture
def made(fakes):
    return MADE, trained()[0]


def test_codes_are_described(made):
    config, trained = made
    pairs = ((0, 1), (2, 3), (4, 4))
    found = describe_codes(CodesConfig(config, pairs, 5), trained)
    model = restore(config.network, trained.weights)
    codes = outputs(
        encoder_of(model), data.load_mnist().train.images
    )
    numbers = found.table
    assert {len(column) for column in numbers.values()} == {96}
    np.testing.assert_allclose(numbers["mean"], codes.mean(axis=0), rtol=1e-5)
    assert found.metrics["dead"] == sum(not row.any() for row in codes.T)
    assert found.metrics["zeros"] == pytest.approx(np.mean(numbers["zeros"]))
    assert 0 < found.metrics["correlation"] < 1
    between = found.arrays["interpolated"]
    assert between.shape == (3, 5, 28, 28)
    test = data.load_mnist().test.images[:5]
    ends = np.round(255 * outputs(model, test)[..., 0])
    for pair, (first, last) in enumerate(pairs):
        np.testing.assert_allclose(between[pair, 0], ends[first], atol=1)
        np.testing.assert_allclose(between[pair, -1], ends[last], atol=1)
    assert (between[2] == between[2, 0]).all()


def test_digits_are_made_on_demand(made):
    config, trained = made
    images = make_digits(config, trained.weights, 3, 7, 1)
    assert images.shape == (7, 28, 28, 1)
    assert (images >= 0).all()
    assert (images <= 1).all()
    again = make_digits(config, trained.weights, 3, 7, 1)
    np.testing.assert_array_equal(images, again)
    other = make_digits(config, trained.weights, 4, 7, 1)
    assert not np.array_equal(images, other)

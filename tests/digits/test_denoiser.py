"""The training of auto-encoders, on made-up data."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as stn

import toy_tasks
from digits import data
from digits.networks.autoencoders import DenseAutoencoder
from digits.tasks.denoiser import (
    DenoiserTraining,
    binary_entropy,
    season,
    train_denoiser,
)
from larder import Context, varied

SHORT = varied(DenoiserTraining(DenseAutoencoder()), epochs=2)


@pytest.fixture(autouse=True)
def fakes(monkeypatch):
    arrays = toy_tasks.fake_arrays(train=200)
    monkeypatch.setattr(data, "read_arrays", lambda: arrays)
    return arrays


def test_the_same_seed_gives_the_same_bits(keras):
    first, second = (train_denoiser(SHORT) for _ in range(2))
    assert first.table == second.table
    assert first.weights == second.weights
    other = train_denoiser(varied(SHORT, seed=1))
    assert other.weights != first.weights


def test_training_lowers_the_loss_towards_the_least(keras, monkeypatch):
    arrays = toy_tasks.fake_arrays(train=64)
    # Only two images, so that there is something to learn.
    arrays["x_train"] = np.tile(arrays["x_train"][:2] // 128 * 255, (32, 1, 1))
    monkeypatch.setattr(data, "read_arrays", lambda: arrays)
    found = train_denoiser(
        varied(SHORT, epochs=30, noise_levels=(0.2, 0.2), batch_size=8)
    )
    assert found.table["loss"][-1] < 0.1 < 0.5 < found.table["loss"][0]


def test_resumed_after_an_epoch_it_ends_with_the_same_bits(keras, tmp_path):
    whole = train_denoiser(SHORT)

    def stop(done, total):
        raise KeyboardInterrupt

    file = tmp_path / "state"
    with pytest.raises(KeyboardInterrupt):
        train_denoiser(SHORT, Context(stop, file))
    resumed = train_denoiser(SHORT, Context(file=file))
    assert (resumed.table, resumed.weights) == (whole.table, whole.weights)


# Noise at many levels.


def test_one_level_is_the_notebooks_noise(fakes):
    images = data.scale(fakes["x_train"])
    found = season(images, (0.4, 0.4), 3)
    from digits.noise import salt_and_pepper

    np.testing.assert_array_equal(found, salt_and_pepper(images, 0.4, 3))


def test_many_levels_reach_from_the_least_to_the_greatest():
    images = np.full((400, 28, 28, 1), 0.5, np.float32)
    found = season(images, (0.2, 0.8), 3)
    shares = (found != 0.5).mean(axis=(1, 2, 3))
    assert 0.13 < shares.min() < 0.25
    assert 0.75 < shares.max() < 0.87
    assert abs(shares.mean() - 0.5) < 0.03


# The least loss.


@given(stn.arrays(np.float64, 20, elements=st.floats(0, 1)), st.data())
def test_no_prediction_has_less_than_the_least_loss(values, draw):
    found = draw.draw(stn.arrays(
        np.float64, 20, elements=st.floats(1e-6, 1 - 1e-6)
    ))
    loss = -values * np.log(found) - (1 - values) * np.log(1 - found)
    assert loss.mean() >= binary_entropy(values) - 1e-9


def test_the_least_loss_of_black_and_white_is_none():
    assert binary_entropy(np.array([0.0, 1.0, 1.0])) == 0
    assert binary_entropy(np.full(5, 0.5)) == pytest.approx(math.log(2))

"""The auto-encoders, on made-up data."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as stn

import toy_tasks
from digits import data
from digits.tasks import denoiser, training
from digits.tasks.denoiser import DenoiserConfig, binary_entropy

SHORT = DenoiserConfig(epochs=2)


@pytest.fixture(autouse=True)
def fakes(monkeypatch):
    arrays = toy_tasks.fake_arrays(train=200)
    monkeypatch.setattr(data, "read_arrays", lambda: arrays)
    return arrays


WRONG = {
    "kind": ["deep", ""],
    "seed": [-1, 2**32, 0.5],
    "noise_levels": [(-0.1, 0.4), (0.5, 0.4), (0, 1.1), (0.4, math.nan)],
    "epochs": [0, 1.5],
    "batch_size": [0, 1.5],
}


@pytest.mark.parametrize(
    ("field", "value"),
    [(field, value) for field, values in WRONG.items() for value in values],
)
def test_values_out_of_range_are_refused(field, value):
    with pytest.raises(ValueError, match=f"^{field} is .*; allowed: "):
        DenoiserConfig(**{field: value})


def test_every_field_is_tried():
    fields = {field.name for field in dataclasses.fields(DenoiserConfig)}
    assert set(WRONG) == fields


def test_the_notebooks_parameters(keras):
    model = denoiser.build(DenoiserConfig())
    assert model.count_params() == 226_416
    assert [
        layer.units for layer in model.layers if hasattr(layer, "units")
    ] == [128, 96, 128, 784]


@pytest.mark.parametrize("kind", denoiser.KINDS)
def test_images_in_and_images_out(keras, kind):
    model = denoiser.build(DenoiserConfig(kind=kind))
    images = np.random.default_rng(0).random((1_100, 28, 28, 1), np.float32)
    found = training.outputs(model, images)
    assert found.shape == images.shape
    assert found.min() >= 0
    assert found.max() <= 1


def test_the_same_seed_gives_the_same_bits(keras):
    first, second = (denoiser.train_denoiser(SHORT) for _ in range(2))
    assert first.table == second.table
    assert first.weights == second.weights
    other = denoiser.train_denoiser(dataclasses.replace(SHORT, seed=1))
    assert other.weights != first.weights


def test_training_lowers_the_loss_towards_the_least(keras, monkeypatch):
    arrays = toy_tasks.fake_arrays(train=64)
    # Only two images, so that there is something to learn.
    arrays["x_train"] = np.tile(arrays["x_train"][:2] // 128 * 255, (32, 1, 1))
    monkeypatch.setattr(data, "read_arrays", lambda: arrays)
    found = denoiser.train_denoiser(
        DenoiserConfig(epochs=150, noise_levels=(0.2, 0.2), batch_size=32)
    )
    assert found.table["loss"][-1] < 0.1 < 0.5 < found.table["loss"][0]


def test_encoder_and_decoder_are_the_parts_of_the_whole(keras):
    model = denoiser.build(DenoiserConfig())
    images = np.random.default_rng(0).random((9, 28, 28, 1), np.float32)
    codes = np.asarray(denoiser.encoder_of(model)(images))
    assert codes.shape == (9, 96)
    assert codes.min() >= 0
    decoder = denoiser.decoder_of(model)
    assert decoder.input_shape == (None, 96)
    np.testing.assert_array_equal(
        np.asarray(decoder(codes)), training.outputs(model, images)
    )
    assert decoder.count_params() == 96 * 128 + 128 + 128 * 784 + 784


# Noise at many levels.


def test_one_level_is_the_notebooks_noise(fakes):
    images = data.scale(fakes["x_train"])
    found = denoiser.season(images, DenoiserConfig(), 3)
    from digits.noise import salt_and_pepper

    np.testing.assert_array_equal(found, salt_and_pepper(images, 0.4, 3))


def test_many_levels_reach_from_the_least_to_the_greatest():
    images = np.full((400, 28, 28, 1), 0.5, np.float32)
    config = DenoiserConfig(noise_levels=(0.2, 0.8))
    found = denoiser.season(images, config, 3)
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

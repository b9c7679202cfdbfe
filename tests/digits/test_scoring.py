"""What networks make of images, and how much of it is right."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import toy_tasks
from digits import data
from digits.networks.dense import DenseNetwork
from digits.tasks import scoring


def test_nothing_is_random_when_a_model_is_scored(keras):
    model = DenseNetwork(dropout=0.5).build()
    images = data.scale(toy_tasks.fake_arrays()["x_train"])
    expected = np.argmax(model(images, training=False), axis=1)
    np.testing.assert_array_equal(scoring.predict(model, images), expected)


def test_accuracy_is_the_share_that_is_right(keras):
    model = DenseNetwork((8,)).build()
    images = data.scale(toy_tasks.fake_arrays()["x_train"])
    labels = scoring.predict(model, images).astype(int)
    labels[:30] = (labels[:30] + 1) % 10
    assert scoring.accuracy(model, data.Part(images, labels)) == 0.9
    assert scoring.accuracy(model, None) is None


def test_the_cross_entropy_is_that_of_the_labels():
    shares = np.array([[0.5, 0.25, 0.25], [0.0, 1.0, 0.0]], np.float32)
    found = scoring.cross_entropy(shares, np.array([1, 1]))
    assert found == pytest.approx(np.log(4) / 2)
    assert np.isfinite(scoring.cross_entropy(shares, np.array([0, 0])))


def test_predictions_are_the_likeliest_classes_whatever_the_batches(
    keras, monkeypatch
):
    model = DenseNetwork((8,)).build()
    images = data.scale(toy_tasks.fake_arrays()["x_train"])
    expected = np.argmax(model(images), axis=1)
    for size in (1_000, 77, 300):
        monkeypatch.setattr(scoring, "EVALUATION_BATCH", size)
        found = scoring.predict(model, images)
        assert found.dtype == np.uint8
        np.testing.assert_array_equal(found, expected)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_short_float_is_the_same_single(value):
    short = scoring.short_float(value)
    assert np.float32(short) == np.float32(value)
    assert len(repr(short)) <= len(repr(float(value)))


def test_a_short_float_is_short():
    assert scoring.short_float(np.float32(0.1)) == 0.1

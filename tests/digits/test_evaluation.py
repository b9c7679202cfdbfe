"""Evaluations of trained networks, on made-up data."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import toy_tasks
from digits import data
from digits.augmentation.configs import Warp
from digits.networks.autoencoders import DenseAutoencoder
from digits.noise import NOISE_LEVELS, salt_and_pepper
from digits.tasks import scoring, training
from digits.tasks.classifier import train_classifier
from digits.tasks.denoiser import DenoiserTraining, train_denoiser
from digits.tasks.evaluation import errors
from digits.tasks.evaluation.errors import (
    ErrorsConfig,
    calibration,
    examine_errors,
    expected_calibration_error,
)
from digits.tasks.evaluation.inside import (
    InsideConfig,
    SharpnessConfig,
    describe_network,
    look_inside,
    measure_sharpness,
)
from digits.tasks.evaluation.seasoned import (
    ExamplesConfig,
    NoiseConfig,
    score_noise,
    show_denoising,
)
from digits.tasks.evaluation.shifts import ShiftConfig, score_shifted, shifted
from digits.tasks.notebook import train_as_notebook
from digits.tasks.trained import mean_probabilities, restore
from larder import Result, varied

SMALL = toy_tasks.convolutional(
    stem=4, stages=((6,), (8,)), augmentation=None, epochs=1,
    training_images=50, whole_training_set=True, keep_weights=True,
)
DENSE = toy_tasks.dense(hidden_units=(8,), epochs=1, keep_weights=True)
MADE = varied(DenoiserTraining(DenseAutoencoder()), epochs=1)


@pytest.fixture(autouse=True)
def fakes(monkeypatch):
    arrays = toy_tasks.fake_arrays(train=5_300)
    monkeypatch.setattr(data, "read_arrays", lambda: arrays)
    return arrays


@cache
def trained(config):
    """Train a network on the fakes, once for all tests."""
    train = {SMALL: train_classifier, DENSE: train_as_notebook,
             MADE: train_denoiser}
    return train[config](config)


# Networks from stored weights.


@pytest.mark.parametrize("config", [SMALL, DENSE], ids=["small", "dense"])
def test_a_restored_network_is_the_one_that_was_trained(config, fakes):
    result = trained(config)
    network = restore(config.network, result.weights)
    found = scoring.outputs(network, data.scale(fakes["x_test"]))
    if "test_probabilities" in result.arrays:
        np.testing.assert_array_equal(
            found, result.arrays["test_probabilities"]
        )
    else:
        np.testing.assert_array_equal(
            found.argmax(1), result.arrays["test_predictions"]
        )


def test_weights_of_another_network_are_refused():
    weights = trained(SMALL).weights
    for other in (DENSE, varied(SMALL, stem=5)):
        with pytest.raises(ValueError, match="weights are not those of"):
            restore(other.network, weights)
    with pytest.raises(ValueError, match="weights are not those of"):
        restore(SMALL.network, b"no weights")


def test_the_description_is_of_the_notebooks_network():
    described = describe_network(toy_tasks.dense())
    assert described.metrics == {"parameters": 55_050}
    table = described.table
    assert table["kind"] == ["InputLayer", "Flatten", "Dense", "Dense", "Dense"]
    assert table["shape"] == [[28, 28, 1], [784], [64], [64], [10]]
    assert table["kernel"] == [None, None, [784, 64], [64, 64], [64, 10]]
    assert table["activation"][2:] == ["relu", "relu", "softmax"]
    assert table["parameters"] == [0, 0, 50_240, 4_160, 650]


def test_the_mean_of_networks():
    training.start(0)
    pair = [SMALL.network.build(), SMALL.network.build()]
    images = np.random.default_rng(0).random((7, 28, 28, 1), np.float32)
    np.testing.assert_allclose(
        mean_probabilities(pair, images),
        sum(scoring.outputs(one, images) for one in pair) / 2,
    )


# Shifts.


@given(st.integers(-27, 27), st.integers(-27, 27))
def test_a_shift_moves_each_pixel(down, right):
    images = np.random.default_rng(0).random((2, 28, 28, 1))
    moved = shifted(images, down, right)
    for row in range(28):
        for column in range(0, 28, 5):
            y, x = row - down, column - right
            inside = 0 <= y < 28 and 0 <= x < 28
            expected = images[:, y, x] if inside else 0
            assert np.all(moved[:, row, column] == expected)


def test_shifted_scores(fakes):
    result = trained(SMALL)
    found = score_shifted(ShiftConfig(SMALL, 3), result)
    assert found.table["shift"] == [0, 1, 2, 3]
    assert found.table["accuracy"][0] == result.metrics["test_accuracy"]
    network = restore(SMALL.network, result.weights)
    images = data.scale(fakes["x_test"])
    sides = [
        np.mean(
            scoring.outputs(network, np.roll(padded, step, axis))[
                :, :
            ].argmax(1) == fakes["y_test"]
        )
        for axis in (1, 2) for step in (2, -2)
        for padded in [_without_border(images, axis, step)]
    ]
    assert found.table["accuracy"][2] == pytest.approx(np.mean(sides))


def _without_border(images, axis, step):
    """Blacken what a roll would bring in at the other side."""
    images = images.copy()
    edge = slice(-step, None) if step > 0 else slice(0, -step)
    if axis == 1:
        images[:, edge] = 0
    else:
        images[:, :, edge] = 0
    return images


@pytest.mark.parametrize("largest", [-1, 28])
def test_shifts_out_of_range_are_refused(largest):
    with pytest.raises(ValueError, match=f"largest_shift is {largest}"):
        ShiftConfig(SMALL, largest)


# Noise.


def test_noise_curves_with_and_without_denoiser(fakes):
    small, made = trained(SMALL), trained(MADE)
    network = restore(SMALL.network, small.weights)
    model = restore(MADE.network, made.weights)
    for config, results in (
        (NoiseConfig(SMALL, noise_seed=4), [small]),
        (NoiseConfig(SMALL, MADE, noise_seed=4), [small, made]),
    ):
        found = score_noise(config, *results)
        assert found.table["noise_level"] == list(NOISE_LEVELS)
        images = salt_and_pepper(data.scale(fakes["x_test"]), 0.3, 4)
        if len(results) == 2:
            images = scoring.outputs(model, images)
        right = scoring.outputs(network, images).argmax(1)
        expected = np.mean(right == fakes["y_test"])
        assert found.table["accuracy"][6] == pytest.approx(expected)
        confusion = found.arrays["confusion"]
        assert confusion.shape == (21, 10, 10)
        assert (confusion.sum(axis=(1, 2)) == 50).all()


# Errors and calibration.


def outputs(labels, sure=0.9, wrong=()):
    """Make probabilities that are right but for some images."""
    chosen = labels.astype(int).copy()
    chosen[list(wrong)] = (chosen[list(wrong)] + 1) % 10
    found = np.full((len(labels), 10), (1 - sure) / 9, np.float32)
    found[np.arange(len(labels)), chosen] = sure
    return found


def test_examples_are_seasoned_denoised_and_classified(fakes):
    small, made = trained(SMALL), trained(MADE)
    levels = (0.0, 0.3, 1.0)
    found = show_denoising(
        ExamplesConfig(MADE, SMALL, (4, 1), levels, noise_seed=3),
        made, small,
    ).arrays
    test = data.load_mnist().test
    clean = test.images[[4, 1]]
    np.testing.assert_array_equal(found["clean"], fakes["x_test"][[4, 1]])
    np.testing.assert_array_equal(found["labels"], test.labels[[4, 1]])
    np.testing.assert_array_equal(found["seasoned"][0], found["clean"])
    model = restore(MADE.network, made.weights)
    network = restore(SMALL.network, small.weights)
    for number, level in enumerate(levels):
        seasoned = salt_and_pepper(clean, level, 3)
        for name, images in (
            ("seasoned", seasoned),
            ("denoised", scoring.outputs(model, seasoned)),
        ):
            shown = found[name][number]
            np.testing.assert_allclose(shown, 255 * images[..., 0], atol=0.51)
            shares = scoring.outputs(network, images)
            np.testing.assert_array_equal(
                found[f"predictions_{name}"][number], shares.argmax(axis=1)
            )
            np.testing.assert_allclose(
                found[f"confidences_{name}"][number], shares.max(axis=1),
                rtol=1e-5,
            )



def test_errors_are_those_of_the_networks(fakes, monkeypatch):
    labels = fakes["y_test"]
    monkeypatch.setattr(errors, "LABEL_ERRORS", (7, 20))
    each = [outputs(labels, wrong=w) for w in ([3, 7], [3, 7], [3, 11])]
    dense = [outputs(labels, wrong=w).argmax(1) for w in ([3, 4], [5], [])]
    found = examine_errors(
        ErrorsConfig(),
        [Result({}, arrays={"test_probabilities": one}) for one in each],
        [Result({}, arrays={"test_predictions": one}) for one in dense],
    )
    arrays = found.arrays
    assert list(arrays["missed_indices"]) == [3, 7]
    assert list(arrays["missed_labels"]) == [3, 7]
    assert list(arrays["missed_predictions"]) == [4, 8]
    assert list(arrays["missed_label_errors"]) == [False, True]
    assert arrays["missed_confidences"] == pytest.approx(
        [0.9, (0.9 * 2 + 0.1 / 9) / 3]
    )
    np.testing.assert_array_equal(
        arrays["missed_images"], fakes["x_test"][[3, 7]]
    )
    # Only the convolutional right, only the dense right; pair by pair.
    assert arrays["pairs"].tolist() == [[1, 1], [1, 2], [0, 2]]
    assert found.metrics["ensemble_accuracy"] == 48 / 50
    confusion = arrays["confusion"]
    assert confusion.sum() == pytest.approx(50)
    assert confusion[3, 4] == 1
    assert confusion[7, 8] == pytest.approx(2 / 3)
    assert confusion[1, 2] == pytest.approx(1 / 3)


def test_the_label_errors_are_fifteen_of_the_test_images():
    assert len(set(errors.LABEL_ERRORS)) == 15
    assert all(0 <= number < 10_000 for number in errors.LABEL_ERRORS)


def test_a_calibrated_classifier_has_no_calibration_error():
    labels = np.zeros(1_000, int)
    found = outputs(labels, sure=0.8, wrong=range(200))
    rows = calibration(found, labels)
    assert sum(rows["count"]) == 1_000
    assert expected_calibration_error(rows) == pytest.approx(0, abs=1e-6)


def test_the_calibration_error_of_two_groups():
    """Half are right at 0.95, half wrong at 0.55: (0.05 + 0.55) / 2."""
    labels = np.zeros(200, int)
    sure = outputs(labels[:100], sure=0.95)
    unsure = outputs(labels[100:], sure=0.55, wrong=range(100))
    rows = calibration(np.concatenate([sure, unsure]), labels)
    assert expected_calibration_error(rows) == pytest.approx(0.3, abs=1e-6)
    assert rows["confidence"][0] is None


def test_certainty_is_in_the_last_bin():
    rows = calibration(np.eye(10), np.arange(10))
    assert rows["count"][-1] == 10


# Inside.


def test_kernels_and_maps_are_those_of_the_network(fakes):
    result = trained(SMALL)
    found = look_inside(InsideConfig(SMALL, 3), result).arrays
    np.testing.assert_array_equal(found["image"], fakes["x_test"][3])
    assert found["kernels"].shape == (5, 5, 4)
    assert found["map_1"].shape == (14, 14, 4)
    assert found["map_2"].shape == (14, 14, 6)
    assert found["map_3"].shape == (7, 7, 8)
    assert all(found[f"map_{n}"].min() >= 0 for n in (1, 2, 3))


def test_sharpness_is_that_of_the_images_and_falls_by_interpolation(fakes):
    config = toy_tasks.convolutional(augmentation=Warp(
        rotation=10, shift=2, bend=0.7, contrast=3.0
    ))
    found = measure_sharpness(SharpnessConfig(config, 200)).metrics
    images = fakes["x_train"][:200] / 255
    down, right = np.diff(images, axis=1), np.diff(images, axis=2)
    assert found["original"] == pytest.approx(
        ((down**2).sum() + (right**2).sum()) / 200, rel=1e-5
    )
    assert found["bent"] < found["original"]
    assert found["affine"] < found["original"]
    assert found["contrast"] > found["bent"]


def test_the_sharpness_of_no_image_is_refused():
    with pytest.raises(ValueError, match="images is 0; allowed: a whole"):
        SharpnessConfig(SMALL, 0)

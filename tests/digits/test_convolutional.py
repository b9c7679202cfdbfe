"""The training of the final convolutional networks, on made-up data."""

import dataclasses
import math

import numpy as np
import pytest

import toy_tasks
from digits import data
from digits.tasks import classifier, convolutional, networks, training
from digits.tasks.convolutional import (
    ConvolutionalConfig,
    train_convolutional_network,
)
from larder import Context

# All that has a state: random layers, dropout and normalization.
SMALL = ConvolutionalConfig(
    stem=4, stages=((4,), (8,)), dropout=0.2, epochs=2, batch_size=50,
    rotation=10, shear=0.1, zoom=0.1, shift=2, noise=0.2, keep_weights=True,
    last_convolution=12, bend=0.7, contrast=2.0,
)


@pytest.fixture
def fakes(monkeypatch):
    """Put 5,300 made-up images in MNIST's place, 5,000 held out."""
    arrays = toy_tasks.fake_arrays(train=5_300)
    monkeypatch.setattr(data, "read_arrays", lambda: arrays)
    return arrays


# Configs.

WRONG = {
    "stages": [(), ((4,),) * 4],
    "last_convolution": [-1, 0.5],
    "normalize": [False],
    "bend": [-0.1, math.nan, math.inf],
    "contrast": [0.9, math.nan, math.inf],
    "held_out": [9, 60_000, 0.5],
    "learning_rate": [0],
}


@pytest.mark.parametrize(
    ("field", "value"),
    [(field, value) for field, values in WRONG.items() for value in values],
)
def test_values_out_of_range_are_refused(field, value):
    with pytest.raises(ValueError, match=f"^{field} is .*; allowed: "):
        dataclasses.replace(SMALL, **{field: value})


def test_every_field_of_its_own_is_tried():
    fields = {field.name for field in dataclasses.fields(ConvolutionalConfig)}
    own = fields - {
        field.name for field in dataclasses.fields(classifier.ClassifierConfig)
    }
    assert own <= set(WRONG)


# Networks.


def test_the_parameters_are_those_counted_by_hand(keras):
    """7x7 places after the second stage, 3x3 after the last pooling."""
    network = convolutional.build(ConvolutionalConfig(
        stem=24, stages=((48,), (96,)), last_convolution=192, dropout=0.4
    ))
    expected = (
        25 * 24 + 4 * 24
        + 9 * 24 * 48 + 4 * 48
        + 9 * 48 * 96 + 4 * 96
        + 9 * 96 * 192 + 4 * 192
        + 192 * 10 + 10
    )
    assert network.count_params() == expected
    assert classifier.multiplications(network) == (
        14**2 * 25 * 24 + 14**2 * 9 * 24 * 48 + 7**2 * 9 * 48 * 96
        + 9 * 96 * 192 + 192 * 10
    )
    assert network.output_shape == (None, 10)


def test_a_last_convolution_has_a_kernel_as_large_as_what_is_left(keras):
    network = convolutional.build(SMALL)
    last = network.layers[-6]
    assert isinstance(last, keras.layers.Conv2D)
    assert last.kernel.shape[:2] == (3, 3)
    assert last.output.shape == (None, 1, 1, 12)
    assert not any(
        isinstance(layer, keras.layers.GlobalAveragePooling2D)
        for layer in network.layers
    )


def test_without_a_last_convolution_it_is_the_classifiers_network(keras):
    config = dataclasses.replace(SMALL, last_convolution=0)
    own, plain = convolutional.build(config), classifier.build(config)
    assert [type(layer) for layer in own.layers] == [
        type(layer) for layer in plain.layers
    ]
    assert own.count_params() == plain.count_params()


# Training.


def test_each_change_of_the_images_matters_and_the_seed_decides(keras, fakes):
    first = train_convolutional_network(SMALL)
    again = train_convolutional_network(SMALL)
    assert (first.table, first.weights) == (again.table, again.weights)
    for change in ({"seed": 1}, {"bend": 0.2}, {"contrast": 1.0},
                   {"rotation": 20}, {"noise": 0.0}):
        other = train_convolutional_network(
            dataclasses.replace(SMALL, **change)
        )
        assert other.weights != first.weights


def test_images_are_held_out_of_all_the_same_for_each_seed(fakes):
    for seed in (0, 1):
        config = dataclasses.replace(SMALL, held_out=300, seed=seed)
        train, held_out = convolutional._split(config)
        mask = data.validation_mask(fakes["y_train"], 300)
        np.testing.assert_array_equal(
            held_out.images, data.scale(fakes["x_train"][mask])
        )
        np.testing.assert_array_equal(
            train.images, data.scale(fakes["x_train"][~mask])
        )
        np.testing.assert_array_equal(train.labels, fakes["y_train"][~mask])


def test_held_out_images_are_scored_after_each_epoch(keras, fakes):
    result = train_convolutional_network(SMALL)
    metrics = result.metrics
    assert metrics["validation_accuracy"] == (
        result.table["validation_accuracy"][-1]
    )
    network = networks.restore(SMALL, result.weights)
    mask = data.validation_mask(fakes["y_train"], SMALL.held_out)
    found = training.outputs(network, data.scale(fakes["x_train"][mask]))
    true = found[np.arange(mask.sum()), fakes["y_train"][mask]]
    assert metrics["validation_loss"] == pytest.approx(
        -np.log(true).mean(), rel=1e-4
    )
    assert metrics["test_accuracy"] is None
    assert result.arrays == {}


def test_test_images_are_scored_only_with_the_whole_training_set(keras, fakes):
    config = dataclasses.replace(
        SMALL, whole_training_set=True, training_images=100
    )
    result = train_convolutional_network(config)
    network = networks.restore(config, result.weights)
    found = training.outputs(network, data.scale(fakes["x_test"]))
    np.testing.assert_array_equal(found, result.arrays["test_probabilities"])
    assert result.metrics["test_accuracy"] == np.mean(
        found.argmax(axis=1) == fakes["y_test"]
    )
    assert result.metrics["validation_accuracy"] is None
    assert result.metrics["validation_loss"] is None
    assert result.table["validation_accuracy"] == [None, None]


def test_resumed_after_an_epoch_it_ends_with_the_same_bits(
    keras, fakes, tmp_path
):
    whole = train_convolutional_network(SMALL)

    def stop(done, total):
        raise KeyboardInterrupt

    file = tmp_path / "state"
    with pytest.raises(KeyboardInterrupt):
        train_convolutional_network(SMALL, Context(stop, file))
    resumed = train_convolutional_network(SMALL, Context(file=file))
    assert (resumed.table, resumed.weights) == (whole.table, whole.weights)

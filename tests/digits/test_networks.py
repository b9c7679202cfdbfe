"""The networks: parameters, outputs and what their options do."""

import math

import numpy as np
import pytest

import toy_tasks
from digits import data
from digits.networks.autoencoders import (
    ConvolutionalAutoencoder,
    DenseAutoencoder,
    decoder_of,
    encoder_of,
)
from digits.networks.convolutional import ConvolutionalNetwork
from digits.networks.dense import INITIALIZERS, DenseNetwork
from digits.tasks import training
from digits.tasks.classifier import multiplications
from digits.tasks.scoring import outputs

# Dense.


@pytest.mark.parametrize(
    ("units", "parameters"),
    [((), 7_850), ((64, 64), 55_050), ((500, 300), 545_810)],
)
def test_parameters_are_as_counted_by_hand(keras, units, parameters):
    model = DenseNetwork(units).build()
    assert model.count_params() == parameters


def test_options_add_no_parameters(keras):
    network = DenseNetwork(
        dropout=0.2, standardize=True, regularization_factor=1e-4
    )
    assert network.build().count_params() == 55_050


@pytest.mark.parametrize(
    "options", [{}, {"standardize": True, "dropout": 0.5}]
)
def test_the_output_is_a_distribution_over_ten_classes(keras, options):
    model = DenseNetwork(**options).build()
    images = data.scale(toy_tasks.fake_arrays()["x_test"])
    outputs = np.asarray(model(images))
    assert outputs.shape == (50, 10)
    assert (outputs >= 0).all()
    np.testing.assert_allclose(outputs.sum(axis=1), 1, atol=1e-5)


def test_decay_is_of_hidden_kernels_alone_without_one_half(keras):
    factor = 0.01
    model = DenseNetwork(regularization_factor=factor).build()
    for layer in model.layers[2:]:
        kernel, bias = layer.get_weights()
        layer.set_weights([kernel + 0.1, bias + 7])
    expected = [
        factor * np.sum(np.square(model.get_layer(name).get_weights()[0]))
        for name in ("hidden_1", "hidden_2")
    ]
    assert float(sum(model.losses)) == pytest.approx(sum(expected), rel=1e-4)


def test_without_decay_nothing_is_added(keras):
    assert float(sum(DenseNetwork().build().losses)) == 0


def test_standardizing_gives_mean_0_and_deviation_1(keras):
    model = DenseNetwork(standardize=True).build()
    images = np.array([0.1307, 0.1307 + 0.3081], np.float32)
    np.testing.assert_allclose(model.layers[1](images), [0, 1], atol=1e-6)


@pytest.mark.parametrize("name", INITIALIZERS)
def test_the_initializer_is_the_one_asked_for(keras, name):
    training.start(1)
    model = DenseNetwork(initializer=name).build()
    spread = model.get_layer("hidden_1").get_weights()[0].std()
    variance = {"glorot_uniform": 2 / (784 + 64), "he_normal": 2 / 784}[name]
    assert spread == pytest.approx(math.sqrt(variance), rel=0.02)


# Convolutional.


def test_the_parameters_are_those_counted_by_hand(keras):
    """Each normalized channel has 4 numbers beside its kernel."""
    network = ConvolutionalNetwork(32, ((64,), (128, 128))).build()
    expected = (
        25 * 32 + 4 * 32
        + 9 * 32 * 64 + 4 * 64
        + 9 * 64 * 128 + 4 * 128
        + 9 * 128 * 128 + 4 * 128
        + 128 * 10 + 10
    )
    assert network.count_params() == expected
    assert network.output_shape == (None, 10)


def test_multiplications_are_those_counted_by_hand(keras):
    network = ConvolutionalNetwork(32, ((64,), (128, 128))).build()
    assert multiplications(network) == (
        25 * 32 * 14**2 + 9 * 32 * 64 * 14**2
        + 9 * 64 * 128 * 7**2 + 9 * 128 * 128 * 7**2 + 128 * 10
    )
    dense = DenseNetwork((500, 300)).build()
    assert multiplications(dense) == 784 * 500 + 500 * 300 + 3_000


def test_without_normalization_there_are_biases(keras):
    network = ConvolutionalNetwork(4, ((8,),), normalize=False).build()
    assert network.count_params() == (
        25 * 4 + 4 + 9 * 4 * 8 + 8 + 8 * 10 + 10
    )


def test_outputs_are_probabilities(keras):
    network = ConvolutionalNetwork(4, ((4,),)).build()
    images = np.random.default_rng(0).random((1_234, 28, 28, 1), np.float32)
    found = outputs(network, images)
    assert found.shape == (1_234, 10)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)


def test_a_last_convolution_has_the_parameters_counted_by_hand(keras):
    """7x7 places after the second stage, 3x3 after the last pooling."""
    network = ConvolutionalNetwork(
        24, ((48,), (96,)), dropout=0.4, last_convolution=192
    ).build()
    expected = (
        25 * 24 + 4 * 24
        + 9 * 24 * 48 + 4 * 48
        + 9 * 48 * 96 + 4 * 96
        + 9 * 96 * 192 + 4 * 192
        + 192 * 10 + 10
    )
    assert network.count_params() == expected
    assert multiplications(network) == (
        14**2 * 25 * 24 + 14**2 * 9 * 24 * 48 + 7**2 * 9 * 48 * 96
        + 9 * 96 * 192 + 192 * 10
    )
    assert network.output_shape == (None, 10)


def test_a_last_convolution_has_a_kernel_as_large_as_what_is_left(keras):
    network = ConvolutionalNetwork(
        4, ((4,), (8,)), dropout=0.2, last_convolution=12
    ).build()
    last = network.layers[-6]
    assert isinstance(last, keras.layers.Conv2D)
    assert last.kernel.shape[:2] == (3, 3)
    assert last.output.shape == (None, 1, 1, 12)
    assert not any(
        isinstance(layer, keras.layers.GlobalAveragePooling2D)
        for layer in network.layers
    )


def test_what_comes_before_the_last_convolution_is_the_same_network(keras):
    """Its weights are drawn first, whatever the head."""
    training.start(3)
    plain = ConvolutionalNetwork(4, ((4,), (8,))).build()
    training.start(3)
    own = ConvolutionalNetwork(4, ((4,), (8,)), last_convolution=12).build()
    for layer, same in zip(plain.layers[:-2], own.layers, strict=False):
        assert type(layer) is type(same)
        for one, other in zip(layer.weights, same.weights, strict=True):
            np.testing.assert_array_equal(one, other)


# Auto-encoders.


def test_the_notebooks_parameters(keras):
    model = DenseAutoencoder().build()
    assert model.count_params() == 226_416
    assert [
        layer.units for layer in model.layers if hasattr(layer, "units")
    ] == [128, 96, 128, 784]


@pytest.mark.parametrize(
    "kind", [DenseAutoencoder, ConvolutionalAutoencoder]
)
def test_images_in_and_images_out(keras, kind):
    model = kind().build()
    images = np.random.default_rng(0).random((1_100, 28, 28, 1), np.float32)
    found = outputs(model, images)
    assert found.shape == images.shape
    assert found.min() >= 0
    assert found.max() <= 1


def test_encoder_and_decoder_are_the_parts_of_the_whole(keras):
    model = DenseAutoencoder().build()
    images = np.random.default_rng(0).random((9, 28, 28, 1), np.float32)
    codes = np.asarray(encoder_of(model)(images))
    assert codes.shape == (9, 96)
    assert codes.min() >= 0
    decoder = decoder_of(model)
    assert decoder.input_shape == (None, 96)
    np.testing.assert_array_equal(
        np.asarray(decoder(codes)), outputs(model, images)
    )
    assert decoder.count_params() == 96 * 128 + 128 + 128 * 784 + 784

"""Trained networks, rebuilt from a config and the stored weights.

Weights are numbers only: no file that could hold code is ever loaded.
"""

import tempfile
from pathlib import Path

import numpy as np

from digits.tasks import classifier, convolutional, denoiser, training
from digits.tasks.classifier import ClassifierConfig
from digits.tasks.convolutional import ConvolutionalConfig
from digits.tasks.denoiser import DenoiserConfig
from digits.tasks.training import DenseConfig
from larder import Result


def restore(
    config: DenseConfig | ClassifierConfig | DenoiserConfig, weights: bytes
):
    """Build the network of a config and give it its stored weights.

    `weights` are those of `store.Result`. Raises `ValueError` where they are
    not those of such a network.
    """
    network = _build(config)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "stored.weights.h5"
        file.write_bytes(weights)
        try:
            network.load_weights(file)
        except Exception as error:  # h5py raises nearly anything
            raise ValueError(
                f"the weights are not those of {config}: {error}"
            ) from error
    return network


def describe_network(
    config: DenseConfig | ClassifierConfig | DenoiserConfig,
) -> Result:
    """Ask Keras what the network of a config is made of.

    Metric: `parameters`. Table, a row a layer: `layer`, `kind`, `shape` of
    its output without the batch, `kernel`, the shape of its kernel if it has
    one, `activation` and `parameters`.
    """
    training.start(config.seed)
    network = _build(config)
    kernels = [getattr(layer, "kernel", None) for layer in network.layers]
    return Result(
        metrics={"parameters": network.count_params()},
        table={
            "layer": [layer.name for layer in network.layers],
            "kind": [type(layer).__name__ for layer in network.layers],
            "shape": [
                list(layer.output.shape[1:]) for layer in network.layers
            ],
            "kernel": [
                None if kernel is None else list(kernel.shape)
                for kernel in kernels
            ],
            "activation": [
                getattr(getattr(layer, "activation", None), "__name__", None)
                for layer in network.layers
            ],
            "parameters": [layer.count_params() for layer in network.layers],
        },
    )


def _build(config):
    if isinstance(config, ConvolutionalConfig):
        return convolutional.build(config)
    if isinstance(config, ClassifierConfig):
        return classifier.build(config)
    if isinstance(config, DenoiserConfig):
        return denoiser.build(config)
    return training.build(config)


def mean_probabilities(networks: list, images: np.ndarray) -> np.ndarray:
    """Give the mean of the networks' probabilities, shape (n, 10).

    `images` are float32 in [0, 1] of shape (n, 28, 28, 1).
    """
    return np.mean(
        [training.outputs(network, images) for network in networks],
        axis=0,
    )

"""Trained networks, rebuilt from a config and the stored weights.

Weights are numbers only: no file that could hold code is ever loaded.
"""

import tempfile
from pathlib import Path

import numpy as np

from digits import classifier, denoiser, training
from digits.classifier import ClassifierConfig
from digits.denoiser import DenoiserConfig
from digits.training import DenseConfig


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


def _build(config):
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

"""Trained networks: stored as weights, and rebuilt from those and a config.

Weights are numbers only: no file that could hold code is ever loaded.
"""

import tempfile
from pathlib import Path

import numpy as np

from digits.networks.network import Network
from digits.tasks.scoring import outputs


def weights_of(network) -> bytes:
    """Give a network's weights as the bytes of a `.weights.h5` file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.weights.h5"
        network.save_weights(path)
        return path.read_bytes()


def restore(config: Network, weights: bytes):
    """Build the network of a config and give it its stored weights.

    `weights` are those of a `larder.Result`. Raises `ValueError` where they
    are not those of such a network.
    """
    network = config.build()
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


def mean_probabilities(networks: list, images: np.ndarray) -> np.ndarray:
    """Give the mean of the networks' probabilities, shape (n, 10).

    `images` are float32 in [0, 1] of shape (n, 28, 28, 1).
    """
    return np.mean([outputs(network, images) for network in networks], axis=0)

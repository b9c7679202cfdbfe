"""What the final convolutional networks say of images, and how surely."""

import numpy as np

from digits import training
from digits.compute import compute
from digits.experiments import convolution


def final_networks() -> list:
    """Restore the final networks, each giving its last hidden layer's output.

    Returns pairs of a Keras model and the weights and biases of its classes.
    """
    import keras

    from digits import networks

    found = []
    runs = convolution.final_runs()
    for run, stored in zip(runs, compute(runs), strict=True):
        network = networks.restore(run.config, stored.result.weights)
        last = network.layers[-1]
        found.append((
            keras.Model(network.input, last.input),
            *(np.asarray(weight) for weight in last.get_weights()),
        ))
    return found


def logits(networks: list, images: np.ndarray):
    """Give each network's features (k, n, 192) and logits (k, n, 10)."""
    features, found = [], []
    for network, weights, biases in networks:
        features.append(training.outputs(network, images))
        found.append(features[-1] @ weights + biases)
    return np.stack(features), np.stack(found)

"""Training a classifier for Question 3: the test images are met once, at last.

Convolutional networks and, under equal conditions, dense ones.
"""

import dataclasses

import numpy as np

from digits import data
from digits.tasks.configs import Training
from digits.tasks.scoring import accuracy, cross_entropy, outputs, share_right
from digits.tasks.split import load
from digits.tasks.trained import weights_of
from digits.tasks.training import fit, start
from larder import NOWHERE, Context, Result


def train_classifier(config: Training, context: Context = NOWHERE) -> Result:
    """Train a classifier and score it.

    Metrics: `parameters`; `multiplications`, what one image costs;
    `validation_accuracy`, or, with the whole training set, `test_accuracy`
    (the other is None), both of the final weights. Table, a row an epoch:
    `accuracy` and `loss` as Keras keeps them while it trains, on images as
    they are varied, and `validation_accuracy` of the weights after it (None
    with the whole training set). Array, with the whole training set:
    `test_probabilities`, float32 of shape (10000, 10).
    """
    result, _ = _trained(config, context)
    return result


def train_with_loss(config: Training, context: Context = NOWHERE) -> Result:
    """Train a classifier as `train_classifier` does, with a metric more.

    It is `validation_loss`, the mean cross-entropy of the final weights on
    the images held out (None with the whole training set).
    """
    result, loss = _trained(config, context)
    final = config.split.whole_training_set
    return dataclasses.replace(result, metrics=result.metrics | {
        "validation_loss": None if final else loss
    })


def _trained(config: Training, context: Context) -> tuple[Result, float]:
    """Train and score a classifier; give the mean cross-entropy beside."""
    start(config.seed)
    mnist = load(config.split, config.seed)
    network = config.network.build()
    table = fit(
        network,
        config.layers,
        (mnist.train.images, data.one_hot(mnist.train.labels)),
        config.schedule,
        config.seed,
        lambda _: {"validation_accuracy": accuracy(network, mnist.validation)},
        context,
    )
    scored = mnist.validation or mnist.test
    probabilities = outputs(network, scored.images)
    found = share_right(probabilities, scored.labels)
    final = config.split.whole_training_set
    return Result(
        metrics={
            "parameters": network.count_params(),
            "multiplications": multiplications(network),
            "validation_accuracy": None if final else found,
            "test_accuracy": found if final else None,
        },
        table=table,
        arrays={"test_probabilities": probabilities} if final else {},
        weights=weights_of(network) if config.keep_weights else None,
    ), cross_entropy(probabilities, scored.labels)


def multiplications(network) -> int:
    """Count the multiplications of convolutions and dense layers, an image.

    A kernel is used once for each place of the layer's output.
    """
    counts = [
        np.prod(layer.kernel.shape) * np.prod(layer.output.shape[1:-1])
        for layer in network.layers if hasattr(layer, "kernel")
    ]
    return int(sum(counts))

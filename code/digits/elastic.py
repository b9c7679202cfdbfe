"""Training on bent images: tried for Question 3, and not taken.

A module of its own, because an option of `classifier` would make every run
stale that was trained without it.
"""

import math
from dataclasses import dataclass

import numpy as np

from digits import classifier, data
from digits.checks import refuse_unless
from digits.classifier import ClassifierConfig
from digits.store import Result
from digits.training import outputs, start, weights_of


@dataclass(frozen=True)
class ElasticConfig:
    """A classifier's config, and how far its training images are bent.

    After what `classifier` does to a training image, it is bent by
    `augmentation.RandomElastic`, with a standard deviation of `bend` pixels.
    Out of range, a field raises `ValueError`.
    """

    classifier: ClassifierConfig
    bend: float = 1.0

    def __post_init__(self):
        """Refuse values out of range."""
        refuse_unless(self, [
            ("bend", "pixels, at least 0", 0 <= self.bend < math.inf),
        ])


def train_elastic_classifier(config: ElasticConfig) -> Result:
    """Train a classifier on bent images and score it.

    Returns what `classifier.train_classifier` does, with the weights of the
    classifier alone: `networks.restore(config.classifier, weights)`.
    """
    import keras

    from digits.augmentation import RandomElastic

    training = config.classifier
    start(training.seed)
    mnist = data.load_mnist(whole=training.whole_training_set)
    network = classifier.build(training)
    bent = keras.Sequential([RandomElastic(config.bend), network])
    bent.build((None, 28, 28, 1))
    train = classifier._subset(mnist.train, training)
    table = classifier._fit(bent, train, mnist.validation, training)
    held_out = mnist.validation or mnist.test
    probabilities = outputs(network, held_out.images)
    accuracy = float(np.mean(probabilities.argmax(1) == held_out.labels))
    whole = training.whole_training_set
    return Result(
        metrics={
            "parameters": network.count_params(),
            "multiplications": classifier.multiplications(network),
            "validation_accuracy": None if whole else accuracy,
            "test_accuracy": accuracy if whole else None,
        },
        table=table,
        arrays={"test_probabilities": probabilities} if whole else {},
        weights=weights_of(network) if training.keep_weights else None,
    )

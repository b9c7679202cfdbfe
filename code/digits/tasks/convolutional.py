"""Training the final convolutional networks of Question 3.

They go beyond `classifier` in their training images, which are warped, and in
their last convolution. A module of its own, because options of `classifier`
would make every run stale that was trained without them.
"""

import dataclasses
import math
from dataclasses import dataclass

import numpy as np

from digits import data
from digits.tasks import classifier
from digits.tasks.checks import refuse_unless, whole
from digits.tasks.classifier import ClassifierConfig
from digits.tasks.rehearsal import IN_SMALL, rehearsed
from digits.tasks.training import outputs, start
from larder import NOWHERE, Context, Rehearsal, Result, ignored, smaller


@dataclass(frozen=True)
class ConvolutionalConfig(ClassifierConfig):
    """A `ClassifierConfig` with `stages`, and what goes beyond it.

    With `last_convolution`, a number of channels, the network gets the head of
    `models.with_last_convolution`. Training images are changed by
    `augmentation.RandomWarp` with `bend` and `contrast`, and seasoned after
    that. Without the whole training set, `held_out` images are validated on,
    drawn by class from all 60,000, the same for each seed, and the others
    trained on. Out of range, a field raises `ValueError`.
    """

    last_convolution: int = 0
    bend: float = 0.0
    contrast: float = 1.0
    held_out: int = data.VALIDATION_SIZE

    def __post_init__(self):
        """Refuse values out of range."""
        super().__post_init__()
        refuse_unless(self, (
            ("stages", "from one to three stages", 1 <= len(self.stages) <= 3),
            ("last_convolution", "a number of channels, or 0 for none",
             whole(self.last_convolution, 0)),
            ("normalize", "True with a last convolution, which is normalized",
             self.normalize or not self.last_convolution),
            ("bend", "pixels, at least 0", 0 <= self.bend < math.inf),
            ("contrast", "a factor from 1", 1 <= self.contrast < math.inf),
            ("held_out", "a whole number from 10, below 60,000",
             whole(self.held_out, 10)
             and self.held_out < data.SHAPES["x_train"][0]),
        ))

    @ignored(IN_SMALL)
    def rehearsal(self) -> Rehearsal:
        """Train as a `ClassifierConfig` does, and hold out fewer images."""
        config = smaller(super().rehearsal().config, held_out=1_050)
        held_out = 0 if self.whole_training_set else config.held_out
        return rehearsed(config, 300 + held_out)


def train_convolutional_network(
    config: ConvolutionalConfig, context: Context = NOWHERE
) -> Result:
    """Train a convolutional network on warped images and score it.

    Returns what `classifier.train_classifier` does, and goes on after a kill
    as that does. With images held out, there is one metric more:
    `validation_loss`, the mean cross-entropy.
    """
    import keras

    from digits.augmentation import RandomWarp, SaltAndPepper

    start(config.seed)
    train, held_out = _split(config)
    network = build(config)
    warped = keras.Sequential([
        RandomWarp(config.bend, config.contrast, rotation=config.rotation,
                   shear=config.shear, zoom=config.zoom, shift=config.shift),
        *([SaltAndPepper(config.noise)] if config.noise else []),
        network,
    ])
    warped.build((None, 28, 28, 1))
    unchanged = dataclasses.replace(
        config, rotation=0.0, shear=0.0, zoom=0.0, shift=0.0, noise=0.0
    )
    final = config.whole_training_set
    table = classifier._fit(
        warped, train, None if final else held_out, unchanged, context
    )
    probabilities = outputs(network, held_out.images)
    result = classifier.scored(
        network, table, probabilities, held_out.labels, config
    )
    loss = None if final else _cross_entropy(probabilities, held_out)
    return dataclasses.replace(
        result, metrics=result.metrics | {"validation_loss": loss}
    )


def build(config: ConvolutionalConfig):
    """Build the Keras model that a config describes."""
    from digits import models

    network = classifier.build(config)
    if not config.last_convolution:
        return network
    return models.with_last_convolution(
        network, config.last_convolution, dropout=config.dropout
    )


def _split(config: ConvolutionalConfig) -> tuple[data.Part, data.Part]:
    """Give the images to train on, and those to score: test images at last."""
    mnist = data.load_mnist(whole=True)
    train, scored = mnist.train, mnist.test
    if not config.whole_training_set:
        held_out = data.validation_mask(train.labels, config.held_out)
        scored = data.Part(train.images[held_out], train.labels[held_out])
        train = data.Part(train.images[~held_out], train.labels[~held_out])
    return classifier._subset(train, config), scored


def _cross_entropy(probabilities: np.ndarray, part: data.Part) -> float:
    true = probabilities[np.arange(len(part.labels)), part.labels]
    return float(-np.log(np.maximum(true, 1e-7)).mean())

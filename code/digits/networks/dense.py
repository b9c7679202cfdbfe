"""Fully connected classifiers."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from digits.checks import refuse_unless, whole

if TYPE_CHECKING:
    import keras

INITIALIZERS = ("glorot_uniform", "he_normal")
# Of the pixels of the training set.
MEAN, DEVIATION = 0.1307, 0.3081


@dataclass(frozen=True)
class DenseNetwork:
    """A fully connected classifier; the defaults are the course notebook's.

    The hidden layers have `hidden_units` neurons each.
    `regularization_factor` adds factor * sum of squared kernel weights to the
    loss for each hidden layer (Keras's convention, without a factor of one
    half). `dropout` is the share of each hidden layer's outputs dropped in
    training; `standardize` gives the pixels the training set's mean 0 and
    deviation 1. Out of range, a field raises `ValueError`.
    """

    hidden_units: tuple[int, ...] = (64, 64)
    regularization_factor: float = 0.0
    initializer: str = "glorot_uniform"
    dropout: float = 0.0
    standardize: bool = False

    def __post_init__(self):
        """Refuse values out of range."""
        refuse_unless(self, (
            ("hidden_units", "a tuple of whole numbers from 1",
             isinstance(self.hidden_units, tuple)
             and all(whole(units, 1) for units in self.hidden_units)),
            ("regularization_factor", "at least 0",
             0 <= self.regularization_factor < math.inf),
            ("initializer", INITIALIZERS, self.initializer in INITIALIZERS),
            ("dropout", "in [0, 1)", 0 <= self.dropout < 1),
        ))

    def build(self) -> "keras.Model":
        """Build the Keras model, from (n, 28, 28, 1) to (n, 10)."""
        import keras
        from keras import layers

        inputs = outputs = keras.Input(shape=(28, 28, 1), name="image")
        if self.standardize:
            outputs = layers.Rescaling(1 / DEVIATION, -MEAN / DEVIATION)(
                outputs
            )
        outputs = layers.Flatten(name="flatten")(outputs)
        for number, units in enumerate(self.hidden_units, start=1):
            outputs = layers.Dense(
                units,
                activation="relu",
                kernel_initializer=self.initializer,
                kernel_regularizer=keras.regularizers.L2(
                    self.regularization_factor
                ),
                name=f"hidden_{number}",
            )(outputs)
            if self.dropout:
                outputs = layers.Dropout(self.dropout)(outputs)
        outputs = layers.Dense(10, activation="softmax", name="class")(outputs)
        return keras.Model(inputs, outputs, name="dense_classifier")

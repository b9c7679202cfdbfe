"""The networks, as functions that build Keras models."""

import keras
from keras import layers


def dense_classifier(
    hidden_units: tuple[int, ...],
    *,
    regularization_factor: float = 0.0,
    initializer: str = "glorot_uniform",
    dropout: float = 0.0,
    standardize: bool = False,
    shift: int = 0,
) -> keras.Model:
    """Build a fully connected classifier of 28x28 images.

    Maps images of shape (n, 28, 28, 1) to probabilities of shape (n, 10). The
    hidden layers have `hidden_units` neurons each. `regularization_factor`
    adds factor * sum of squared kernel weights to the loss for each hidden
    layer (Keras's convention, without a factor of one half). `dropout` is the
    share of each hidden layer's outputs dropped in training; `standardize`
    gives the pixels the training set's mean 0 and deviation 1; `shift` moves
    training images at random, by up to so many pixels each way.
    """
    inputs = keras.Input(shape=(28, 28, 1), name="image")
    outputs = inputs
    if standardize:
        mean, deviation = 0.1307, 0.3081
        outputs = layers.Rescaling(1 / deviation, -mean / deviation)(outputs)
    if shift:
        outputs = layers.RandomTranslation(
            shift / 28, shift / 28, fill_mode="constant"
        )(outputs)
    outputs = layers.Flatten(name="flatten")(outputs)
    for number, units in enumerate(hidden_units, start=1):
        outputs = layers.Dense(
            units,
            activation="relu",
            kernel_initializer=initializer,
            kernel_regularizer=keras.regularizers.L2(regularization_factor),
            name=f"hidden_{number}",
        )(outputs)
        if dropout:
            outputs = layers.Dropout(dropout)(outputs)
    outputs = layers.Dense(10, activation="softmax", name="class")(outputs)
    return keras.Model(inputs, outputs, name="dense_classifier")

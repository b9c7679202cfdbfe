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


def convolutional_network(
    stem: int = 32,
    stages: tuple[tuple[int, ...], ...] = ((64,), (128, 128)),
    *,
    normalize: bool = True,
    dropout: float = 0.0,
) -> keras.Model:
    """Build a convolutional classifier of 28x28 images.

    Maps images of shape (n, 28, 28, 1) to probabilities of shape (n, 10). A
    convolution of 5x5 pixels with stride 2 and `stem` channels, then stages
    of 3x3 convolutions with as many channels as said, max pooling between the
    stages, then each channel's mean over the image and a softmax layer.
    `normalize` puts batch normalization between each convolution and its
    ReLU; `dropout` is the share of the means dropped in training.
    """
    def convolve(inputs, channels, size, strides=1):
        outputs = layers.Conv2D(
            channels, size, strides, padding="same", use_bias=not normalize,
            kernel_initializer="he_normal",
        )(inputs)
        if normalize:
            outputs = layers.BatchNormalization(momentum=0.9)(outputs)
        return layers.ReLU()(outputs)

    inputs = keras.Input(shape=(28, 28, 1), name="image")
    outputs = convolve(inputs, stem, 5, strides=2)
    for number, stage in enumerate(stages):
        if number > 0:
            outputs = layers.MaxPooling2D()(outputs)
        for channels in stage:
            outputs = convolve(outputs, channels, 3)
    outputs = layers.GlobalAveragePooling2D()(outputs)
    if dropout:
        outputs = layers.Dropout(dropout)(outputs)
    outputs = layers.Dense(10, activation="softmax", name="class")(outputs)
    return keras.Model(inputs, outputs, name="convolutional_network")


def with_last_convolution(
    network: keras.Model, channels: int, *, dropout: float = 0.0
) -> keras.Model:
    """Give a `convolutional_network` a last convolution in place of the mean.

    The mean of each channel tells which patterns there are, and not where.
    Here, after max pooling (7x7 places become 3x3, the last row and column are
    left out), a convolution with `channels` channels has a kernel as large as
    what is left of the image, as layer C5 of LeNet-5 has (LeCun et al., 1998).
    `dropout` is the share of its outputs dropped in training, before the
    softmax layer.
    """
    last = next(
        layer for layer in reversed(network.layers)
        if isinstance(layer, layers.ReLU)
    )
    outputs = layers.MaxPooling2D()(last.output)
    outputs = layers.Conv2D(
        channels, outputs.shape[1:3], use_bias=False,
        kernel_initializer="he_normal",
    )(outputs)
    outputs = layers.BatchNormalization(momentum=0.9)(outputs)
    outputs = layers.ReLU()(outputs)
    outputs = layers.Flatten(name="flatten")(outputs)
    if dropout:
        outputs = layers.Dropout(dropout)(outputs)
    outputs = layers.Dense(10, activation="softmax", name="class")(outputs)
    return keras.Model(network.input, outputs, name="convolutional_network")


def denoising_autoencoder() -> keras.Model:
    """Build the course notebook's auto-encoder, 784-128-96-128-784.

    Maps images of shape (n, 28, 28, 1) with values in [0, 1] to such images.
    The layer `code` has the 96 numbers that an image is squeezed through.
    """
    inputs = keras.Input(shape=(28, 28, 1), name="image")
    outputs = layers.Flatten(name="flatten")(inputs)
    outputs = layers.Dense(128, activation="relu", name="encoder")(outputs)
    outputs = layers.Dense(96, activation="relu", name="code")(outputs)
    outputs = layers.Dense(128, activation="relu", name="decoder")(outputs)
    outputs = layers.Dense(784, activation="sigmoid", name="pixels")(outputs)
    outputs = layers.Reshape((28, 28, 1), name="denoised")(outputs)
    return keras.Model(inputs, outputs, name="denoising_autoencoder")


def convolutional_autoencoder() -> keras.Model:
    """Build a denoiser of convolutions, for comparison.

    Maps images of shape (n, 28, 28, 1) to such images, through 7x7 places
    with 32 channels each.
    """
    def convolve(inputs, channels, strides=1, layer=layers.Conv2D):
        return layer(
            channels, 3, strides, padding="same", activation="relu"
        )(inputs)

    inputs = keras.Input(shape=(28, 28, 1), name="image")
    outputs = convolve(inputs, 32, 2)
    outputs = convolve(outputs, 32, 2)
    outputs = convolve(outputs, 32, 2, layers.Conv2DTranspose)
    outputs = convolve(outputs, 32, 2, layers.Conv2DTranspose)
    outputs = layers.Conv2D(
        1, 3, padding="same", activation="sigmoid", name="denoised"
    )(outputs)
    return keras.Model(inputs, outputs, name="convolutional_autoencoder")

"""The auto-encoders of Question 4, which denoise."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class DenseAutoencoder:
    """The course notebook's auto-encoder, 784-128-96-128-784.

    The layer `code` has the 96 numbers that an image is squeezed through.
    """

    def build(self) -> "keras.Model":
        """Build the Keras model, from and to images (n, 28, 28, 1)."""
        import keras
        from keras.layers import Dense, Flatten, Reshape

        inputs = keras.Input(shape=(28, 28, 1), name="image")
        outputs = Flatten(name="flatten")(inputs)
        outputs = Dense(128, activation="relu", name="encoder")(outputs)
        outputs = Dense(96, activation="relu", name="code")(outputs)
        outputs = Dense(128, activation="relu", name="decoder")(outputs)
        outputs = Dense(784, activation="sigmoid", name="pixels")(outputs)
        outputs = Reshape((28, 28, 1), name="denoised")(outputs)
        return keras.Model(inputs, outputs, name="denoising_autoencoder")


@dataclass(frozen=True)
class ConvolutionalAutoencoder:
    """A denoiser of convolutions, through 7x7 places with 32 channels each."""

    def build(self) -> "keras.Model":
        """Build the Keras model, from and to images (n, 28, 28, 1)."""
        import keras
        from keras.layers import Conv2D, Conv2DTranspose

        def convolve(inputs, layer=Conv2D):
            return layer(32, 3, 2, padding="same", activation="relu")(inputs)

        inputs = keras.Input(shape=(28, 28, 1), name="image")
        outputs = convolve(convolve(inputs))
        outputs = convolve(outputs, Conv2DTranspose)
        outputs = convolve(outputs, Conv2DTranspose)
        outputs = Conv2D(
            1, 3, padding="same", activation="sigmoid", name="denoised"
        )(outputs)
        return keras.Model(inputs, outputs, name="convolutional_autoencoder")


def encoder_of(model: "keras.Model") -> "keras.Model":
    """Give the part of a dense auto-encoder that makes codes of images.

    A model from (n, 28, 28, 1) to (n, 96), with the model's own weights.
    """
    import keras

    return keras.Model(model.input, model.get_layer("code").output)


def decoder_of(model: "keras.Model") -> "keras.Model":
    """Give the part of a dense auto-encoder that makes images of codes.

    A model from (n, 96) to (n, 28, 28, 1): the last layers, applied to an
    input of their own, with the model's own weights.
    """
    import keras

    code = model.get_layer("code")
    inputs = outputs = keras.Input(code.output.shape[1:], name="code")
    for layer in model.layers[model.layers.index(code) + 1 :]:
        outputs = layer(outputs)
    return keras.Model(inputs, outputs, name="decoder")

"""The denoising auto-encoder of Question 4: trained and taken apart."""

from dataclasses import dataclass

import numpy as np

from digits import data
from digits.noise import salt_and_pepper
from digits.tasks.checks import refuse_unless, whole
from digits.tasks.rehearsal import IN_SMALL, rehearsed
from digits.tasks.training import (
    EVALUATION_BATCH,
    STEPS_PER_EXECUTION,
    short_float,
    start,
    weights_of,
)
from larder import NOWHERE, Context, Rehearsal, Result, ignored, smaller

KINDS = ("dense", "convolutional")


@dataclass(frozen=True)
class DenoiserConfig:
    """How a denoiser is built and trained.

    The defaults are the course notebook's: images are seasoned once, before
    training, at level 0.4. With different `noise_levels` each image has a
    level of its own, drawn evenly between the two. `kind` is "dense" for
    `models.denoising_autoencoder`, or "convolutional". Out of range, a field
    raises `ValueError`.
    """

    kind: str = "dense"
    seed: int = 0
    noise_levels: tuple[float, float] = (0.4, 0.4)
    epochs: int = 32
    batch_size: int = 64

    def __post_init__(self):
        """Refuse values out of range."""
        low, high = self.noise_levels
        refuse_unless(self, (
            ("kind", KINDS, self.kind in KINDS),
            ("seed", "a whole number below 2**32",
             whole(self.seed, 0) and self.seed < 2**32),
            ("noise_levels", "two rising levels in [0, 1]",
             0 <= low <= high <= 1),
            ("epochs", "a whole number from 1", whole(self.epochs, 1)),
            ("batch_size", "a whole number from 1", whole(self.batch_size, 1)),
        ))

    @ignored(IN_SMALL)
    def rehearsal(self) -> Rehearsal:
        """Train for a few epochs."""
        return rehearsed(smaller(self, epochs=3), train=600)


def train_denoiser(
    config: DenoiserConfig, context: Context = NOWHERE
) -> Result:
    """Train a denoiser on seasoned images, with the clean ones as targets.

    On all 60,000 training images, with the seasoned test images as validation
    data, as the notebook does; nothing is chosen by them. Metrics: `loss` and
    `validation_loss` of the last epoch, mean binary cross-entropies a pixel,
    and `least_loss`, what remains if each pixel is predicted exactly. Table, a
    row an epoch: `loss`, `validation_loss`. Weights are those of the last
    epoch.
    """
    import keras

    start(config.seed)
    mnist = data.load_mnist(whole=True)
    clean, test = mnist.train.images, mnist.test.images
    model = build(config)
    model.compile(
        optimizer="adam",
        loss="binary_crossentropy",
        steps_per_execution=STEPS_PER_EXECUTION,
    )
    history = model.fit(
        season(clean, config, config.seed),
        clean,
        batch_size=config.batch_size,
        epochs=config.epochs,
        validation_data=(season(test, config, config.seed + 1), test),
        validation_batch_size=EVALUATION_BATCH,
        callbacks=[keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: context.report(
                epoch + 1, config.epochs
            )
        ), keras.callbacks.TerminateOnNaN()],
        verbose=0,
    ).history
    losses = [short_float(value) for value in history["loss"]]
    if not np.isfinite(losses).all():
        raise FloatingPointError(f"the loss became {losses[-1]}")
    validation = [short_float(value) for value in history["val_loss"]]
    return Result(
        metrics={
            "loss": losses[-1],
            "validation_loss": validation[-1],
            "least_loss": binary_entropy(test),
        },
        table={
            "epoch": list(range(1, len(losses) + 1)),
            "loss": losses,
            "validation_loss": validation,
        },
        weights=weights_of(model),
    )


def build(config: DenoiserConfig):
    """Build the Keras model that a config describes."""
    from digits import models

    if config.kind == "convolutional":
        return models.convolutional_autoencoder()
    return models.denoising_autoencoder()


def season(
    images: np.ndarray, config: DenoiserConfig, seed: int
) -> np.ndarray:
    """Season images of shape (n, 28, 28, 1) at the levels of a config."""
    low, high = config.noise_levels
    if low == high:
        return salt_and_pepper(images, low, seed)
    generator = np.random.default_rng((seed, 1))
    levels = generator.uniform(low, high, (len(images), 1, 1, 1))
    return salt_and_pepper(images, levels, seed)


def binary_entropy(values: np.ndarray) -> float:
    """Give the mean of -v ln v - (1 - v) ln(1 - v), in nats.

    It is the least mean binary cross-entropy that any prediction of these
    values can have: that of the values themselves. `values` lie in [0, 1].
    """
    values = np.asarray(values, dtype=np.float64)
    inner = values[(values > 0) & (values < 1)]
    sums = -inner * np.log(inner) - (1 - inner) * np.log(1 - inner)
    return float(sums.sum() / values.size)


def encoder_of(model):
    """Give the part of a dense auto-encoder that makes codes of images.

    A model from (n, 28, 28, 1) to (n, 96), with the model's own weights.
    """
    import keras

    return keras.Model(model.input, model.get_layer("code").output)


def decoder_of(model):
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

"""Tasks that train: each a pure function of one frozen config.

Keras is imported inside the functions, so that a config can be made, and a
stored result be found, without TensorFlow.
"""

import math
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from digits import data
from digits.tasks.checks import refuse_unless, whole
from digits.tasks.rehearsal import IN_SMALL, rehearsed
from larder import NOWHERE, Context, Rehearsal, Result, ignored, smaller

# Batches that TensorFlow runs between two looks at Python. Measured for
# 784-500-300-10 on one thread: 1.6 s an epoch instead of 2.0 s with 1.
STEPS_PER_EXECUTION = 64

# Influences speed and memory, not results.
EVALUATION_BATCH = 1_000

OPTIMIZERS = ("sgd", "adam")
SCHEDULES = ("constant", "cosine")
INITIALIZERS = ("glorot_uniform", "he_normal")


@dataclass(frozen=True)
class DenseConfig:
    """How a dense classifier is built and trained.

    The defaults are the course notebook's, for the ten epochs of 2C.
    `whole_training_set` trains on all 60,000 images and scores the test
    images after each epoch, as the notebook does; otherwise training is on
    55,000 and the other 5,000 are scored. Weights are those of the last
    epoch, or with `early_stopping_patience` those of the epoch that was best
    on the 5,000. Fields mean what they mean to
    `models.dense_classifier`. Out of range, a field raises `ValueError`.
    """

    hidden_units: tuple[int, ...] = (64, 64)
    seed: int = 0
    whole_training_set: bool = False
    epochs: int = 10
    batch_size: int = 128
    optimizer: str = "sgd"
    learning_rate: float = 0.1
    schedule: str = "constant"
    momentum: float = 0.0
    regularization_factor: float = 0.0
    initializer: str = "glorot_uniform"
    dropout: float = 0.0
    standardize: bool = False
    shift: int = 0
    early_stopping_patience: int | None = None
    keep_weights: bool = False

    def __post_init__(self):
        """Refuse values out of range."""
        patience = self.early_stopping_patience
        refuse_unless(self, (
            ("hidden_units", "a tuple of whole numbers from 1",
             isinstance(self.hidden_units, tuple)
             and all(whole(units, 1) for units in self.hidden_units)),
            ("seed", "a whole number below 2**32",
             whole(self.seed, 0) and self.seed < 2**32),
            ("epochs", "a whole number from 1", whole(self.epochs, 1)),
            ("batch_size", "a whole number from 1", whole(self.batch_size, 1)),
            ("optimizer", OPTIMIZERS, self.optimizer in OPTIMIZERS),
            ("learning_rate", "above 0", 0 < self.learning_rate < math.inf),
            ("schedule", SCHEDULES, self.schedule in SCHEDULES),
            ("momentum", "in [0, 1), and 0 with adam, which has its own",
             0 <= self.momentum < 1
             and not (self.momentum and self.optimizer == "adam")),
            ("regularization_factor", "at least 0",
             0 <= self.regularization_factor < math.inf),
            ("initializer", INITIALIZERS, self.initializer in INITIALIZERS),
            ("dropout", "in [0, 1)", 0 <= self.dropout < 1),
            ("shift", "a whole number of pixels below 28",
             whole(self.shift, 0) and self.shift < 28),
            ("early_stopping_patience",
             "None, or a whole number from 1 where images are held out",
             patience is None
             or (whole(patience, 1) and not self.whole_training_set)),
        ))

    @ignored(IN_SMALL)
    def rehearsal(self) -> Rehearsal:
        """Train for a few epochs; where it may stop early, until it does."""
        stops = self.early_stopping_patience is not None
        config = smaller(self, epochs=40 if stops else 4,
                         early_stopping_patience=1)
        held_out = 0 if self.whole_training_set else data.VALIDATION_SIZE
        # More steps than run between two looks at Python; the last not full.
        images = (STEPS_PER_EXECUTION + 1) * self.batch_size + 20
        return rehearsed(config, images + held_out)


def train_dense_classifier(
    config: DenseConfig, context: Context = NOWHERE
) -> Result:
    """Train a dense classifier and score it.

    The test images are scored after training and beside it: no choice in this
    project looks at them before it stands.

    Metrics: `train_accuracy`, `validation_accuracy` (None if all 60,000 are
    trained on), `test_accuracy`, each of the final weights. Table, a row an
    epoch: `accuracy` and `loss` as Keras keeps them while it trains, and
    `scored_accuracy` and `scored_loss` on what is scored after each epoch.
    Array: `test_predictions`, uint8 of shape (10000,).
    """
    start(config.seed)
    mnist = data.load_mnist(whole=config.whole_training_set)
    model = build(config)
    table = _fit(model, mnist, config, context)
    predictions = predict(model, mnist.test.images)
    return Result(
        metrics={
            "train_accuracy": _accuracy(model, mnist.train),
            "validation_accuracy": (
                _accuracy(model, mnist.validation)
                if mnist.validation else None
            ),
            "test_accuracy": float(np.mean(predictions == mnist.test.labels)),
        },
        table=table,
        arrays={"test_predictions": predictions},
        weights=weights_of(model) if config.keep_weights else None,
    )


def start(seed: int) -> None:
    """Make what follows repeatable: one thread, seeded, nothing left over.

    One thread is part of what a result is: sums are then taken in one order,
    and runs side by side use the cores better than threads within a run do.
    Raises `RuntimeError` where TensorFlow has begun in this process with more.
    """
    import keras
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)


def build(config: DenseConfig):
    """Build the Keras model that a config describes."""
    from digits import models

    return models.dense_classifier(
        config.hidden_units,
        regularization_factor=config.regularization_factor,
        initializer=config.initializer,
        dropout=config.dropout,
        standardize=config.standardize,
        shift=config.shift,
    )


def _fit(
    model, mnist: data.Mnist, config: DenseConfig, context: Context
) -> dict[str, list]:
    """Train a model; return a table with a row an epoch."""
    train, scored = mnist.train, mnist.validation or mnist.test
    steps = math.ceil(len(train.labels) / config.batch_size)
    model.compile(
        optimizer=_optimizer(config, steps * config.epochs),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=STEPS_PER_EXECUTION,
    )
    history = model.fit(
        train.images,
        data.one_hot(train.labels),
        batch_size=config.batch_size,
        epochs=config.epochs,
        validation_data=(scored.images, data.one_hot(scored.labels)),
        validation_batch_size=EVALUATION_BATCH,
        callbacks=_callbacks(config, context),
        verbose=0,
    ).history
    if not np.isfinite(history["loss"]).all():
        raise FloatingPointError(
            f"the loss became {history['loss'][-1]} in epoch "
            f"{len(history['loss'])}: try a smaller learning rate"
        )
    keys = {"loss": "loss", "accuracy": "accuracy",
            "val_loss": "scored_loss", "val_accuracy": "scored_accuracy"}
    return {"epoch": list(range(1, len(history["loss"]) + 1))} | {
        name: [short_float(value) for value in history[key]]
        for key, name in keys.items()
    }


def _optimizer(config: DenseConfig, steps: int):
    """Make the optimiser; a cosine schedule falls to 0 in `steps` steps."""
    import keras

    rate = config.learning_rate
    if config.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, steps)
    if config.optimizer == "adam":
        return keras.optimizers.Adam(rate)
    return keras.optimizers.SGD(rate, momentum=config.momentum)


def _callbacks(config: DenseConfig, context: Context) -> list:
    import keras

    def tell(epoch, logs):
        context.report(epoch + 1, config.epochs)

    callbacks = [
        keras.callbacks.LambdaCallback(on_epoch_end=tell),
        keras.callbacks.TerminateOnNaN(),
    ]
    if config.early_stopping_patience is not None:
        callbacks.append(keras.callbacks.EarlyStopping(
            monitor="val_accuracy",
            patience=config.early_stopping_patience,
            restore_best_weights=True,
        ))
    return callbacks


def predict(model, images: np.ndarray) -> np.ndarray:
    """Give the likeliest class of each image, uint8 of shape (n,).

    Batch by batch: `model.predict` would copy all images into a tensor. Said
    in so many words, since a layer that augments is active by default.
    """
    starts = range(0, len(images), EVALUATION_BATCH)
    batches = (images[i : i + EVALUATION_BATCH] for i in starts)
    classes = [
        np.argmax(model(batch, training=False), axis=1) for batch in batches
    ]
    return np.concatenate(classes).astype(np.uint8)


def outputs(model, images: np.ndarray) -> np.ndarray:
    """Give what a model makes of images of shape (n, …), batch by batch.

    A classifier gives probabilities of shape (n, 10), an auto-encoder images.
    """
    starts = range(0, len(images), EVALUATION_BATCH)
    return np.concatenate([
        np.asarray(model(images[i : i + EVALUATION_BATCH], training=False))
        for i in starts
    ])


def _accuracy(model, part: data.Part) -> float:
    return float(np.mean(predict(model, part.images) == part.labels))


def weights_of(model) -> bytes:
    """Give a model's weights as the bytes of a `.weights.h5` file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.weights.h5"
        model.save_weights(path)
        return path.read_bytes()


def short_float(value: float) -> float:
    """Give a single-precision number as its shortest decimal, not 17 digits."""
    return float(str(np.float32(value)))

"""A training for long runs: augmented, resumable, with an average at the end.

`training` holds the course notebook's way; this is the way of Question 3,
for convolutional networks and, under equal conditions, for dense ones.
"""

import math
from dataclasses import dataclass

import numpy as np

from digits import data
from digits.tasks.checks import refuse_unless, whole
from digits.tasks.rehearsal import IN_SMALL, rehearsed
from digits.tasks.training import outputs, short_float, start, weights_of
from larder import NOWHERE, Context, Rehearsal, Result, ignored, smaller

OPTIMIZERS = ("sgd", "adamw")


@dataclass(frozen=True)
class ClassifierConfig:
    """How a classifier is built and trained.

    With `stages` it is `models.convolutional_network`, whose arguments are
    `stem`, `stages`, `normalize` and `dropout`; without, it is
    `models.dense_classifier` of `hidden_units` and `dropout`.

    Training images are turned by up to `rotation` degrees, sheared by up to
    `shear`, scaled by up to the share `zoom`, moved by up to `shift` pixels,
    and seasoned at levels up to `noise`. `label_smoothing` is the share of a
    label spread evenly over all classes. The learning rate rises to
    `learning_rate` in the first epoch and falls to 0 as a cosine;
    `weight_decay` is decoupled from the loss. The final weights are the mean
    of those after each of the last `averaged_epochs` epochs.

    `training_images` is how many images are trained on, drawn by class with
    the seed: all of 55,000 if None, and all 60,000 with `whole_training_set`;
    only then the test images are looked at, once, at the end. `epoch_images`
    is how many images an epoch has, repeated ones included: as many as there
    are if None. Out of range, a field raises `ValueError`.
    """

    stem: int = 32
    stages: tuple[tuple[int, ...], ...] = ()
    hidden_units: tuple[int, ...] = ()
    normalize: bool = True
    dropout: float = 0.0
    seed: int = 0
    whole_training_set: bool = False
    training_images: int | None = None
    epoch_images: int | None = None
    epochs: int = 10
    averaged_epochs: int = 1
    batch_size: int = 128
    optimizer: str = "sgd"
    learning_rate: float = 0.1
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    rotation: float = 0.0
    shear: float = 0.0
    zoom: float = 0.0
    shift: float = 0.0
    noise: float = 0.0
    keep_weights: bool = False

    def __post_init__(self):
        """Refuse values out of range."""
        refuse_unless(self, (
            ("stem", "a whole number from 1", whole(self.stem, 1)),
            ("stages", "tuples of whole numbers from 1",
             all(stage and all(whole(size, 1) for size in stage)
                 for stage in self.stages)),
            ("hidden_units", "whole numbers from 1, and none beside stages",
             all(whole(units, 1) for units in self.hidden_units)
             and not (self.stages and self.hidden_units)),
            ("dropout", "in [0, 1)", 0 <= self.dropout < 1),
            ("seed", "a whole number below 2**32",
             whole(self.seed, 0) and self.seed < 2**32),
            ("training_images", "None, or a whole number from 1",
             self.training_images is None or whole(self.training_images, 1)),
            ("epoch_images", "None, or a whole number from 1",
             self.epoch_images is None or whole(self.epoch_images, 1)),
            ("epochs", "a whole number from 1", whole(self.epochs, 1)),
            ("averaged_epochs", f"from 1 to the epochs, {self.epochs}",
             whole(self.averaged_epochs, 1)
             and self.averaged_epochs <= self.epochs),
            ("batch_size", "a whole number from 1", whole(self.batch_size, 1)),
            ("optimizer", OPTIMIZERS, self.optimizer in OPTIMIZERS),
            ("learning_rate", "above 0", 0 < self.learning_rate < math.inf),
            ("weight_decay", "at least 0", 0 <= self.weight_decay < math.inf),
            ("label_smoothing", "in [0, 1)", 0 <= self.label_smoothing < 1),
            ("rotation", "from 0 to 180 degrees", 0 <= self.rotation <= 180),
            ("shear", "in [0, 1)", 0 <= self.shear < 1),
            ("zoom", "in [0, 1)", 0 <= self.zoom < 1),
            ("shift", "from 0 to 28 pixels", 0 <= self.shift <= 28),
            ("noise", "in [0, 1]", 0 <= self.noise <= 1),
        ))

    @ignored(IN_SMALL)
    def rehearsal(self) -> Rehearsal:
        """Train for a few epochs, of which one at least is not averaged."""
        config = smaller(self, epochs=3, averaged_epochs=2, epoch_images=320,
                         training_images=200)
        held_out = 0 if self.whole_training_set else data.VALIDATION_SIZE
        return rehearsed(config, 300 + held_out)


def train_classifier(
    config: ClassifierConfig, context: Context = NOWHERE
) -> Result:
    """Train a classifier and score it.

    A run that was killed goes on after its last whole epoch.

    Metrics: `parameters`; `multiplications`, what one image costs;
    `validation_accuracy`, or, with the whole training set, `test_accuracy`
    (the other is None), both of the final weights. Table,
    a row an epoch: `accuracy` and `loss` as Keras keeps them while it trains,
    on augmented images, and `validation_accuracy` of the weights after it
    (None with the whole training set). Array, with the whole training set:
    `test_probabilities`, float32 of shape (10000, 10).
    """
    start(config.seed)
    mnist = data.load_mnist(whole=config.whole_training_set)
    train = _subset(mnist.train, config)
    network = build(config)
    table = _fit(network, train, mnist.validation, config, context)
    part = mnist.validation or mnist.test
    probabilities = outputs(network, part.images)
    return scored(network, table, probabilities, part.labels, config)


def scored(
    network, table: dict[str, list], probabilities: np.ndarray,
    labels: np.ndarray, config: ClassifierConfig,
) -> Result:
    """Make the result of a training, as `train_classifier` describes it.

    `probabilities` of shape (n, 10) and `labels` (n,) are of the test images
    with the whole training set, and of those held out without.
    """
    accuracy = _share(probabilities, labels)
    final = config.whole_training_set
    return Result(
        metrics={
            "parameters": network.count_params(),
            "multiplications": multiplications(network),
            "validation_accuracy": None if final else accuracy,
            "test_accuracy": accuracy if final else None,
        },
        table=table,
        arrays={"test_probabilities": probabilities} if final else {},
        weights=weights_of(network) if config.keep_weights else None,
    )


def build(config: ClassifierConfig):
    """Build the Keras model that a config describes."""
    from digits import models

    if config.stages:
        return models.convolutional_network(
            config.stem, config.stages,
            normalize=config.normalize, dropout=config.dropout,
        )
    return models.dense_classifier(config.hidden_units, dropout=config.dropout)


def multiplications(network) -> int:
    """Count the multiplications of convolutions and dense layers, an image.

    A kernel is used once for each place of the layer's output.
    """
    counts = [
        np.prod(layer.kernel.shape) * np.prod(layer.output.shape[1:-1])
        for layer in network.layers if hasattr(layer, "kernel")
    ]
    return int(sum(counts))


def _subset(part: data.Part, config: ClassifierConfig) -> data.Part:
    if config.training_images is None:
        return part
    chosen = data.validation_mask(
        part.labels, config.training_images, config.seed
    )
    return data.Part(part.images[chosen], part.labels[chosen])


def _fit(
    network, train: data.Part, validation: data.Part | None,
    config: ClassifierConfig, context: Context,
) -> dict[str, list]:
    """Train a network, or go on with it; return a table with a row an epoch.

    Epoch by epoch, so that between two epochs the whole state is in variables
    of Keras and in the table: the order of the images is drawn anew from the
    seed and the number of the epoch.
    """
    import keras

    size = config.epoch_images or len(train.labels)
    trainer = _trainer(network, config, math.ceil(size / config.batch_size))
    labels = data.one_hot(train.labels)
    columns = ("epoch", "loss", "accuracy", "validation_accuracy")
    table = {name: [] for name in columns}
    mean = [np.zeros_like(array) for array in network.get_weights()]
    _resume(context, trainer, table, mean)
    for epoch in range(len(table["epoch"]), config.epochs):
        order = _order(len(train.labels), size, (config.seed, epoch))
        history = trainer.fit(
            train.images[order],
            labels[order],
            batch_size=config.batch_size,
            shuffle=False,
            callbacks=[keras.callbacks.TerminateOnNaN()],
            verbose=0,
        ).history
        if not np.isfinite(history["loss"][0]):
            raise FloatingPointError(
                f"the loss became {history['loss'][0]} in epoch {epoch + 1}: "
                "try a smaller learning rate"
            )
        row = (epoch + 1, short_float(history["loss"][0]),
               short_float(history["accuracy"][0]),
               _accuracy(network, validation))
        for name, value in zip(columns, row, strict=True):
            table[name].append(value)
        if epoch >= config.epochs - config.averaged_epochs:
            for sum_, array in zip(mean, network.get_weights(), strict=True):
                sum_ += array / config.averaged_epochs
        context.save(_state(trainer, table, mean))
        context.report(epoch + 1, config.epochs)
    network.set_weights(mean)
    return table


def _trainer(network, config: ClassifierConfig, steps: int):
    """Put augmentation before a network, and compile the two for training.

    An epoch has `steps` steps.
    """
    import keras

    from digits.augmentation import RandomAffine, SaltAndPepper

    limits = (config.rotation, config.shear, config.zoom, config.shift)
    trainer = keras.Sequential([
        *([RandomAffine(*limits)] if any(limits) else []),
        *([SaltAndPepper(config.noise)] if config.noise else []),
        network,
    ])
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, steps * (config.epochs - 1) or 1,
        warmup_target=config.learning_rate, warmup_steps=steps,
    )
    if config.optimizer == "adamw":
        optimizer = keras.optimizers.AdamW(
            rate, weight_decay=config.weight_decay
        )
    else:
        optimizer = keras.optimizers.SGD(
            rate, momentum=0.9, nesterov=True,
            weight_decay=config.weight_decay or None,
        )
    trainer.compile(
        optimizer=optimizer,
        loss=keras.losses.CategoricalCrossentropy(
            label_smoothing=config.label_smoothing
        ),
        metrics=["accuracy"],
    )
    trainer.build((None, 28, 28, 1))
    optimizer.build(trainer.trainable_variables)
    return trainer


def _order(count: int, size: int, seed: tuple[int, int]) -> np.ndarray:
    """Draw `size` of `count` images: passes over all, each in a new order."""
    generator = np.random.default_rng(seed)
    passes = math.ceil(size / count)
    orders = [generator.permutation(count) for _ in range(passes)]
    return np.concatenate(orders)[:size]


def _state(trainer, table: dict[str, list], mean: list) -> list[np.ndarray]:
    """Gather all that the next epochs depend on."""
    rows = np.array(list(table.values()), dtype=np.float64)
    variables = [*trainer.variables, *trainer.optimizer.variables]
    return [rows, *mean, *(v.numpy() for v in variables)]


def _resume(
    context: Context, trainer, table: dict[str, list], mean: list
) -> None:
    """Go back to the state after the last whole epoch, if one was kept."""
    state = context.load()
    if state is None:
        return
    rows, *arrays = state
    for name, row in zip(table, rows, strict=True):
        table[name] += [
            None if math.isnan(value) else value for value in row.tolist()
        ]
    table["epoch"] = [int(epoch) for epoch in table["epoch"]]
    for place, array in zip(mean, arrays[: len(mean)], strict=True):
        place[...] = array
    variables = [*trainer.variables, *trainer.optimizer.variables]
    for variable, array in zip(variables, arrays[len(mean):], strict=True):
        variable.assign(array)


def _accuracy(network, part: data.Part | None) -> float | None:
    if part is None:
        return None
    return _share(outputs(network, part.images), part.labels)


def _share(found: np.ndarray, labels: np.ndarray) -> float:
    return float(np.mean(np.argmax(found, axis=1) == labels))

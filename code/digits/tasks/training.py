"""The one way to train: `fit`, epoch by epoch, so that it can be resumed.

Between two epochs, the whole state is in Keras's variables and in a table. The
tasks that train call `fit`, and differ in what they train and score.
"""

import math
from collections.abc import Callable

import numpy as np

from digits.tasks.schedule import Schedule, make_optimizer
from digits.tasks.scoring import EVALUATION_BATCH, short_float
from larder import NOWHERE, Context

# Batches that TensorFlow runs between two looks at Python. Measured for
# 784-500-300-10 on one thread: 1.6 s an epoch instead of 2.0 s with 1.
STEPS_PER_EXECUTION = 64

# What is compared where training may stop early.
MONITORED = "scored_accuracy"

# What is known after an epoch, by name; None where it is not measured.
Scores = dict[str, float | None]


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


def fit(
    network,
    augment: list,
    examples: tuple[np.ndarray, np.ndarray],
    schedule: Schedule,
    seed: int,
    score: Callable[..., Scores],
    context: Context = NOWHERE,
    loss: str | None = None,
) -> dict[str, list]:
    """Train a network, or go on with it; return a table with a row an epoch.

    `augment` are layers that vary its images in training. `examples` are
    images (n, 28, 28, 1) and what to make of them: classes, as indicators (n,
    10); or anything, with a Keras `loss` of that name. `score` is called with
    the trained model, augmentation included, after each epoch. Columns:
    `epoch`, `loss` and for classes `accuracy` as Keras keeps them while it
    trains, and the scores. The network ends with the weights that the
    schedule says. Raises `FloatingPointError` where the loss diverges.
    """
    import keras

    images, targets = examples
    size = schedule.epoch_images or len(images)
    trainer = keras.Sequential([*augment, network])
    trainer.compile(
        optimizer=make_optimizer(
            schedule, steps=math.ceil(size / schedule.batch_size)
        ),
        loss=loss or keras.losses.CategoricalCrossentropy(
            label_smoothing=schedule.label_smoothing
        ),
        metrics=[] if loss else ["accuracy"],
        steps_per_execution=STEPS_PER_EXECUTION,
    )
    training = _Training(trainer, network, schedule)
    training.resume(context)
    while not training.ended:
        order = training.order(len(images), size, seed)
        history = trainer.fit(
            images[order],
            targets[order],
            batch_size=schedule.batch_size,
            shuffle=schedule.order == "keras",
            callbacks=[keras.callbacks.TerminateOnNaN()],
            verbose=0,
        ).history
        training.note(history, score)
        context.save(training.state())
        context.report(training.epoch, schedule.epochs)
    network.set_weights(training.kept)
    return training.table


def evaluate(trainer, images: np.ndarray, targets: np.ndarray) -> Scores:
    """Score a model as Keras does: its loss, and `accuracy` of classes."""
    found = trainer.evaluate(
        images, targets, batch_size=EVALUATION_BATCH, verbose=0,
        return_dict=True,
    )
    return {name: short_float(value) for name, value in found.items()}


class _Training:
    """How far a training is: its table, and what will be its weights.

    `kept` is the sum that becomes the mean of the last epochs' weights, or
    where training may stop early, the best epoch's.
    """

    def __init__(self, trainer, network, schedule: Schedule):
        self.trainer, self.network, self.schedule = trainer, network, schedule
        self.table: dict[str, list] = {"epoch": []}
        self.kept = [np.zeros_like(array) for array in network.get_weights()]
        # At once, and not with the first batch: what is resumed needs places.
        trainer.build((None, 28, 28, 1))
        trainer.optimizer.build(trainer.trainable_variables)

    @property
    def epoch(self) -> int:
        """How many epochs there were."""
        return len(self.table["epoch"])

    @property
    def best(self) -> int:
        """The number of the first epoch that none is better than."""
        return 1 + int(np.argmax(self.table[MONITORED]))

    @property
    def ended(self) -> bool:
        patience = self.schedule.early_stopping_patience
        return self.epoch == self.schedule.epochs or bool(
            self.epoch and patience and self.epoch - self.best >= patience
        )

    def order(self, count: int, size: int, seed: int) -> slice | np.ndarray:
        """Say which of `count` images come next, and in which order."""
        if self.schedule.order == "keras":
            return slice(None)
        return drawn_order(count, size, (seed, self.epoch))

    def note(self, history: dict[str, list], score: Callable) -> None:
        """Take in an epoch; raise `FloatingPointError` if it diverged."""
        (loss,) = history["loss"]
        if not math.isfinite(loss):
            raise FloatingPointError(
                f"the loss became {loss} in epoch {self.epoch + 1}: "
                "try a smaller learning rate"
            )
        row = {"epoch": self.epoch + 1} | {
            name: short_float(value) for name, (value,) in history.items()
        } | score(self.trainer)
        for name, value in row.items():
            self.table.setdefault(name, []).append(value)
        self._keep()

    def _keep(self) -> None:
        schedule = self.schedule
        if schedule.early_stopping_patience is not None:
            if self.epoch == self.best:
                self.kept = self.network.get_weights()
        elif self.epoch > schedule.epochs - schedule.averaged_epochs:
            for sum_, array in zip(
                self.kept, self.network.get_weights(), strict=True
            ):
                sum_ += array / schedule.averaged_epochs

    @property
    def _variables(self) -> list:
        return [*self.trainer.variables, *self.trainer.optimizer.variables]

    def state(self) -> list[np.ndarray]:
        """Gather all that the next epochs depend on."""
        rows = np.array(list(self.table.values()), dtype=np.float64)
        return [np.array(list(self.table)), rows, *self.kept,
                *(variable.numpy() for variable in self._variables)]

    def resume(self, context: Context) -> None:
        """Go back to the state after the last whole epoch, if one was kept."""
        state = context.load()
        if state is None:
            return
        names, rows, *arrays = state
        self.table = {
            str(name): [None if math.isnan(value) else value for value in row]
            for name, row in zip(names, rows.tolist(), strict=True)
        }
        self.table["epoch"] = [int(epoch) for epoch in self.table["epoch"]]
        self.kept = arrays[: len(self.kept)]
        for variable, array in zip(
            self._variables, arrays[len(self.kept) :], strict=True
        ):
            variable.assign(array)


def drawn_order(count: int, size: int, seed: tuple[int, int]) -> np.ndarray:
    """Draw `size` of `count` images: passes over all, each in a new order."""
    generator = np.random.default_rng(seed)
    passes = math.ceil(size / count)
    orders = [generator.permutation(count) for _ in range(passes)]
    return np.concatenate(orders)[:size]

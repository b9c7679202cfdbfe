"""How a network is trained: for how long, by which steps."""

import math
from dataclasses import dataclass

from digits.checks import refuse_unless, whole
from digits.tasks.rehearsal import IN_SMALL
from larder import Rehearsal, ignored, smaller

OPTIMIZERS = ("sgd", "adam", "adamw")
DECAYS = ("constant", "cosine", "warm-up")
ORDERS = ("keras", "drawn")


@dataclass(frozen=True)
class Schedule:
    """How a network is trained; the defaults are the course notebook's.

    The learning rate is `learning_rate` throughout if `decay` is "constant";
    it falls to 0 as a cosine with "cosine", and with "warm-up" does so after
    it has risen to `learning_rate` in the first epoch. `momentum`, Nesterov's
    if said, is that of "sgd"; `weight_decay` is decoupled from the loss.
    `label_smoothing` is the share of a label spread evenly over all classes.

    Images come in the `order` that "keras" shuffles them in, the same in each
    epoch; or in one "drawn" anew for each, which has `epoch_images`, repeated
    ones included: as many as there are if None.

    The final weights are the mean of those after each of the last
    `averaged_epochs` epochs; or with `early_stopping_patience` those of the
    epoch that was best on the images held out, and so many epochs without a
    better one are the last. Out of range, a field raises `ValueError`.
    """

    epochs: int = 10
    batch_size: int = 128
    optimizer: str = "sgd"
    learning_rate: float = 0.1
    decay: str = "constant"
    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    order: str = "keras"
    epoch_images: int | None = None
    averaged_epochs: int = 1
    early_stopping_patience: int | None = None

    def __post_init__(self):
        """Refuse values out of range."""
        refuse_unless(self, (*self._rules(), *self._rules_of_steps()))

    def _rules(self):
        patience, images = self.early_stopping_patience, self.epoch_images
        return (
            ("epochs", "a whole number from 1", whole(self.epochs, 1)),
            ("batch_size", "a whole number from 1", whole(self.batch_size, 1)),
            ("label_smoothing", "in [0, 1)", 0 <= self.label_smoothing < 1),
            ("order", ORDERS, self.order in ORDERS),
            ("epoch_images", "None, or a whole number from 1 of drawn images",
             images is None or (whole(images, 1) and self.order == "drawn")),
            ("averaged_epochs", f"from 1 to the epochs, {self.epochs}",
             whole(self.averaged_epochs, 1)
             and self.averaged_epochs <= self.epochs),
            ("early_stopping_patience",
             "None, or a whole number from 1 where no epochs are averaged",
             patience is None
             or (whole(patience, 1) and self.averaged_epochs == 1)),
        )

    def _rules_of_steps(self):
        return (
            ("optimizer", OPTIMIZERS, self.optimizer in OPTIMIZERS),
            ("learning_rate", "above 0", 0 < self.learning_rate < math.inf),
            ("decay", DECAYS, self.decay in DECAYS),
            ("momentum", "in [0, 1), and 0 with adam, which has its own",
             0 <= self.momentum < 1
             and not (self.momentum and self.optimizer != "sgd")),
            ("nesterov", "False without momentum",
             bool(self.momentum) or not self.nesterov),
            ("weight_decay", "at least 0, and 0 with adam: adamw has it",
             0 <= self.weight_decay < math.inf
             and not (self.weight_decay and self.optimizer == "adam")),
        )

    @ignored(IN_SMALL)
    def rehearsal(self) -> Rehearsal:
        """Train for a few epochs, of which one at least is not averaged.

        Where it may stop early, until it does.
        """
        stops = self.early_stopping_patience is not None
        return Rehearsal(smaller(
            self, epochs=40 if stops else 3, averaged_epochs=2,
            early_stopping_patience=1, epoch_images=320,
        ))


def make_optimizer(schedule: Schedule, steps: int):
    """Make Keras's optimiser, where an epoch has `steps` steps."""
    from keras import optimizers

    rate = _rate(schedule, steps)
    if schedule.optimizer == "adam":
        return optimizers.Adam(rate)
    if schedule.optimizer == "adamw":
        return optimizers.AdamW(rate, weight_decay=schedule.weight_decay)
    return optimizers.SGD(
        rate, momentum=schedule.momentum, nesterov=schedule.nesterov,
        weight_decay=schedule.weight_decay or None,
    )


def _rate(schedule: Schedule, steps: int):
    """Give the learning rate, or what Keras computes it by."""
    from keras.optimizers.schedules import CosineDecay

    if schedule.decay == "cosine":
        return CosineDecay(schedule.learning_rate, steps * schedule.epochs)
    if schedule.decay == "warm-up":
        return CosineDecay(
            0.0, steps * (schedule.epochs - 1) or 1,
            warmup_target=schedule.learning_rate, warmup_steps=steps,
        )
    return schedule.learning_rate


# The course notebook's, for the ten epochs of 2C.
NOTEBOOK = Schedule()
# That of Question 3.
WARMED_UP = Schedule(
    decay="warm-up", momentum=0.9, nesterov=True, order="drawn"
)

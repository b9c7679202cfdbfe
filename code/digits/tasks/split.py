"""Which images are trained on, and which scored."""

from dataclasses import dataclass

from digits import data
from digits.checks import refuse_unless, whole
from digits.tasks.rehearsal import IN_SMALL
from larder import Rehearsal, ignored, smaller


@dataclass(frozen=True)
class Split:
    """Which images are trained on, and which scored.

    `held_out` images are drawn by class, the same for each seed, and
    validated on; or the `whole_training_set` is trained on, all 60,000.
    `training_images` is how many of those that are left are trained on, drawn
    by class with the run's seed: all if None. Out of range, a field raises
    `ValueError`.
    """

    whole_training_set: bool = False
    held_out: int = data.VALIDATION_SIZE
    training_images: int | None = None

    def __post_init__(self):
        """Refuse values out of range."""
        refuse_unless(self, (
            ("held_out", "a whole number from 10, below 60,000",
             whole(self.held_out, 10)
             and self.held_out < data.SHAPES["x_train"][0]),
            ("training_images", "None, or a whole number from 1",
             self.training_images is None or whole(self.training_images, 1)),
        ))

    @ignored(IN_SMALL)
    def rehearsal(self) -> Rehearsal:
        """Hold fewer images out, and train on fewer."""
        return Rehearsal(smaller(
            self, held_out=data.VALIDATION_SIZE, training_images=200
        ))

    @property
    def scored_images(self) -> int:
        """How many of the training images are held out of it."""
        return 0 if self.whole_training_set else self.held_out


def load(split: Split, seed: int) -> data.Mnist:
    """Load the parts; `validation` is None with the whole training set."""
    mnist = data.load_mnist(split.scored_images)
    if split.training_images is None:
        return mnist
    train = mnist.train
    chosen = data.validation_mask(train.labels, split.training_images, seed)
    return data.Mnist(
        data.Part(train.images[chosen], train.labels[chosen]),
        mnist.validation, mnist.test,
    )


# The 5,000 images on which choices are made.
HELD_OUT = Split()

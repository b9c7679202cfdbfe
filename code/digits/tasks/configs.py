"""How a classifier is trained: a config put together of four small ones."""

from dataclasses import dataclass

from digits.augmentation.configs import Augmentation
from digits.checks import refuse_unless, whole
from digits.networks.network import Network
from digits.tasks.rehearsal import IN_SMALL, rehearsed
from digits.tasks.schedule import NOTEBOOK, Schedule
from digits.tasks.split import HELD_OUT, Split
from digits.tasks.training import STEPS_PER_EXECUTION
from larder import Rehearsal, ignored, smaller


@dataclass(frozen=True)
class Training:
    """What is trained, on images varied how, by which steps, on which images.

    The network's weights are stored with `keep_weights`, for later runs. Out
    of range, a field raises `ValueError`.
    """

    network: Network
    augmentation: Augmentation | None = None
    schedule: Schedule = NOTEBOOK
    split: Split = HELD_OUT
    seed: int = 0
    keep_weights: bool = False

    def __post_init__(self):
        """Refuse values out of range."""
        refuse_unless(self, (
            ("network", "a config that can build itself",
             hasattr(self.network, "build")),
            ("augmentation", "None, or a config that gives layers",
             self.augmentation is None or hasattr(self.augmentation, "layers")),
            ("schedule", "a Schedule", isinstance(self.schedule, Schedule)),
            ("split", "a Split", isinstance(self.split, Split)),
            ("seed", "a whole number below 2**32",
             whole(self.seed, 0) and self.seed < 2**32),
        ))
        stops = self.schedule.early_stopping_patience is not None
        refuse_unless(self, [
            ("schedule", "one without early stopping but where images are "
             "held out", not (stops and self.split.whole_training_set)),
        ])

    @property
    def layers(self) -> list:
        """Make the layers that vary images, from Keras's seed."""
        return self.augmentation.layers() if self.augmentation else []

    @ignored(IN_SMALL)
    def rehearsal(self) -> Rehearsal:
        """Train with fewer images, for fewer epochs."""
        config = smaller(self)
        # What the notebook does is quick: more steps than run between two
        # looks at Python, and the last is not full.
        images = (
            (STEPS_PER_EXECUTION + 1) * self.schedule.batch_size + 20
            if self.schedule.order == "keras" else 300
        )
        return rehearsed(config, images + config.split.scored_images)

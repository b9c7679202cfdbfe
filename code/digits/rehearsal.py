"""What a rehearsal is: a run in small, through the same code.

A run's rehearsal tells whether other code gives the same result, in seconds
instead of minutes. So it must take every branch that the run takes: what is
switched on stays on, and only sizes shrink. Each config class says how, in its
method `rehearsal`; see `confirm`.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any

# Two batches of `training.EVALUATION_BATCH`, the second not full.
TEST = 1_050
# For what looks at one batch of them in the full run, too.
FEW = 150

# Why no rehearsal is part of a fingerprint.
IN_SMALL = "a rehearsal is no part of what it rehearses"


@dataclass(frozen=True)
class Rehearsal:
    """A small config of the same type, and how many images it gets to see.

    Those are the first `train` training and the first `test` test images; of
    those held out, as many as of these. What the run needs is rehearsed with
    as many test images.
    """

    config: Any
    train: int = 5_600  # 600 when those that `data` holds out are taken off
    test: int = TEST


def smaller(config: Any, **limits: int) -> Any:
    """Give a config with each of these fields at most as large as said.

    A field that is None stays so. One that holds a config is rehearsed too.
    """
    inner = {
        name: value.rehearsal().config
        for name, value in vars(config).items() if hasattr(value, "rehearsal")
    }
    return dataclasses.replace(config, **inner, **{
        name: min(getattr(config, name), limit)
        for name, limit in limits.items() if getattr(config, name) is not None
    })

"""How runs are rehearsed here: with how many images."""

from typing import Any

from larder import Rehearsal

# Two batches of `scoring.EVALUATION_BATCH`, the second not full.
TEST = 1_050
# For what looks at one batch of them in the full run, too.
FEW = 150

# Why no rehearsal is part of a fingerprint.
IN_SMALL = "a rehearsal is no part of what it rehearses"


def rehearsed(
    config: Any, train: int = 5_600, test: int = TEST
) -> Rehearsal:
    """Rehearse with a config and the first training and test images.

    What the run needs is rehearsed with as many test images. If nothing is
    said of the training images, 600 are left when 5,000 are held out.
    """
    return Rehearsal(config, {"train": train, "test": test}, {"test": test})

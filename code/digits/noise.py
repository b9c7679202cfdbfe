"""The noise of Question 4: salt and pepper."""

import numpy as np

# At which curves against the noise level are measured.
NOISE_LEVELS = tuple(level / 20 for level in range(21))


def salt_and_pepper(
    images: np.ndarray, noise_level: float | np.ndarray, seed: int
) -> np.ndarray:
    """Season images: each pixel survives with probability 1 - noise_level.

    A pixel that does not survive becomes 0 or 1, evenly. `images` are floats
    in [0, 1] of any shape and are not changed; the result has their shape and
    type and depends on nothing but the arguments. `noise_level` is one number
    or an array that broadcasts to the images, for a level of each image's own.
    Raises `ValueError` unless 0 <= noise_level <= 1. Source: the course
    notebook.
    """
    if not np.all((np.asarray(noise_level) >= 0)
                  & (np.asarray(noise_level) <= 1)):
        raise ValueError(
            f"noise_level is {noise_level}: it is a probability, from 0 to 1"
        )
    draw = np.random.default_rng(seed).random(images.shape, dtype=np.float32)
    # One uniform draw a pixel: below half the level it turns black, below
    # the level white.
    seasoned = np.where(draw < noise_level / 2, 0, 1).astype(images.dtype)
    return np.where(draw < noise_level, seasoned, images)

"""How training images are varied at random: frozen configs.

Each gives the Keras layers that come before a network while it is trained;
they are no part of it. Keras is imported inside functions.
"""

import math
from dataclasses import dataclass
from typing import Protocol

from digits.checks import refuse_unless, whole


class Augmentation(Protocol):
    """A frozen dataclass that says how images are varied."""

    def layers(self) -> list:
        """Give the layers that do it, seeded by Keras's global seed."""


@dataclass(frozen=True)
class Translation:
    """Moves images by up to `shift` pixels each way; black comes in."""

    shift: int = 1

    def __post_init__(self):
        """Refuse values out of range."""
        refuse_unless(self, [
            ("shift", "a whole number of pixels from 1, below 28",
             whole(self.shift, 1) and self.shift < 28),
        ])

    def layers(self) -> list:
        """Give Keras's own layer."""
        from keras.layers import RandomTranslation

        share = self.shift / 28
        return [RandomTranslation(share, share, fill_mode="constant")]


@dataclass(frozen=True)
class Affine:
    """Turns, shears, scales and moves images, and seasons them.

    By up to `rotation` degrees, `shear`, the share `zoom` and `shift` pixels,
    as `layers.RandomAffine` does, and then with salt and pepper at levels up
    to `noise`. Out of range, a field raises `ValueError`.
    """

    rotation: float = 0.0
    shear: float = 0.0
    zoom: float = 0.0
    shift: float = 0.0
    noise: float = 0.0

    def __post_init__(self):
        """Refuse values out of range."""
        refuse_unless(self, (
            ("rotation", "from 0 to 180 degrees", 0 <= self.rotation <= 180),
            ("shear", "in [0, 1)", 0 <= self.shear < 1),
            ("zoom", "in [0, 1)", 0 <= self.zoom < 1),
            ("shift", "from 0 to 28 pixels", 0 <= self.shift <= 28),
            ("noise", "in [0, 1]", 0 <= self.noise <= 1),
        ))

    @property
    def limits(self) -> dict[str, float]:
        """The limits of the affine map."""
        return {"rotation": self.rotation, "shear": self.shear,
                "zoom": self.zoom, "shift": self.shift}

    def layers(self) -> list:
        """Give a layer for the affine map, and one for noise if there is."""
        from digits.augmentation.layers import RandomAffine

        return [RandomAffine(**self.limits), *self._seasoning()]

    def _seasoning(self) -> list:
        from digits.augmentation.layers import SaltAndPepper

        return [SaltAndPepper(self.noise)] if self.noise else []


@dataclass(frozen=True)
class Warp(Affine):
    """Bends images too, and raises their contrast, before it seasons them.

    With a standard deviation of `bend` pixels, and by a factor of up to
    `contrast`, as `layers.RandomWarp` does.
    """

    bend: float = 0.0
    contrast: float = 1.0

    def __post_init__(self):
        """Refuse values out of range."""
        super().__post_init__()
        refuse_unless(self, (
            ("bend", "pixels, at least 0", 0 <= self.bend < math.inf),
            ("contrast", "a factor from 1", 1 <= self.contrast < math.inf),
        ))

    def layers(self) -> list:
        """Give a layer for all in one interpolation, and one for noise."""
        from digits.augmentation.layers import RandomWarp

        return [RandomWarp(self.bend, self.contrast, **self.limits),
                *self._seasoning()]

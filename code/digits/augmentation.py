"""Random changes of training images that leave them the digits they are."""

import keras
from keras import ops


class RandomAffine(keras.layers.Layer):
    """Turns, shears, scales and shifts images at random, while training.

    Takes and gives images of shape (n, height, width, channels). Each image
    gets its own map about its centre, drawn evenly: by up to `rotation`
    degrees, `shear` (shift of a row for each row of distance), `zoom` (as a
    share of the size) and `shift` pixels. All in one bilinear interpolation,
    where a chain of Keras's own layers would blur the image once for each;
    what comes in from outside is black.
    """

    def __init__(self, rotation=0.0, shear=0.0, zoom=0.0, shift=0.0, **options):
        """Draw from a generator that is seeded by Keras's global seed."""
        super().__init__(**options)
        self.rotation, self.shear = rotation * 3.141592653589793 / 180, shear
        self.zoom, self.shift = zoom, shift
        self.generator = keras.random.SeedGenerator()

    def call(self, images, training=False):
        """Change the images in training; give them back as they are else."""
        if not training:
            return images
        count, height, width, _ = ops.shape(images)

        def draw(limit):
            return keras.random.uniform(
                (count,), -limit, limit, seed=self.generator
            )

        angle, shear, scale = draw(self.rotation), draw(self.shear), 1.0 + draw(
            self.zoom
        )
        # From a place in the new image to its place in the old one.
        a, b = ops.cos(angle), ops.sin(angle)
        x_by_x, x_by_y = scale * a, scale * (shear * a - b)
        y_by_x, y_by_y = scale * b, scale * (shear * b + a)
        x, y = (width - 1) / 2, (height - 1) / 2
        zero = ops.zeros_like(angle)
        maps = ops.stack([
            x_by_x, x_by_y, x - x_by_x * x - x_by_y * y + draw(self.shift),
            y_by_x, y_by_y, y - y_by_x * x - y_by_y * y + draw(self.shift),
            zero, zero,
        ], axis=1)
        return ops.image.affine_transform(images, maps, fill_mode="constant")


class SaltAndPepper(keras.layers.Layer):
    """Seasons images while training, each at a level of its own.

    Takes and gives images of shape (n, height, width, channels). Levels are
    drawn evenly from 0 to `largest_level`; the noise is that of
    `noise.salt_and_pepper`, drawn anew each time.
    """

    def __init__(self, largest_level: float, **options):
        """Draw from a generator that is seeded by Keras's global seed."""
        super().__init__(**options)
        self.largest_level = largest_level
        self.generator = keras.random.SeedGenerator()

    def call(self, images, training=False):
        """Season the images in training; give them back as they are else."""
        if not training:
            return images
        count = ops.shape(images)[0]
        level = keras.random.uniform(
            (count, 1, 1, 1), 0, self.largest_level, seed=self.generator
        )
        draw = keras.random.uniform(ops.shape(images), seed=self.generator)
        seasoned = ops.where(draw < level / 2, 0.0, 1.0)
        return ops.where(draw < level, seasoned, images)

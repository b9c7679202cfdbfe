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


class RandomWarp(RandomAffine):
    """Bends images too, and keeps them sharp, in one interpolation.

    Takes and gives images of shape (n, height, width, 1). After the map of
    `RandomAffine`, each image gets a smooth field of displacements of its own:
    at 5x5 places spread over it, both coordinates are drawn from a normal
    distribution with a standard deviation of `bend` pixels, and interpolated
    between them by cubics; after Simard et al. (2003), who smooth the noise of
    all pixels instead. Interpolation blurs, and no image is blurred that is
    only classified; so each image's contrast is then multiplied about the
    middle grey by a factor drawn evenly from 1 to `contrast`, and cut off at 0
    and 1, which makes strokes sharp again, and their edges vary.
    """

    PLACES = 5

    def __init__(self, bend=0.0, contrast=1.0, **limits):
        """Take the limits of `RandomAffine`, and draw as it does."""
        super().__init__(**limits)
        self.bend, self.contrast = bend, contrast

    def call(self, images, training=False):
        """Change the images in training; give them back as they are else."""
        if not training:
            return images
        count, height, width, _ = ops.shape(images)

        def draw(low, high):
            return keras.random.uniform(
                (count, 1, 1), low, high, seed=self.generator
            )

        field = keras.random.normal(
            (count, self.PLACES, self.PLACES, 2), stddev=self.bend,
            seed=self.generator,
        )
        field = ops.image.resize(field, (height, width), "bicubic")
        middle_row, middle_column = (height - 1) / 2, (width - 1) / 2
        y = ops.arange(height, dtype="float32")[:, None] - middle_row
        x = ops.arange(width, dtype="float32") - middle_column
        y, x = y + field[..., 0], x + field[..., 1]
        angle = draw(-self.rotation, self.rotation)
        x = x + draw(-self.shear, self.shear) * y
        scale = 1.0 + draw(-self.zoom, self.zoom)
        a, b = scale * ops.cos(angle), scale * ops.sin(angle)
        warped = _look_up(
            images,
            b * x + a * y + middle_row + draw(-self.shift, self.shift),
            a * x - b * y + middle_column + draw(-self.shift, self.shift),
        )
        factor = draw(1.0, self.contrast)[..., None]
        return ops.clip(factor * (warped - 0.5) + 0.5, 0.0, 1.0)


def _look_up(images, rows, columns):
    """Interpolate images of shape (n, h, w, 1) at places of shape (n, h, w).

    `ops.image.map_coordinates` does the same, and took four times as long.
    """
    _, height, width, _ = images.shape
    margin = ((0, 0), (1, 1), (1, 1), (0, 0))
    stride = width + 2
    pixels = ops.reshape(ops.pad(images, margin), (-1, (height + 2) * stride))
    rows = ops.clip(rows + 1, 0, height + 1)
    columns = ops.clip(columns + 1, 0, width + 1)
    # At the far margin too there is to be a next pixel.
    top = ops.minimum(ops.floor(rows), height)
    left = ops.minimum(ops.floor(columns), width)
    found = 0
    for row, column in ((top, left), (top, left + 1),
                        (top + 1, left), (top + 1, left + 1)):
        weights = (1 - ops.abs(rows - row)) * (1 - ops.abs(columns - column))
        places = ops.cast(row * stride + column, "int32")
        values = ops.take_along_axis(
            pixels, ops.reshape(places, (-1, height * width)), axis=1
        )
        found += weights * ops.reshape(values, (-1, height, width))
    return found[..., None]

"""Random changes of training images: affine, noise, warping."""

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from digits.tasks import training


@pytest.fixture(scope="module")
def random_affine():
    training.start(0)
    from digits.augmentation.layers import RandomAffine

    return RandomAffine


def spots(count: int, row: int = 13, column: int = 13) -> np.ndarray:
    """Make images with a spot of 3x3 pixels around a place."""
    images = np.zeros((count, 28, 28, 1), np.float32)
    images[:, row - 1 : row + 2, column - 1 : column + 2] = 1
    return images


def centres(images) -> np.ndarray:
    """Give each image's centre of mass: row and column."""
    images = np.asarray(images)[..., 0]
    mass = images.sum(axis=(1, 2))
    rows, columns = np.mgrid[:28, :28]
    return np.stack([(images * rows).sum((1, 2)) / mass,
                     (images * columns).sum((1, 2)) / mass], axis=1)


def test_only_training_changes_images(random_affine):
    layer = random_affine(rotation=20, shear=0.2, zoom=0.2, shift=3)
    images = spots(8)
    np.testing.assert_array_equal(layer(images), images)
    assert not np.array_equal(layer(images, training=True), images)


def test_without_limits_nothing_changes(random_affine):
    images = np.random.default_rng(0).random((4, 28, 28, 1), np.float32)
    found = random_affine()(images, training=True)
    np.testing.assert_allclose(found, images, atol=1e-5)


def test_shifts_reach_their_limit_and_no_further(random_affine):
    found = centres(random_affine(shift=3)(spots(500), training=True)) - 13
    assert np.abs(found).max() <= 3.01
    assert found.max() > 2.8
    assert found.min() < -2.8
    assert np.abs(found.mean(axis=0)).max() < 0.3


def test_rotations_turn_about_the_centre(random_affine):
    """A spot 8.5 columns right of the centre stays as far from it."""
    found = centres(
        random_affine(rotation=30)(spots(500, 13, 22), training=True)
    ) - 13.5
    radii = np.hypot(*found.T)
    np.testing.assert_allclose(radii, np.hypot(0.5, 8.5), atol=0.1)
    angles = np.degrees(np.arctan2(found[:, 0], found[:, 1]))
    angles -= np.degrees(np.arctan2(-0.5, 8.5))
    assert np.abs(angles).max() <= 30.5
    assert angles.max() > 28
    assert angles.min() < -28


def test_zoom_moves_along_the_radius(random_affine):
    found = centres(
        random_affine(zoom=0.2)(spots(500, 13, 22), training=True)
    ) - 13.5
    assert np.abs(found[:, 0] + 0.5).max() < 0.2
    assert 8.5 / 1.2 - 0.1 <= found[:, 1].min() < 7.3
    assert 10.2 < found[:, 1].max() <= 8.5 / 0.8 + 0.1


def test_each_image_is_changed_in_its_own_way(random_affine):
    found = centres(random_affine(shift=3)(spots(50), training=True))
    assert len(np.unique(found.round(3), axis=0)) == 50


def test_the_seed_decides(random_affine):
    import keras

    found = []
    for seed in (1, 1, 2):
        keras.utils.set_random_seed(seed)
        layer = random_affine(rotation=20, shift=2)
        found.append(np.asarray(layer(spots(5), training=True)))
    np.testing.assert_array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


# Noise.


@pytest.fixture(scope="module")
def salt_and_pepper():
    training.start(0)
    from digits.augmentation.layers import SaltAndPepper

    return SaltAndPepper


def test_noise_is_of_training_only(salt_and_pepper):
    images = spots(4)
    layer = salt_and_pepper(0.5)
    np.testing.assert_array_equal(layer(images), images)
    assert not np.array_equal(layer(images, training=True), images)


def test_levels_reach_from_0_to_the_largest(salt_and_pepper):
    images = np.full((500, 28, 28, 1), 0.5, np.float32)
    found = np.asarray(salt_and_pepper(0.6)(images, training=True))
    assert set(np.unique(found)) == {0.0, 0.5, 1.0}
    shares = (found != 0.5).mean(axis=(1, 2, 3))
    assert shares.min() < 0.03
    assert 0.56 < shares.max() < 0.67
    assert abs(shares.mean() - 0.3) < 0.03
    assert abs((found == 0).mean() - (found == 1).mean()) < 0.01


# Bending and contrast.


@pytest.fixture(scope="module")
def random_warp():
    training.start(0)
    from digits.augmentation.layers import RandomWarp

    return RandomWarp


def test_warping_is_of_training_only(random_warp):
    images = spots(4)
    layer = random_warp(1.0, 2.0, rotation=10)
    np.testing.assert_array_equal(layer(images), images)
    assert not np.array_equal(layer(images, training=True), images)


def test_unbent_and_without_limits_nothing_changes(random_warp):
    images = np.random.default_rng(0).random((4, 28, 28, 1), np.float32)
    found = random_warp()(images, training=True)
    np.testing.assert_allclose(found, images, atol=1e-6)


def test_pixels_are_those_that_scipy_finds(random_warp):
    """The same field of displacements, looked up by another library."""
    import keras

    images = np.random.default_rng(0).random((3, 28, 28, 1), np.float32)
    keras.utils.set_random_seed(5)
    found = np.asarray(random_warp(4.0)(images, training=True))
    keras.utils.set_random_seed(5)
    field = keras.random.normal(
        (3, 5, 5, 2), stddev=4.0, seed=random_warp(4.0).generator
    )
    field = np.asarray(keras.ops.image.resize(field, (28, 28), "bicubic"))
    margin = 20  # more than any displacement here
    rows, columns = np.mgrid[:28, :28] + margin
    for image, bent, (down, right) in zip(
        images, found, np.moveaxis(field, -1, 1), strict=True
    ):
        expected = map_coordinates(
            np.pad(image[..., 0], margin), (rows + down, columns + right),
            order=1,
        )
        np.testing.assert_allclose(bent[..., 0], expected, atol=1e-5)


def test_unbent_it_maps_as_random_affine_does(random_warp, random_affine):
    """Where a spot may come to lie, by the same limits: the same places."""
    limits = {"rotation": 25, "shear": 0.3, "zoom": 0.2, "shift": 2}
    images = spots(4_000, 8, 20)
    one = centres(random_warp(**limits)(images, training=True))
    other = centres(random_affine(**limits)(images, training=True))
    np.testing.assert_allclose(one.mean(0), other.mean(0), atol=0.15)
    np.testing.assert_allclose(np.cov(one.T), np.cov(other.T), atol=0.25)
    for end in (np.min, np.max):
        np.testing.assert_allclose(end(one, 0), end(other, 0), atol=0.6)


def test_each_image_is_bent_in_its_own_way_and_places_apart_differ(
    random_warp
):
    keras_layer = random_warp(1.5)
    upper = centres(keras_layer(spots(300, 7, 7), training=True)) - 7
    assert len(np.unique(upper.round(3), axis=0)) == 300
    assert 0.8 < upper.std() < 2
    images = spots(300, 7, 7) + spots(300, 20, 20)
    found = np.asarray(keras_layer(images, training=True))
    one = centres(found[:, :14, :14].repeat(2, 1).repeat(2, 2))
    other = centres(found[:, 14:, 14:].repeat(2, 1).repeat(2, 2))
    assert abs(np.corrcoef(one[:, 0], other[:, 0])[0, 1]) < 0.3


def test_contrast_is_raised_about_the_middle_grey(random_warp):
    """Each image by its own factor, from 1 to the one given."""
    images = np.full((500, 28, 28, 1), 0.6, np.float32)
    images[:, 5:8] = 0.95
    images[:, 10:13] = 0.5
    found = np.asarray(random_warp(contrast=3.0)(images, training=True))
    factors = (found[:, 20, 20, 0] - 0.5) / 0.1
    assert 1 <= factors.min() < 1.05
    assert 2.95 < factors.max() <= 3.001
    np.testing.assert_allclose(found[:, 11, 11], 0.5, atol=1e-6)
    np.testing.assert_allclose(
        found[:, 6, 6, 0], np.minimum(1, 0.5 + factors * 0.45), atol=1e-5
    )

"""Random affine changes of images."""

import numpy as np
import pytest

from digits import training


@pytest.fixture(scope="module")
def random_affine():
    training.start(0)
    from digits.augmentation import RandomAffine

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
    from digits.augmentation import SaltAndPepper

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

"""Salt and pepper."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as stn

from digits.noise import salt_and_pepper

images = stn.arrays(
    st.sampled_from([np.float32, np.float64]),
    stn.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6),
    elements=st.floats(0, 1, width=32),
)
levels = st.floats(0, 1)
seeds = st.integers(0, 2**32 - 1)


@given(images, levels, seeds)
def test_the_images_given_stay_as_they_are(images, level, seed):
    before = images.copy()
    salt_and_pepper(images, level, seed)
    np.testing.assert_array_equal(images, before)


@given(images, levels, seeds)
def test_only_the_arguments_decide(images, level, seed):
    first = salt_and_pepper(images, level, seed)
    np.random.seed(seed % 1000)
    np.random.random(3)
    second = salt_and_pepper(images, level, seed)
    assert first.tobytes() == second.tobytes()


@given(images, levels, seeds)
def test_shape_type_and_values_are_those_of_images(images, level, seed):
    noisy = salt_and_pepper(images, level, seed)
    assert noisy.shape == images.shape
    assert noisy.dtype == images.dtype
    assert ((noisy == images) | (noisy == 0) | (noisy == 1)).all()


@given(images, seeds)
def test_level_0_changes_nothing(images, seed):
    np.testing.assert_array_equal(salt_and_pepper(images, 0, seed), images)


@given(images, seeds)
def test_level_1_leaves_only_black_and_white(images, seed):
    assert np.isin(salt_and_pepper(images, 1, seed), [0, 1]).all()


@pytest.mark.parametrize("level", [0.1, 0.25, 0.5, 0.9, 1.0])
def test_survivors_black_and_white_have_their_shares(level):
    count = 100_000
    noisy = salt_and_pepper(np.full((count,), 0.5, np.float32), level, seed=1)
    for value, share in ((0.5, 1 - level), (0, level / 2), (1, level / 2)):
        # Five standard deviations of a binomial share.
        allowed = 5 * np.sqrt(share * (1 - share) / count)
        assert abs(np.mean(noisy == value) - share) <= allowed


def test_another_seed_gives_other_noise():
    images = np.full((100,), 0.5)
    one, two = (salt_and_pepper(images, 0.5, seed) for seed in (1, 2))
    assert (one != two).any()


@given(
    st.floats().filter(lambda level: not 0 <= level <= 1),
)
def test_a_level_that_is_no_probability_is_refused(level):
    with pytest.raises(ValueError, match=r"noise_level is .* 0 to 1"):
        salt_and_pepper(np.zeros((2, 2)), level, 0)


@given(stn.arrays(np.float64, 5, elements=st.floats(0, 1)), seeds)
def test_each_image_may_have_a_level_of_its_own(own, seed):
    images = np.full((5, 4, 4), 0.5)
    noisy = salt_and_pepper(images, own[:, None, None], seed)
    for number, level in enumerate(own):
        alone = salt_and_pepper(images, level, seed)[number]
        np.testing.assert_array_equal(noisy[number], alone)


def test_one_level_of_many_that_is_no_probability_is_refused():
    with pytest.raises(ValueError, match=r"0 to 1"):
        salt_and_pepper(np.zeros((2, 2)), np.array([[0.5], [1.5]]), 0)

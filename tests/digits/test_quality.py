"""PSNR, SSIM, and how they are measured for a denoiser."""

import numpy as np
import pytest

import toy_tasks
from digits import data
from digits.networks.autoencoders import DenseAutoencoder
from digits.noise import NOISE_LEVELS, salt_and_pepper
from digits.tasks import denoiser, scoring, trained
from digits.tasks.denoiser import DenoiserTraining
from digits.tasks.evaluation import quality
from digits.tasks.evaluation.quality import (
    QualityConfig,
    peak_signal_to_noise,
    structural_similarity,
)
from larder import varied

IMAGES = np.random.default_rng(0).random((4, 28, 28, 1))


def ssim_by_definition(one, other):
    """Follow the definition: local moments, weighted by a Gaussian of 11x11."""
    from scipy.ndimage import correlate

    steps = np.arange(-5, 6)
    line = np.exp(-(steps**2) / (2 * 1.5**2))
    window = np.outer(line, line) / line.sum() ** 2

    def mean(image):
        return correlate(image, window, mode="reflect")

    mean_1, mean_2 = mean(one), mean(other)
    variance_1 = mean(one * one) - mean_1**2
    variance_2 = mean(other * other) - mean_2**2
    covariance = mean(one * other) - mean_1 * mean_2
    c1, c2 = 0.01**2, 0.03**2
    found = (
        (2 * mean_1 * mean_2 + c1) * (2 * covariance + c2)
        / (mean_1**2 + mean_2**2 + c1)
        / (variance_1 + variance_2 + c2)
    )
    return found[5:-5, 5:-5].mean()


@pytest.mark.parametrize(("offset", "expected"), [(0.1, 20), (0.01, 40)])
def test_psnr_of_a_constant_difference(offset, expected):
    found = peak_signal_to_noise(IMAGES + offset, IMAGES)
    assert found == pytest.approx(expected)


def test_psnr_of_equal_images_is_infinite():
    assert peak_signal_to_noise(IMAGES, IMAGES) == np.inf


def test_ssim_is_that_of_the_definition():
    noisy = salt_and_pepper(IMAGES, 0.3, 1)
    expected = np.mean([
        ssim_by_definition(one[..., 0], other[..., 0])
        for one, other in zip(noisy, IMAGES, strict=True)
    ])
    assert structural_similarity(noisy, IMAGES) == pytest.approx(expected)


def test_ssim_of_equal_images_is_one_and_falls_with_noise():
    assert structural_similarity(IMAGES, IMAGES) == pytest.approx(1)
    found = [
        structural_similarity(salt_and_pepper(IMAGES, level, 1), IMAGES)
        for level in (0, 0.2, 0.5, 1)
    ]
    assert found == sorted(found, reverse=True)


def test_the_curves_are_those_of_the_denoiser(monkeypatch):
    arrays = toy_tasks.fake_arrays(train=5_100)
    monkeypatch.setattr(data, "read_arrays", lambda: arrays)
    config = varied(DenoiserTraining(DenseAutoencoder()), epochs=1)
    result = denoiser.train_denoiser(config)
    scored = quality.score_quality(
        QualityConfig(config, images=6, noise_seed=2), result
    )
    found = scored.table
    assert found["noise_level"] == list(NOISE_LEVELS)
    assert found["psnr_seasoned"][0] is None
    assert found["ssim_seasoned"][0] == pytest.approx(1)
    clean = data.scale(arrays["x_test"][:6])
    seasoned = salt_and_pepper(clean, 0.5, 2)
    model = trained.restore(config.network, result.weights)
    denoised = scoring.outputs(model, seasoned)
    for name, images in (("seasoned", seasoned), ("denoised", denoised)):
        assert found[f"psnr_{name}"][10] == peak_signal_to_noise(images, clean)
        assert found[f"ssim_{name}"][10] == (
            structural_similarity(images, clean)
        )
    mean = data.scale(arrays["x_train"]).mean(axis=0)
    assert scored.metrics["psnr_mean"] == pytest.approx(
        peak_signal_to_noise(np.stack([mean] * 6), clean)
    )
    assert 0 < scored.metrics["ssim_mean"] < 1

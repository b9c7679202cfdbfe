"""How close a seasoned or denoised image is to the clean one."""

from dataclasses import dataclass

import numpy as np

from digits import data
from digits.noise import NOISE_LEVELS, salt_and_pepper
from digits.tasks.denoiser import DenoiserTraining
from digits.tasks.rehearsal import FEW, IN_SMALL, rehearsed
from digits.tasks.scoring import outputs
from digits.tasks.trained import restore
from digits.tasks.training import start
from larder import NOWHERE, Context, Rehearsal, Result, ignored, smaller


def peak_signal_to_noise(images: np.ndarray, clean: np.ndarray) -> float:
    """Give the PSNR of images with values in [0, 1], in decibels.

    Of the mean squared error over all of them; infinite if they are equal.
    """
    error = np.mean((images.astype(np.float64) - clean) ** 2)
    with np.errstate(divide="ignore"):
        return float(-10 * np.log10(error))


def structural_similarity(images: np.ndarray, clean: np.ndarray) -> float:
    """Give the mean SSIM of images (n, h, w, 1) with values in [0, 1].

    With Gaussian windows and the constants of Wang et al. (2004), IEEE
    Transactions on Image Processing 13, 600-612; 1 if they are equal.
    """
    from skimage.metrics import structural_similarity as similarity

    return float(np.mean([
        similarity(
            one[..., 0], other[..., 0], data_range=1, gaussian_weights=True,
            sigma=1.5, use_sample_covariance=False,
        )
        for one, other in zip(images, clean, strict=True)
    ]))


@dataclass(frozen=True)
class QualityConfig:
    """The denoiser, and how many test images are seasoned with which seed."""

    denoiser: DenoiserTraining
    images: int = 1_000
    noise_seed: int = 0

    @ignored(IN_SMALL)
    def rehearsal(self) -> Rehearsal:
        """Compare fewer images than there are."""
        return rehearsed(smaller(self, images=40), test=FEW)


def score_quality(
    config: QualityConfig, trained: Result, context: Context = NOWHERE
) -> Result:
    """Compare seasoned and denoised test images with the clean ones.

    Metrics: `psnr_mean` and `ssim_mean` of the mean training image, which
    knows nothing of the image it is compared with. Table, a row a noise level:
    `noise_level`, and PSNR in decibels and SSIM as `psnr_seasoned`,
    `psnr_denoised`, `ssim_seasoned` and `ssim_denoised`; a PSNR is None where
    nothing differs.
    """
    start(0)
    model = restore(config.denoiser.network, trained.weights)
    mnist = data.load_mnist()
    clean = mnist.test.images[: config.images]
    mean = np.broadcast_to(mnist.train.images.mean(axis=0), clean.shape)
    table = {"noise_level": list(NOISE_LEVELS)}
    for done, level in enumerate(NOISE_LEVELS, start=1):
        seasoned = salt_and_pepper(clean, level, config.noise_seed)
        for name, images in (
            ("seasoned", seasoned),
            ("denoised", outputs(model, seasoned)),
        ):
            psnr = peak_signal_to_noise(images, clean)
            table.setdefault(f"psnr_{name}", []).append(
                psnr if np.isfinite(psnr) else None
            )
            table.setdefault(f"ssim_{name}", []).append(
                structural_similarity(images, clean)
            )
        context.report(done, len(NOISE_LEVELS))
    return Result(
        metrics={
            "psnr_mean": peak_signal_to_noise(mean, clean),
            "ssim_mean": structural_similarity(mean, clean),
        },
        table=table,
    )

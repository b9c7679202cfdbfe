"""Codes of auto-encoders: how they are distributed, and draws like them.

A plain auto-encoder does not say how its codes are distributed. The ways here
fit a distribution to the codes of training images after training: ex-post
density estimation (Ghosh et al., 2020, From Variational to Deterministic
Autoencoders).
"""

from dataclasses import dataclass

import numpy as np

from digits import data
from digits.networks.autoencoders import decoder_of, encoder_of
from digits.tasks.denoiser import DenoiserTraining
from digits.tasks.rehearsal import FEW, IN_SMALL, rehearsed
from digits.tasks.scoring import as_bytes, outputs
from digits.tasks.trained import restore
from digits.tasks.training import start
from larder import Rehearsal, Result, ignored, smaller

# How codes are drawn.
SAMPLERS = ("normal", "independent", "gaussian", "mixtures")
COMPONENTS = 8


def sample_codes(
    way: str, codes: np.ndarray, labels: np.ndarray, count: int, seed: int
) -> tuple[np.ndarray, np.ndarray | None]:
    """Draw codes that resemble those of images.

    `codes` have shape (n, d) and are at least 0, `labels` (n,). The ways:
    "normal" draws from a standard normal, whatever the codes; "independent"
    takes each number from a code of its own; "gaussian" draws from one
    Gaussian fitted to all codes, "mixtures" from a mixture of Gaussians for
    each class, as often for each; these two are cut off at 0, where codes are.
    Returns float32 of shape (count, d), and for "mixtures" the classes.
    """
    generator = np.random.default_rng(seed)
    width = codes.shape[1]
    if way == "normal":
        return generator.standard_normal((count, width), np.float32), None
    if way == "independent":
        rows = generator.integers(len(codes), size=(count, width))
        return codes[rows, np.arange(width)], None
    if way == "gaussian":
        drawn = generator.multivariate_normal(
            codes.mean(axis=0), np.cov(codes, rowvar=False), count,
            method="eigh",
        )
        return drawn.clip(min=0).astype(np.float32), None
    if way != "mixtures":
        raise ValueError(f"way is {way!r}; allowed: {SAMPLERS}")
    asked = np.arange(count) % data.CLASSES
    drawn = np.empty((count, width), np.float32)
    for digit in range(data.CLASSES):
        places = asked == digit
        if places.any():
            drawn[places] = sample_class(
                codes[labels == digit], places.sum(), seed
            )
    return drawn, asked


def sample_class(codes: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Draw from a mixture of Gaussians fitted to one class's codes.

    `codes` have shape (n, d); returns float32 of shape (count, d), at least 0.
    """
    from sklearn.mixture import GaussianMixture

    mixture = GaussianMixture(
        min(COMPONENTS, len(codes)), reg_covar=1e-3, random_state=seed
    ).fit(codes)
    drawn, _ = mixture.sample(count)
    return drawn.clip(min=0).astype(np.float32)


@dataclass(frozen=True)
class CodesConfig:
    """The auto-encoder whose codes are looked at.

    Between the test images of each pair, `steps` images are interpolated,
    both ends included.
    """

    autoencoder: DenoiserTraining
    pairs: tuple[tuple[int, int], ...]
    steps: int = 9

    @ignored(IN_SMALL)
    def rehearsal(self) -> Rehearsal:
        """Describe the codes of fewer images."""
        return rehearsed(smaller(self), test=FEW)


def describe_codes(config: CodesConfig, trained: Result) -> Result:
    """Say how the codes of the training images are distributed.

    Metrics: `dead`, how many of the numbers are 0 for all images; `zeros`, the
    share of zeros in all codes; `correlation`, the mean size of the
    correlation of two numbers that are not dead. Table, a row for each number
    of the code: its `mean`, `deviation` and share of `zeros`. Arrays:
    `interpolated` uint8 (pairs, steps, 28, 28), decoded from codes on the
    line between those of two test images.
    """
    start(0)
    mnist = data.load_mnist()
    model = restore(config.autoencoder.network, trained.weights)
    encoder = encoder_of(model)
    codes = outputs(encoder, mnist.train.images)
    alive = codes[:, codes.any(axis=0)]
    correlations = np.corrcoef(alive, rowvar=False)
    apart = ~np.eye(alive.shape[1], dtype=bool)
    ends = outputs(
        encoder, mnist.test.images[np.array(config.pairs).ravel()]
    ).reshape(len(config.pairs), 2, 1, -1)
    share = np.linspace(0, 1, config.steps, dtype=np.float32)[:, np.newaxis]
    between = (1 - share) * ends[:, 0] + share * ends[:, 1]
    images = outputs(
        decoder_of(model), between.reshape(-1, codes.shape[1])
    )
    return Result(
        metrics={
            "dead": codes.shape[1] - alive.shape[1],
            "zeros": float((codes == 0).mean()),
            "correlation": float(np.abs(correlations[apart]).mean()),
        },
        table={
            "mean": codes.mean(axis=0).tolist(),
            "deviation": codes.std(axis=0, ddof=1).tolist(),
            "zeros": (codes == 0).mean(axis=0).tolist(),
        },
        arrays={
            "interpolated": as_bytes(images).reshape(
                *between.shape[:2], *images.shape[1:3]
            ),
        },
    )


def make_digits(
    config: DenoiserTraining, weights: bytes, digit: int, count: int, seed: int
) -> np.ndarray:
    """Make `count` pictures of a digit: float32 in [0, 1], (n, 28, 28, 1).

    From the mixture of Gaussians fitted to the codes of its training images.
    """
    train = data.load_mnist().train
    model = restore(config.network, weights)
    codes = outputs(
        encoder_of(model), train.images[train.labels == digit]
    )
    return outputs(
        decoder_of(model), sample_class(codes, count, seed)
    )

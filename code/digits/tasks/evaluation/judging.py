"""Digits made by the decoder, and how like real ones they are."""

from dataclasses import dataclass

import numpy as np

from digits import data
from digits.checks import refuse_unless, whole
from digits.networks.autoencoders import decoder_of, encoder_of
from digits.tasks.configs import Training
from digits.tasks.denoiser import DenoiserTraining
from digits.tasks.evaluation.codes import SAMPLERS, sample_codes
from digits.tasks.rehearsal import IN_SMALL, TEST, rehearsed
from digits.tasks.scoring import as_bytes, outputs
from digits.tasks.trained import restore
from digits.tasks.training import start
from larder import Rehearsal, Result, ignored, smaller

# Real digits, to compare with: as they are, and through the auto-encoder.
REFERENCES = ("real", "reconstructed")
EXAMPLES = 100  # images kept


@dataclass(frozen=True)
class JudgingConfig:
    """Which digits are made or taken, by what, and who judges them.

    `way` is one of `SAMPLERS` or `REFERENCES`. `count` digits are judged.
    """

    way: str
    autoencoder: DenoiserTraining
    judge: Training
    count: int = 10_000
    seed: int = 0

    def __post_init__(self):
        """Refuse values out of range."""
        ways = SAMPLERS + REFERENCES
        refuse_unless(self, [
            ("way", ways, self.way in ways),
            ("count", "a whole number from 1", whole(self.count, 1)),
        ])

    @ignored(IN_SMALL)
    def rehearsal(self) -> Rehearsal:
        """Judge fewer digits, made like fewer."""
        return rehearsed(smaller(self, count=TEST), train=TEST + 50)


def judge_digits(
    config: JudgingConfig, trained: Result, judge: Result
) -> Result:
    """Make digits, and measure how like real ones they are.

    Metrics, of all digits: mean `confidence` and `entropy` (nats) of the
    judge; the `frechet_distance` between its penultimate features of them and
    of the test images; the median distance to the `nearest` training image.
    Table, a row a class: `class`, the `share` that the judge gives it, and
    `as_asked`, the share of those made for the class that it agrees with (None
    where none was asked for). Array: `examples` uint8 (100, 28, 28), the first
    of them; those of "mixtures" are asked to be 0, 1, 2, … in turn.
    """
    start(config.seed)
    mnist = data.load_mnist()
    model = restore(config.autoencoder.network, trained.weights)
    network = restore(config.judge.network, judge.weights)
    images, asked = _digits(config, model, mnist.train)
    shares = outputs(network, images)
    found = shares.argmax(axis=1)
    logarithms = np.log(np.maximum(shares, np.finfo(np.float32).tiny))
    # Real digits are training images: each is its own nearest.
    compared = mnist.train.images
    if config.way == "real":
        compared = compared[config.count :]
    return Result(
        metrics={
            "confidence": float(shares.max(axis=1).mean()),
            "entropy": float(-(shares * logarithms).sum(axis=1).mean()),
            "frechet_distance": frechet_distance(
                _features(network, images),
                _features(network, mnist.test.images),
            ),
            "nearest": float(np.median(nearest_distances(images, compared))),
        },
        table={
            "class": list(range(data.CLASSES)),
            "share": [
                float((found == digit).mean()) for digit in range(data.CLASSES)
            ],
            "as_asked": [
                None if asked is None
                else float((found[asked == digit] == digit).mean())
                for digit in range(data.CLASSES)
            ],
        },
        arrays={
            "examples": as_bytes(images[:EXAMPLES]),
        },
    )


def _digits(config: JudgingConfig, model, train: data.Part):
    """Give `count` digits, and the classes asked for, if any were."""
    if config.way == "real":
        return train.images[: config.count], None
    if config.way == "reconstructed":
        return outputs(model, train.images[: config.count]), None
    codes = outputs(encoder_of(model), train.images)
    drawn, asked = sample_codes(
        config.way, codes, train.labels, config.count, config.seed
    )
    return outputs(decoder_of(model), drawn), asked


def _features(network, images: np.ndarray) -> np.ndarray:
    """Give what the last layer of a classifier gets, shape (n, d)."""
    import keras

    inner = keras.Model(network.input, network.get_layer("class").input)
    return outputs(inner, images)


def frechet_distance(one: np.ndarray, other: np.ndarray) -> float:
    """Give the Fréchet distance between Gaussians fitted to two samples.

    Of features (n, d) and (m, d): |difference of means|² + tr(A + B -
    2 (A B)^½) with covariances A and B. Source: Dowson and Landau (1982),
    Journal of Multivariate Analysis 12, 450-455; as a measure of generators,
    Heusel et al. (2017).
    """
    one, other = one.astype(np.float64), other.astype(np.float64)
    a, b = np.cov(one, rowvar=False), np.cov(other, rowvar=False)
    # tr (A B)^½ by the symmetric A^½ B A^½, which has the same eigenvalues.
    values, vectors = np.linalg.eigh(a)
    root = vectors * np.sqrt(values.clip(min=0)) @ vectors.T
    mixed = np.linalg.eigvalsh(root @ b @ root).clip(min=0)
    apart = one.mean(axis=0) - other.mean(axis=0)
    return float(
        apart @ apart + np.trace(a) + np.trace(b) - 2 * np.sqrt(mixed).sum()
    )


def nearest_distances(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Give each image's Euclidean distance to the nearest of `others`.

    `images` have shape (n, …) and `others` (m, …); the result (n,).
    """
    flat = others.reshape(len(others), -1)
    squares = np.einsum("ij,ij->i", flat, flat)
    found = []
    for batch in np.array_split(
        images.reshape(len(images), -1), -(-len(images) // 500)
    ):
        products = squares - 2 * batch @ flat.T
        nearest = flat[products.argmin(axis=1)]
        found.append(np.linalg.norm(batch - nearest, axis=1))
    return np.concatenate(found)

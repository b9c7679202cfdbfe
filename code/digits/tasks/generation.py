"""Digits made by the decoder, from codes drawn in several ways.

A plain auto-encoder does not say how its codes are distributed. The ways here
fit a distribution to the codes of training images after training: ex-post
density estimation (Ghosh et al., 2020, From Variational to Deterministic
Autoencoders).
"""

from dataclasses import dataclass

import numpy as np

from digits import data
from digits.tasks import denoiser, networks
from digits.tasks.checks import refuse_unless, whole
from digits.tasks.classifier import ClassifierConfig
from digits.tasks.denoiser import DenoiserConfig
from digits.tasks.rehearsal import FEW, IN_SMALL, TEST, rehearsed
from digits.tasks.training import DenseConfig, outputs, start
from larder import Rehearsal, Result, ignored, smaller

# How codes are drawn.
SAMPLERS = ("normal", "independent", "gaussian", "mixtures")
# Real digits, to compare with: as they are, and through the auto-encoder.
REFERENCES = ("real", "reconstructed")
COMPONENTS = 8
EXAMPLES = 100  # images kept


@dataclass(frozen=True)
class GenerationConfig:
    """Which digits are made or taken, by what, and who judges them.

    `way` is one of `SAMPLERS` or `REFERENCES`. `count` digits are judged.
    """

    way: str
    autoencoder: DenoiserConfig
    judge: DenseConfig | ClassifierConfig
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
    config: GenerationConfig, trained: Result, judge: Result
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
    mnist = data.load_mnist(whole=True)
    model = networks.restore(config.autoencoder, trained.weights)
    network = networks.restore(config.judge, judge.weights)
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
            "examples": np.uint8(np.round(255 * images[:EXAMPLES, ..., 0])),
        },
    )


def _digits(config: GenerationConfig, model, train: data.Part):
    """Give `count` digits, and the classes asked for, if any were."""
    if config.way == "real":
        return train.images[: config.count], None
    if config.way == "reconstructed":
        return outputs(model, train.images[: config.count]), None
    codes = outputs(denoiser.encoder_of(model), train.images)
    drawn, asked = sample_codes(
        config.way, codes, train.labels, config.count, config.seed
    )
    return outputs(denoiser.decoder_of(model), drawn), asked


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

    autoencoder: DenoiserConfig
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
    mnist = data.load_mnist(whole=True)
    model = networks.restore(config.autoencoder, trained.weights)
    encoder = denoiser.encoder_of(model)
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
        denoiser.decoder_of(model), between.reshape(-1, codes.shape[1])
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
            "interpolated": np.uint8(np.round(255 * images[..., 0])).reshape(
                *between.shape[:2], *images.shape[1:3]
            ),
        },
    )


def make_digits(
    config: DenoiserConfig, weights: bytes, digit: int, count: int, seed: int
) -> np.ndarray:
    """Make `count` pictures of a digit: float32 in [0, 1], (n, 28, 28, 1).

    From the mixture of Gaussians fitted to the codes of its training images.
    """
    train = data.load_mnist(whole=True).train
    model = networks.restore(config, weights)
    codes = outputs(
        denoiser.encoder_of(model), train.images[train.labels == digit]
    )
    return outputs(
        denoiser.decoder_of(model), sample_class(codes, count, seed)
    )


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

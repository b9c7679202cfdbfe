"""Training the denoising auto-encoders of Question 4."""

from dataclasses import dataclass

import numpy as np

from digits import data
from digits.checks import refuse_unless, whole
from digits.networks.network import Network
from digits.noise import salt_and_pepper
from digits.tasks.rehearsal import IN_SMALL, rehearsed
from digits.tasks.schedule import Schedule
from digits.tasks.trained import weights_of
from digits.tasks.training import evaluate, fit, start
from larder import NOWHERE, Context, Rehearsal, Result, ignored, smaller

NOTEBOOK = Schedule(
    epochs=32, batch_size=64, optimizer="adam", learning_rate=0.001
)


@dataclass(frozen=True)
class DenoiserTraining:
    """How a denoiser is trained; the defaults are the course notebook's.

    Images are seasoned once, before training, at level 0.4. With different
    `noise_levels` each image has a level of its own, drawn evenly between the
    two. Out of range, a field raises `ValueError`.
    """

    network: Network
    noise_levels: tuple[float, float] = (0.4, 0.4)
    schedule: Schedule = NOTEBOOK
    seed: int = 0

    def __post_init__(self):
        """Refuse values out of range."""
        low, high = self.noise_levels
        refuse_unless(self, (
            ("network", "a config that can build itself",
             hasattr(self.network, "build")),
            ("schedule", "a Schedule", isinstance(self.schedule, Schedule)),
            ("seed", "a whole number below 2**32",
             whole(self.seed, 0) and self.seed < 2**32),
            ("noise_levels", "two rising levels in [0, 1]",
             0 <= low <= high <= 1),
        ))

    @ignored(IN_SMALL)
    def rehearsal(self) -> Rehearsal:
        """Train for a few epochs."""
        return rehearsed(smaller(self), train=600)


def train_denoiser(
    config: DenoiserTraining, context: Context = NOWHERE
) -> Result:
    """Train a denoiser on seasoned images, with the clean ones as targets.

    On all 60,000 training images, with the seasoned test images as validation
    data, as the notebook does; nothing is chosen by them. Metrics: `loss` and
    `validation_loss` of the last epoch, mean binary cross-entropies a pixel,
    and `least_loss`, what remains if each pixel is predicted exactly. Table, a
    row an epoch: `loss`, `validation_loss`.
    """
    start(config.seed)
    mnist = data.load_mnist()
    clean, test = mnist.train.images, mnist.test.images
    seasoned = season(test, config.noise_levels, config.seed + 1)
    network = config.network.build()
    table = fit(
        network,
        [],
        (season(clean, config.noise_levels, config.seed), clean),
        config.schedule,
        config.seed,
        lambda trainer: {
            "validation_loss": evaluate(trainer, seasoned, test)["loss"]
        },
        context,
        loss="binary_crossentropy",
    )
    return Result(
        metrics={
            "loss": table["loss"][-1],
            "validation_loss": table["validation_loss"][-1],
            "least_loss": binary_entropy(test),
        },
        table=table,
        weights=weights_of(network),
    )


def season(
    images: np.ndarray, noise_levels: tuple[float, float], seed: int
) -> np.ndarray:
    """Season images of shape (n, 28, 28, 1), each between two levels."""
    low, high = noise_levels
    if low == high:
        return salt_and_pepper(images, low, seed)
    generator = np.random.default_rng((seed, 1))
    levels = generator.uniform(low, high, (len(images), 1, 1, 1))
    return salt_and_pepper(images, levels, seed)


def binary_entropy(values: np.ndarray) -> float:
    """Give the mean of -v ln v - (1 - v) ln(1 - v), in nats.

    It is the least mean binary cross-entropy that any prediction of these
    values can have: that of the values themselves. `values` lie in [0, 1].
    """
    values = np.asarray(values, dtype=np.float64)
    inner = values[(values > 0) & (values < 1)]
    sums = -inner * np.log(inner) - (1 - inner) * np.log(1 - inner)
    return float(sums.sum() / values.size)

"""Classifiers and denoisers that meet seasoned test images."""

from dataclasses import dataclass

import numpy as np

from digits import data
from digits.noise import NOISE_LEVELS, salt_and_pepper
from digits.tasks.configs import Training
from digits.tasks.denoiser import DenoiserTraining
from digits.tasks.rehearsal import FEW, IN_SMALL, rehearsed
from digits.tasks.scoring import as_bytes, outputs
from digits.tasks.trained import restore
from digits.tasks.training import start
from larder import NOWHERE, Context, Rehearsal, Result, ignored, smaller


@dataclass(frozen=True)
class NoiseConfig:
    """The classifier that meets seasoned test images, and who denoises them.

    Without a `denoiser` the images are classified as they are seasoned.
    """

    classifier: Training
    denoiser: DenoiserTraining | None = None
    noise_seed: int = 0

    @ignored(IN_SMALL)
    def rehearsal(self) -> Rehearsal:
        """Season fewer images, though more than are seen at once."""
        return rehearsed(smaller(self))


def score_noise(
    config: NoiseConfig, classifier: Result, denoiser: Result | None = None,
    context: Context = NOWHERE,
) -> Result:
    """Score a classifier on test images of each noise level.

    Gets the results of the classifier and, if there is one, of the denoiser.
    Table, a row a level: `noise_level`, `accuracy`. Array: `confusion`
    uint16 (levels, 10, 10), the number of images by label and prediction.
    """
    start(0)
    network = restore(config.classifier.network, classifier.weights)
    model = None
    if config.denoiser is not None:
        model = restore(config.denoiser.network, denoiser.weights)
    test = data.load_mnist().test
    confusion = np.zeros(
        (len(NOISE_LEVELS), data.CLASSES, data.CLASSES), np.uint16
    )
    for number, level in enumerate(NOISE_LEVELS):
        images = salt_and_pepper(test.images, level, config.noise_seed)
        if model is not None:
            images = outputs(model, images)
        found = outputs(network, images).argmax(axis=1)
        np.add.at(confusion[number], (test.labels, found), 1)
        context.report(number + 1, len(NOISE_LEVELS))
    right = confusion.trace(axis1=1, axis2=2) / len(test.labels)
    return Result(
        metrics={"accuracy_without_noise": float(right[0])},
        table={"noise_level": list(NOISE_LEVELS),
               "accuracy": right.tolist()},
        arrays={"confusion": confusion},
    )


@dataclass(frozen=True)
class ExamplesConfig:
    """Which test images are seasoned, denoised and classified, and by whom."""

    denoiser: DenoiserTraining
    classifier: Training
    images: tuple[int, ...]
    noise_levels: tuple[float, ...]
    noise_seed: int = 0

    @ignored(IN_SMALL)
    def rehearsal(self) -> Rehearsal:
        """Show the same images, of fewer."""
        return rehearsed(smaller(self), test=FEW)


def show_denoising(
    config: ExamplesConfig, denoiser: Result, classifier: Result
) -> Result:
    """Season, denoise and classify a few test images at each noise level.

    Arrays: `clean` uint8 (n, 28, 28), `labels` (n,), and, for "seasoned" and
    "denoised", uint8 images (levels, n, 28, 28) of that name, and
    `predictions_` and `confidences_` (levels, n) of that name.
    """
    start(0)
    model = restore(config.denoiser.network, denoiser.weights)
    network = restore(config.classifier.network, classifier.weights)
    test = data.load_mnist().test
    places = list(config.images)
    arrays = {
        "clean": as_bytes(test.images[places]),
        "labels": test.labels[places],
    }
    seasoned = np.stack([
        salt_and_pepper(test.images[places], level, config.noise_seed)
        for level in config.noise_levels
    ])
    shape = seasoned.shape
    denoised = outputs(model, seasoned.reshape(-1, *shape[2:])).reshape(shape)
    for name, images in (("seasoned", seasoned), ("denoised", denoised)):
        found = outputs(network, images.reshape(-1, *shape[2:]))
        found = found.reshape(*shape[:2], data.CLASSES)
        arrays[name] = as_bytes(images)
        arrays[f"predictions_{name}"] = found.argmax(axis=2)
        arrays[f"confidences_{name}"] = found.max(axis=2)
    return Result(metrics={"images": len(places)}, arrays=arrays)

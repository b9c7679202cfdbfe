"""Tasks that evaluate networks which other runs have trained.

Each gets a config and the results that it needs, and rebuilds the networks
from the configs that made them.
"""

from dataclasses import dataclass

import numpy as np

from digits import data
from digits.noise import NOISE_LEVELS, salt_and_pepper
from digits.tasks import networks
from digits.tasks.checks import refuse_unless, whole
from digits.tasks.classifier import ClassifierConfig
from digits.tasks.convolutional import ConvolutionalConfig
from digits.tasks.denoiser import DenoiserConfig
from digits.tasks.rehearsal import FEW, IN_SMALL, rehearsed
from digits.tasks.training import DenseConfig, outputs, start
from larder import NOWHERE, Context, Rehearsal, Result, ignored, smaller

# The images of MNIST's test set, numbered from 0, whose label fewer than three
# of five people agreed with: the 15 errors of Northcutt et al. (2021), from
# the answers in github.com/cleanlab/label-errors, mturk/mnist_mturk.json.
LABEL_ERRORS = (
    947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783,
    8527, 9679, 9729,
)
CALIBRATION_BINS = 15


@dataclass(frozen=True)
class ShiftConfig:
    """The network whose accuracy on shifted test images is asked for.

    Images are moved by 0 to `largest_shift` pixels.
    """

    network: DenseConfig | ClassifierConfig
    largest_shift: int = 8

    def __post_init__(self):
        """Refuse values out of range."""
        right = whole(self.largest_shift, 0) and self.largest_shift < 28
        refuse_unless(self, [
            ("largest_shift", "a whole number of pixels below 28", right),
        ])

    @ignored(IN_SMALL)
    def rehearsal(self) -> Rehearsal:
        """Shift fewer images, and less far."""
        return rehearsed(smaller(self, largest_shift=2))


def score_shifted(
    config: ShiftConfig, trained: Result, context: Context = NOWHERE
) -> Result:
    """Score a trained network on test images moved to each of four sides.

    What comes in at a side is black; what leaves at the other is lost. Table,
    a row a shift: `shift` in pixels and `accuracy`, the mean of four sides.
    """
    start(0)
    network = networks.restore(config.network, trained.weights)
    test = data.load_mnist().test
    shifts = list(range(config.largest_shift + 1))
    accuracies = []
    for size in shifts:
        sides = [(size, 0), (-size, 0), (0, size), (0, -size)]
        accuracies.append(float(np.mean([
            _accuracy(network, shifted(test.images, *side), test.labels)
            for side in (sides if size else sides[:1])
        ])))
        context.report(size + 1, len(shifts))
    return Result(
        metrics={"accuracy_unshifted": accuracies[0]},
        table={"shift": shifts, "accuracy": accuracies},
    )


def shifted(images: np.ndarray, down: int, right: int) -> np.ndarray:
    """Move images of shape (n, h, w, c) by whole pixels; black comes in."""
    _, height, width, _ = images.shape
    moved = np.zeros_like(images)
    to_rows = slice(max(down, 0), height + min(down, 0))
    to_columns = slice(max(right, 0), width + min(right, 0))
    from_rows = slice(max(-down, 0), height + min(-down, 0))
    from_columns = slice(max(-right, 0), width + min(-right, 0))
    moved[:, to_rows, to_columns] = images[:, from_rows, from_columns]
    return moved


def _accuracy(network, images: np.ndarray, labels: np.ndarray) -> float:
    found = outputs(network, images)
    return float(np.mean(found.argmax(axis=1) == labels))


@dataclass(frozen=True)
class NoiseConfig:
    """The classifier that meets seasoned test images, and who denoises them.

    Without a `denoiser` the images are classified as they are seasoned.
    """

    classifier: DenseConfig | ClassifierConfig
    denoiser: DenoiserConfig | None = None
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
    network = networks.restore(config.classifier, classifier.weights)
    model = None
    if config.denoiser is not None:
        model = networks.restore(config.denoiser, denoiser.weights)
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

    denoiser: DenoiserConfig
    classifier: DenseConfig | ClassifierConfig
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
    model = networks.restore(config.denoiser, denoiser.weights)
    network = networks.restore(config.classifier, classifier.weights)
    test = data.load_mnist().test
    places = list(config.images)
    arrays = {
        "clean": _bytes(test.images[places]), "labels": test.labels[places],
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
        arrays[name] = _bytes(images)
        arrays[f"predictions_{name}"] = found.argmax(axis=2)
        arrays[f"confidences_{name}"] = found.max(axis=2)
    return Result(metrics={"images": len(places)}, arrays=arrays)


def _bytes(images: np.ndarray) -> np.ndarray:
    """Make bytes of images (…, 28, 28, 1) with values in [0, 1]."""
    return np.uint8(np.round(255 * images[..., 0]))


@dataclass(frozen=True)
class ErrorsConfig:
    """There is nothing to choose: all test images are looked at."""

    @ignored(IN_SMALL)
    def rehearsal(self) -> Rehearsal:
        """Look at all test images: known errors are named by number."""
        return rehearsed(self, test=data.SHAPES["x_test"][0])


def examine_errors(
    config: ErrorsConfig, convolutional: tuple[Result, ...],
    dense: tuple[Result, ...],
) -> Result:
    """Look at the test images that networks get wrong, and how sure they are.

    Results of `convolutional` networks hold `test_probabilities`, those of as
    many `dense` ones `test_predictions`. Metrics: `ensemble_accuracy`, of the
    mean of the probabilities, and `calibration_error` and
    `ensemble_calibration_error`, expected calibration errors of the single
    networks, pooled, and of the ensemble. Table, a row a bin of confidence:
    `count`, `confidence`, `accuracy` of the pooled single networks, and the
    same with `ensemble_`.
    Arrays: `confusion` (10, 10), the networks' mean number of test images by
    label and prediction; `pairs` (n, 2), for each pair of a convolutional and
    a dense network how many images only the one and only the other gets
    right; and of the images that most networks get wrong: `missed_images`
    uint8 (m, 28, 28), `missed_indices`, `missed_labels`,
    `missed_predictions` and `missed_confidences` of the ensemble, and
    `missed_label_errors`, true for known errors of the label.
    """
    test = data.read_arrays()
    images, labels = test["x_test"], test["y_test"].astype(int)
    count = len(convolutional)
    each = np.stack(
        [result.arrays["test_probabilities"] for result in convolutional]
    )
    ensemble = each.mean(axis=0)
    predictions = each.argmax(axis=2)
    wrong = predictions != labels
    missed = np.flatnonzero(wrong.sum(axis=0) > count / 2)
    dense_wrong = np.stack([
        result.arrays["test_predictions"] != labels
        for result in dense
    ])
    confusion = np.zeros((data.CLASSES, data.CLASSES))
    np.add.at(confusion, (np.tile(labels, count), predictions.ravel()), 1)
    pooled = calibration(each.reshape(-1, data.CLASSES), np.tile(labels, count))
    together = calibration(ensemble, labels)
    return Result(
        metrics={
            "ensemble_accuracy": float((ensemble.argmax(1) == labels).mean()),
            "calibration_error": expected_calibration_error(pooled),
            "ensemble_calibration_error": expected_calibration_error(together),
        },
        table=pooled
        | {f"ensemble_{name}": column for name, column in together.items()},
        arrays={
            "confusion": confusion / count,
            "pairs": np.array([
                ((~ours & theirs).sum(), (ours & ~theirs).sum())
                for ours, theirs in zip(wrong, dense_wrong, strict=True)
            ]),
            "missed_images": images[missed],
            "missed_indices": missed,
            "missed_labels": labels[missed],
            "missed_predictions": ensemble[missed].argmax(axis=1),
            "missed_confidences": ensemble[missed].max(axis=1),
            "missed_label_errors": np.isin(missed, LABEL_ERRORS),
        },
    )


def calibration(
    probabilities: np.ndarray, labels: np.ndarray
) -> dict[str, list]:
    """Compare confidence with accuracy, in bins of confidence.

    `probabilities` have shape (n, classes), `labels` (n,). A row a bin of
    equal width: `count`, and the means `confidence` and `accuracy`, None
    where a bin is empty.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    bins = np.minimum(
        (confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1
    )
    rows = {"count": [], "confidence": [], "accuracy": []}
    for number in range(CALIBRATION_BINS):
        inside = bins == number
        some = inside.any()
        rows["count"].append(int(inside.sum()))
        rows["confidence"].append(
            float(confidence[inside].mean()) if some else None
        )
        rows["accuracy"].append(float(right[inside].mean()) if some else None)
    return rows


def expected_calibration_error(rows: dict[str, list]) -> float:
    """Weigh the gaps between confidence and accuracy by the bins' counts.

    Source: Guo et al. (2017), On Calibration of Modern Neural Networks.
    """
    gaps = [
        count * abs(confidence - accuracy)
        for count, confidence, accuracy in zip(*rows.values(), strict=True)
        if count
    ]
    return sum(gaps) / sum(rows["count"])


@dataclass(frozen=True)
class InsideConfig:
    """The convolutional network to look into, and a test image to show it."""

    network: ClassifierConfig
    image: int = 0

    @ignored(IN_SMALL)
    def rehearsal(self) -> Rehearsal:
        """Look into a network that was trained less."""
        return rehearsed(smaller(self), test=FEW)


def look_inside(config: InsideConfig, trained: Result) -> Result:
    """Give a network's first kernels, and what its layers make of an image.

    Arrays: `image` uint8 (28, 28), `kernels` (5, 5, channels) of the first
    convolution, and `map_1`, `map_2`, … of shape (h, w, channels), the outputs
    of each ReLU for the image.
    """
    start(0)
    import keras

    network = networks.restore(config.network, trained.weights)
    outputs = [
        layer.output for layer in network.layers
        if isinstance(layer, keras.layers.ReLU)
    ]
    image = data.read_arrays()["x_test"][config.image]
    maps = keras.Model(network.input, outputs)(
        data.scale(image[np.newaxis]), training=False
    )
    (first, *_) = (
        layer for layer in network.layers
        if isinstance(layer, keras.layers.Conv2D)
    )
    kernels = first.kernel.numpy()[:, :, 0]
    return Result(
        metrics={"layers": len(outputs)},
        arrays={"image": image, "kernels": kernels}
        | {
            f"map_{number}": np.asarray(found)[0]
            for number, found in enumerate(maps, start=1)
        },
    )


@dataclass(frozen=True)
class SharpnessConfig:
    """The training whose images are looked at, and how many of them."""

    training: ConvolutionalConfig
    images: int = 10_000

    def __post_init__(self):
        """Refuse values out of range."""
        refuse_unless(self, [
            ("images", "a whole number from 1", whole(self.images, 1)),
        ])

    @ignored(IN_SMALL)
    def rehearsal(self) -> Rehearsal:
        """Look at fewer images than there are."""
        return rehearsed(smaller(self, images=500))


def measure_sharpness(config: SharpnessConfig) -> Result:
    """Measure how sharp training images are after each step of their warping.

    The sharpness of an image is the sum of the squared differences between
    pixels that are neighbours in a row or a column. Metrics, means over the
    first training images: `original`, as they are; `affine`, after the affine
    map; `bent`, after it and bending; `contrast`, with the contrast raised as
    well.
    """
    start(config.training.seed)
    from digits.augmentation import RandomWarp

    training = config.training
    images = data.load_mnist(whole=True).train.images[: config.images]
    limits = {
        name: getattr(training, name)
        for name in ("rotation", "shear", "zoom", "shift")
    }
    steps = {
        "affine": (0.0, 1.0),
        "bent": (training.bend, 1.0),
        "contrast": (training.bend, training.contrast),
    }
    return Result(metrics={"original": _sharpness(images)} | {
        name: _sharpness(np.asarray(
            RandomWarp(*step, **limits)(images, training=True)
        ))
        for name, step in steps.items()
    })


def _sharpness(images: np.ndarray) -> float:
    total = sum((np.diff(images, axis=axis) ** 2).sum() for axis in (1, 2))
    return float(total / len(images))

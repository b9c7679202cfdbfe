"""Looks into networks, and at what they are trained on."""

from dataclasses import dataclass

import numpy as np

from digits import data
from digits.checks import refuse_unless, whole
from digits.tasks.configs import Training
from digits.tasks.denoiser import DenoiserTraining
from digits.tasks.rehearsal import FEW, IN_SMALL, rehearsed
from digits.tasks.trained import restore
from digits.tasks.training import start
from larder import Rehearsal, Result, ignored, smaller


def describe_network(config: Training | DenoiserTraining) -> Result:
    """Ask Keras what the network of a training is made of.

    Metric: `parameters`. Table, a row a layer: `layer`, `kind`, `shape` of
    its output without the batch, `kernel`, the shape of its kernel if it has
    one, `activation` and `parameters`.
    """
    start(config.seed)
    network = config.network.build()
    kernels = [getattr(layer, "kernel", None) for layer in network.layers]
    return Result(
        metrics={"parameters": network.count_params()},
        table={
            "layer": [layer.name for layer in network.layers],
            "kind": [type(layer).__name__ for layer in network.layers],
            "shape": [
                list(layer.output.shape[1:]) for layer in network.layers
            ],
            "kernel": [
                None if kernel is None else list(kernel.shape)
                for kernel in kernels
            ],
            "activation": [
                getattr(getattr(layer, "activation", None), "__name__", None)
                for layer in network.layers
            ],
            "parameters": [layer.count_params() for layer in network.layers],
        },
    )


@dataclass(frozen=True)
class InsideConfig:
    """The convolutional network to look into, and a test image to show it."""

    network: Training
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

    network = restore(config.network.network, trained.weights)
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

    training: Training
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
    from digits.augmentation.layers import RandomWarp

    varied = config.training.augmentation
    images = data.load_mnist().train.images[: config.images]
    steps = {
        "affine": (0.0, 1.0),
        "bent": (varied.bend, 1.0),
        "contrast": (varied.bend, varied.contrast),
    }
    return Result(metrics={"original": _sharpness(images)} | {
        name: _sharpness(np.asarray(
            RandomWarp(*step, **varied.limits)(images, training=True)
        ))
        for name, step in steps.items()
    })


def _sharpness(images: np.ndarray) -> float:
    total = sum((np.diff(images, axis=axis) ** 2).sum() for axis in (1, 2))
    return float(total / len(images))

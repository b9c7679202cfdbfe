"""Trained networks in few bytes, for the page that runs them.

A kernel is kept in 8 bits a weight, with a scale for each output channel;
batch normalization, which in use is a factor and a summand for each channel,
is folded into the convolution before it. Of the codes of each class, the
mixture of Gaussians of 4D is kept.
"""

from dataclasses import dataclass

import numpy as np

from digits import data
from digits.networks.autoencoders import encoder_of
from digits.tasks.configs import Training
from digits.tasks.denoiser import DenoiserTraining
from digits.tasks.evaluation.codes import COMPONENTS
from digits.tasks.rehearsal import FEW, IN_SMALL, TEST, rehearsed
from digits.tasks.scoring import as_bytes, outputs
from digits.tasks.trained import restore
from digits.tasks.training import start
from larder import Rehearsal, Result, ignored, smaller

LEVELS = 127  # on each side of 0, in 8 bits


@dataclass(frozen=True)
class PageConfig:
    """The networks that the page runs, and the test images that it offers.

    `images` are their indices. `seed` is that of the mixtures' fits.
    """

    dense: Training
    convolutional: Training
    autoencoder: DenoiserTraining
    images: tuple[int, ...]
    seed: int = 0

    @ignored(IN_SMALL)
    def rehearsal(self) -> Rehearsal:
        """Fit the mixtures to the codes of fewer images."""
        return rehearsed(smaller(self), train=TEST + 50, test=FEW)


def pack_networks(
    config: PageConfig, dense: Result, convolutional: Result,
    autoencoder: Result,
) -> Result:
    """Pack the networks, mixtures and test images of the page.

    Metric: `parameters`, how many weights are kept in 8 bits. Table, a row a
    layer: `layer`, its name; `weights`; `error`, the root mean square of what
    rounding changed, as a share of that of the weights. Arrays: for each
    layer L its `L_kernel` (int8), `L_scale` and `L_bias` (float32, a number a
    channel); for the classes `mixture_weights` (10, 8), `mixture_means`
    (10, 8, d), and `mixture_roots` (10, 8, d(d+1)/2, int8) with
    `mixture_scale` (10, 8, d), rows of the covariances' Cholesky factors;
    `alive`, the d numbers of a code that are not always 0; `images` and
    `labels` of test images.
    """
    start(config.seed)
    mnist = data.load_mnist()
    given = {"dense": dense, "convolutional": convolutional,
             "autoencoder": autoencoder}
    restored = {
        name: restore(getattr(config, name).network, result.weights)
        for name, result in given.items()
    }
    layers = {
        layer: weights for name, network in restored.items()
        for layer, weights in _layers(name, network).items()
    }
    arrays, errors = {}, []
    for name, (kernel, bias) in layers.items():
        whole, scale = quantized(kernel)
        errors.append(_relative_error(whole * scale, kernel))
        arrays |= {f"{name}_kernel": whole, f"{name}_scale": scale,
                   f"{name}_bias": bias}
    codes = outputs(encoder_of(restored["autoencoder"]), mnist.train.images)
    chosen = list(config.images)
    sizes = [kernel.size for kernel, _ in layers.values()]
    return Result(
        metrics={"parameters": sum(sizes)},
        table={"layer": list(layers), "weights": sizes, "error": errors},
        arrays=arrays
        | class_mixtures(codes, mnist.train.labels, config.seed)
        | {
            "images": as_bytes(mnist.test.images[chosen]),
            "labels": np.uint8(mnist.test.labels[chosen]),
        },
    )


def quantized(kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Round weights to 8 bits, with a scale for each last index.

    Gives int8 of the kernel's shape and float32 (channels,), whose product is
    nearly the kernel. A channel of zeros gets the scale 1.
    """
    largest = np.abs(kernel).max(axis=tuple(range(kernel.ndim - 1)))
    scale = np.float32(np.where(largest > 0, largest / LEVELS, 1))
    return np.int8(np.rint(kernel / scale)), scale


def _relative_error(changed: np.ndarray, kernel: np.ndarray) -> float:
    return float(np.linalg.norm(changed - kernel) / np.linalg.norm(kernel))


def _layers(name: str, network) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Give kernel and bias of each layer that has them, numbered."""
    import keras

    found = []
    for layer in network.layers:
        if hasattr(layer, "kernel"):
            kernel = np.asarray(layer.kernel)
            bias = (
                np.zeros(kernel.shape[-1], np.float32)
                if layer.bias is None else np.asarray(layer.bias)
            )
            found.append((kernel, bias))
        elif isinstance(layer, keras.layers.BatchNormalization):
            found[-1] = folded(
                *found[-1], *map(np.asarray, layer.weights), layer.epsilon
            )
    return {f"{name}_{number}": pair for number, pair in enumerate(found)}


def folded(
    kernel: np.ndarray, bias: np.ndarray, gamma: np.ndarray,
    beta: np.ndarray, mean: np.ndarray, variance: np.ndarray, epsilon: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Fold batch normalization into the layer before it.

    (x - mean) gamma / √(variance + epsilon) + beta, of x = kernel * input +
    bias, is another such layer; gives its kernel and bias. All but the kernel
    have shape (channels,).
    """
    factor = gamma / np.sqrt(variance + epsilon)
    return kernel * factor, beta + (bias - mean) * factor


def class_mixtures(
    codes: np.ndarray, labels: np.ndarray, seed: int
) -> dict[str, np.ndarray]:
    """Fit the mixtures of `codes.sample_class`, one for each class.

    `codes` have shape (n, 96), `labels` (n,). Gives the arrays that
    `pack_networks` names, of the numbers that are not 0 for all images.
    """
    from sklearn.mixture import GaussianMixture

    alive = np.flatnonzero(codes.any(axis=0))
    lower = np.tril_indices(len(alive))
    found = {name: [] for name in ("weights", "means", "roots", "scale")}
    for digit in range(data.CLASSES):
        mixture = GaussianMixture(
            COMPONENTS, reg_covar=1e-3, random_state=seed
        ).fit(codes[labels == digit])
        found["weights"].append(mixture.weights_)
        found["means"].append(mixture.means_[:, alive])
        # A factor's rows are as different in size as the numbers of a code.
        pairs = [
            quantized(np.linalg.cholesky(covariance[np.ix_(alive, alive)]).T)
            for covariance in mixture.covariances_
        ]
        found["roots"].append([root.T[lower] for root, _ in pairs])
        found["scale"].append([scale for _, scale in pairs])
    return {"alive": np.uint8(alive)} | {
        f"mixture_{name}": np.array(
            parts, np.int8 if name == "roots" else np.float32
        )
        for name, parts in found.items()
    }

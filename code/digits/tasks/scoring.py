"""What networks make of images, and how much of it is right."""

import numpy as np

from digits import data

# Images at once. Influences speed and memory, not results.
EVALUATION_BATCH = 1_000


def outputs(network, images: np.ndarray) -> np.ndarray:
    """Give what a network makes of images of shape (n, …), batch by batch.

    A classifier gives probabilities of shape (n, 10), an auto-encoder images.
    Not by `predict`, which would copy all images into a tensor. Said in so
    many words that it is no training, since layers may be active by default.
    """
    starts = range(0, len(images), EVALUATION_BATCH)
    return np.concatenate([
        np.asarray(network(images[i : i + EVALUATION_BATCH], training=False))
        for i in starts
    ])


def as_bytes(images: np.ndarray) -> np.ndarray:
    """Turn images (…, 28, 28, 1) in [0, 1] back into bytes (…, 28, 28)."""
    return np.uint8(np.round(255 * images[..., 0]))


def predict(network, images: np.ndarray) -> np.ndarray:
    """Give the likeliest class of each image, uint8 of shape (n,)."""
    return outputs(network, images).argmax(axis=1).astype(np.uint8)


def accuracy(network, part: data.Part | None) -> float | None:
    """Give the share of images whose likeliest class is their label.

    None where there are none.
    """
    if part is None:
        return None
    return share_right(outputs(network, part.images), part.labels)


def share_right(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Give that share of probabilities of shape (n, 10) and labels (n,)."""
    return float(np.mean(probabilities.argmax(axis=1) == labels))


def cross_entropy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Give the mean cross-entropy of probabilities (n, 10), in nats."""
    true = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(true, 1e-7)).mean())


def short_float(value: float) -> float:
    """Give a single-precision number as its shortest decimal, not 17 digits."""
    return float(str(np.float32(value)))

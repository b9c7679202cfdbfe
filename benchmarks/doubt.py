"""Learn what tells digits from what is none, and store it for `predict`.

One hidden layer that is given what the five final networks make of an image:
the features of their last hidden layers, their logits in order of size, and the
mean and the largest value of each channel of the convolutions before. It learns
from `strange.py`, and chooses nothing by the test digits but its zero: 99 % of
MNIST's first 5,000 test digits score above it.
"""

import datetime
from functools import partial

import keras
import numpy as np
import strange
from keras import layers
from pictures import HALF, KEPT, found_in

from digits import data
from digits.handwriting import recognition
from digits.kept import LARDER
from larder import store
from larder.machine import hardware, versions

UNITS, PENALTY, DROPPED = 32, 1e-4, 0.3
LEAST_SCALE = 0.01  # of channels that hardly ever say anything
EPOCHS, BATCH, RATE = 8, 128, 2e-3
# Scikit-learn's digits, the fourth group, are few: each counts twice.
COARSE, WEIGHT = 3, 2


def fit(
    groups: list[np.ndarray], labels: np.ndarray, weights: np.ndarray
) -> tuple[dict[str, np.ndarray], float]:
    """Fit the arrays of a `recognition.Score`, and its bias, to images."""
    seen = recognition.evidence(recognition.outputs(np.concatenate(groups)))
    count = len(seen)
    flat = np.concatenate([*seen], axis=1)
    mean, scale = flat.mean(0), flat.std(0).clip(min=LEAST_SCALE)
    network = train((flat - mean) / scale, labels, weights)
    inner, inner_bias, outer, bias = network.get_weights()
    inner /= scale[:, None]
    return {
        # Half precision: scores to a hundredth, in half the room.
        "inner": np.float16(inner.reshape(count, -1, UNITS)),
        "inner_bias": inner_bias - mean @ inner,
        "outer": outer[:, 0],
    }, float(bias[0])


def train(inputs: np.ndarray, labels: np.ndarray, weights: np.ndarray):
    """Train a network of one hidden layer to tell digits from others."""
    keras.utils.set_random_seed(0)
    penalty = keras.regularizers.L2(PENALTY)
    network = keras.Sequential([
        keras.Input(inputs.shape[1:]),
        layers.Dropout(DROPPED),
        layers.Dense(UNITS, "relu", kernel_regularizer=penalty),
        layers.Dense(1, kernel_regularizer=penalty),
    ])
    steps = EPOCHS * -(-len(inputs) // BATCH)
    network.compile(
        keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(RATE, steps)
        ),
        keras.losses.BinaryCrossentropy(from_logits=True),
    )
    network.fit(inputs, labels, BATCH, EPOCHS, verbose=0,
                sample_weight=weights)
    return network


def main() -> None:
    """Fit, choose the score's zero, and store."""
    mnist = data.load_mnist()
    digits = strange.digits(mnist.train, found_in)
    others = strange.others(
        mnist.train, partial(found_in, readings=None)
    )
    groups = [*digits, *others]
    counts = [len(images) for images in groups]
    kinds = np.repeat(np.arange(len(counts)), counts)
    arrays, bias = fit(
        groups, np.float32(kinds < len(digits)),
        np.where(kinds == COARSE, WEIGHT, 1),
    )
    seen = recognition.outputs(mnist.test.images[:HALF])
    scores = recognition.Score(**arrays, bias=0).of(seen)
    least = float(np.quantile(scores, 1 - KEPT))
    metrics = {
        "bias": -least, "learned_bias": bias,
        "digits": sum(counts[: len(digits)]),
        "others": sum(counts[len(digits) :]),
    }
    print(counts, metrics)
    stamp = {
        "hardware": hardware(), "versions": versions(LARDER.libraries),
        "finished": datetime.date.today().isoformat(),
        "networks": recognition.networks_digest(),
    }
    store.save(
        recognition.doubt_path(),
        store.Result(metrics, {}, arrays), stamp,
    )


if __name__ == "__main__":
    main()

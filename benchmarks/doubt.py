"""Learn what tells digits from what is none, and store it for `predict`.

A logistic regression of what the five final networks make of an image: the
features of their last hidden layers, and their logits in order of size. It
learns from `strange.py`, and chooses nothing by the test digits but its zero:
99 % of MNIST's first 5,000 test digits score above it.
"""

import datetime

import numpy as np
import strange
from pictures import HALF, KEPT, found_in
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from digits import data
from digits.handwriting import recognition
from digits.kept import LARDER
from larder import store
from larder.machine import hardware, versions

SHARPNESS = 0.03  # the inverse of the penalty on weights
# Scikit-learn's digits, the fourth group, are few: each counts twice.
COARSE, WEIGHT = 3, 2


def fit(
    groups: list[np.ndarray], labels: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, float]:
    """Fit weights (k, 202) and a bias to groups of images."""
    found = np.concatenate([
        recognition.evidence(*recognition.outputs(images)) for images in groups
    ], axis=1)
    count = len(found)
    flat = np.concatenate([*found], axis=1)
    scaler = StandardScaler().fit(flat)
    model = LogisticRegression(C=SHARPNESS, max_iter=300)
    model.fit(scaler.transform(flat), labels, weights)
    factors = model.coef_[0] / scaler.scale_
    bias = model.intercept_[0] - factors @ scaler.mean_
    return factors.reshape(count, -1).astype(np.float32), float(bias)


def main() -> None:
    """Fit, choose the score's zero, and store."""
    mnist = data.load_mnist()
    digits = strange.digits(mnist.train, found_in)
    others = strange.others(mnist.train, found_in)
    groups = [*digits, *others]
    counts = [len(images) for images in groups]
    kinds = np.repeat(np.arange(len(counts)), counts)
    factors, bias = fit(
        groups, kinds < len(digits), np.where(kinds == COARSE, WEIGHT, 1)
    )
    evidence = recognition.evidence(
        *recognition.outputs(mnist.test.images[:HALF])
    )
    scores = np.einsum("knf,kf->n", evidence, factors)
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
        store.Result(metrics, {}, {"factors": factors}), stamp,
    )


if __name__ == "__main__":
    main()

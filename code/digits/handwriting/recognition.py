"""What the final convolutional networks say of images, and how surely.

The softmax gives every image a digit, a face as well. Whether there is one is
told by a score, linear in the features of the networks' last hidden layers and
in their logits, that was learned from digits and from what is none. Nothing
simpler does as well; see `benchmarks/pictures.py`. It was learned by
`benchmarks/doubt.py`, and holds for the very networks that it was learned with.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from digits import paths
from digits.experiments import convolution
from digits.handwriting import Digit
from digits.kept import compute
from digits.tasks import scoring
from larder import store

# So many are kept of MNIST's test digits: 99 % of the first half score more.
LEAST_SCORE = 0.0
NOTHING_FOUND = "no digit found"
UNLIKE = "not like MNIST's digits"


@dataclass(frozen=True)
class Answer:
    """What a picture shows.

    `digits` in the order of reading, their `probabilities` (n, 10) and
    `scores` (n,), which say how much each looks like a digit of MNIST's.
    """

    digits: list[Digit]
    probabilities: np.ndarray
    scores: np.ndarray

    @property
    def text(self) -> str:
        """Give the likeliest digits, with a space where a line ends."""
        return self._joined([
            str(shares.argmax()) for shares in self.probabilities
        ])

    @property
    def marked(self) -> str:
        """Give the likeliest digits, with `?` for what is none."""
        return self._joined([
            str(shares.argmax()) if score >= LEAST_SCORE else "?"
            for shares, score in zip(
                self.probabilities, self.scores, strict=True
            )
        ])

    def _joined(self, names: list[str]) -> str:
        lines: dict[int, str] = {}
        for digit, name in zip(self.digits, names, strict=True):
            lines[digit.line] = lines.get(digit.line, "") + name
        return " ".join(lines.values())

    @property
    def doubt(self) -> str | None:
        """Say why this is no answer, or None if it is one."""
        if not self.digits:
            return NOTHING_FOUND
        return UNLIKE if self.scores.min() < LEAST_SCORE else None


def recognise(pictures: list[list[list[Digit]]]) -> list[Answer]:
    """Of each picture's readings, take the one that looks most like digits.

    That is the one whose least likely digit is likelier than the others'. The
    first, where several are alike. Raises `ValueError` where the stored
    weights are not those of the final networks.
    """
    images = [
        digit.image for readings in pictures for digits in readings
        for digit in digits
    ]
    if not images:
        return [_answer([]) for _ in pictures]
    probabilities, scores = judge(np.stack(images))
    found, start = [], 0
    for readings in pictures:
        answers = []
        for digits in readings:
            part = slice(start, start + len(digits))
            answers.append(_answer(digits, probabilities[part], scores[part]))
            start = part.stop
        found.append(max(answers, key=lambda answer: _least(answer.scores)))
    return found


def judge(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give probabilities (n, 10) and scores (n,) of images (n, 28, 28, 1).

    Raises `ValueError` where the score was learned with other networks.
    """
    features, logits = outputs(images)
    return softmax(logits).mean(0), learned(features, logits)


def learned(features: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """Give scores (n,) of what `outputs` gives: above 0, there is a digit."""
    factors, bias = _learned()
    return np.einsum("knf,kf->n", evidence(features, logits), factors) + bias


def softmax(logits: np.ndarray) -> np.ndarray:
    """Turn logits (..., 10) into probabilities."""
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def evidence(features: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """Give what the score is learned from, (k, n, 202).

    The logits in order of size, whichever digits they are of.
    """
    return np.concatenate([features, np.sort(logits, axis=-1)], axis=-1)


def doubt_path(folder: Path = paths.RESULTS) -> Path:
    """Say where the score lies that was learned."""
    return store.path_of(folder, "benchmarks", "doubt")


def networks_digest() -> str:
    """Give a digest of all numbers of the networks."""
    digest = hashlib.sha256()
    for network, *last in _networks():
        for values in (*network.get_weights(), *last):
            digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def outputs(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the last hidden layers' features (k, n, 192), and logits (k, n, 10).

    Of each of the k final networks.
    """
    features, logits = [], []
    for network, weights, biases in _networks():
        features.append(scoring.outputs(network, images))
        logits.append(features[-1] @ weights + biases)
    return np.stack(features), np.stack(logits)


@cache
def _learned() -> tuple[np.ndarray, float]:
    """Give the score's factors (k, 202) and bias, if it is these networks'."""
    try:
        stored = store.load(doubt_path())
    except (FileNotFoundError, store.DamagedResult) as error:
        raise ValueError(
            f"what tells digits from others can't be read ({error}); to learn "
            "it anew: python benchmarks/doubt.py"
        ) from error
    if stored.stamp["networks"] != networks_digest():
        raise ValueError(
            "what tells digits from others was learned with other networks; "
            "to learn it anew: python benchmarks/doubt.py"
        )
    return stored.result.arrays["factors"], stored.result.metrics["bias"]


@cache
def _networks() -> list:
    """Restore the final networks, without their last layers, once a process.

    Gives a Keras model and the last layer's weights and biases for each.
    """
    import keras

    from digits.tasks import trained

    found = []
    runs = convolution.final_runs()
    for run, stored in zip(runs, compute(runs), strict=True):
        network = trained.restore(run.config.network, stored.result.weights)
        last = network.layers[-1]
        found.append((
            keras.Model(network.input, last.input),
            *(np.asarray(weight) for weight in last.get_weights()),
        ))
    return found


def _answer(digits, probabilities=(), scores=()) -> Answer:
    return Answer(digits, np.asarray(probabilities).reshape(-1, 10),
                  np.asarray(scores))


def _least(scores: np.ndarray) -> float:
    return float(scores.min()) if len(scores) else -np.inf

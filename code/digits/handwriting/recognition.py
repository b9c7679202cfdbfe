"""What the final convolutional networks say of images, and how surely.

The softmax gives every image a digit, a face as well. Whether there is one is
told by the energy, the logarithm of the sum of the exponentials of the ten
logits: it is high where some class's features are found, low where none are
(Liu et al., 2020, Energy-based Out-of-distribution Detection, NeurIPS).
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from digits.experiments import convolution
from digits.handwriting import Digit
from digits.kept import compute
from digits.tasks import scoring

# What keeps 99 % of MNIST's test digits; `benchmarks/pictures.py` measures
# it, and compares the score with others.
LEAST_SCORE = 7.5
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
    """Give probabilities (n, 10) and scores (n,) of images (n, 28, 28, 1)."""
    _, logits = outputs(images)
    shares = softmax(logits).mean(0)
    return shares, energy(logits)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Turn logits (..., 10) into probabilities."""
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def energy(logits: np.ndarray) -> np.ndarray:
    """Give the mean energy (n,) of networks' logits (k, n, 10)."""
    return np.logaddexp.reduce(logits, axis=-1).mean(0)


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

"""What the final convolutional networks say of images, and how surely.

The softmax gives every image a digit, a face as well. Whether there is one is
told by a score that was learned from digits and from what is none: one small
hidden layer that is given the features of the networks' last hidden layers,
their logits, and the mean and largest value of each channel before: those tell
how strokes are drawn, the last layers only which digit they would be. Nothing
simpler does as well; see `benchmarks/README.md`. It was learned by
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


@dataclass(frozen=True)
class Outputs:
    """What k networks make of n images.

    `features` (k, n, 192) of their last hidden layers, `logits` (k, n, 10),
    and `channels` (k, n, 720): the means over the image, and the largest
    values, of the channels of the convolutions before.
    """

    features: np.ndarray
    logits: np.ndarray
    channels: np.ndarray


@dataclass(frozen=True)
class Score:
    """A hidden layer of h units, and what is made of it.

    `inner` (k, 922, h), `inner_bias` (h,), `outer` (h,) and a number `bias`.
    """

    inner: np.ndarray
    inner_bias: np.ndarray
    outer: np.ndarray
    bias: float

    def of(self, seen: Outputs) -> np.ndarray:
        """Score n images (n,): above 0, there is a digit."""
        inner = np.tensordot(evidence(seen), self.inner, ((0, 2), (0, 1)))
        return np.maximum(inner + self.inner_bias, 0) @ self.outer + self.bias


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
    seen = outputs(images)
    return softmax(seen.logits).mean(0), learned_score().of(seen)


@cache
def learned_score() -> Score:
    """Give the score that was learned.

    Raises `ValueError` where that was with other networks.
    """
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
    return Score(**stored.result.arrays, bias=stored.result.metrics["bias"])


def softmax(logits: np.ndarray) -> np.ndarray:
    """Turn logits (..., 10) into probabilities."""
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def evidence(seen: Outputs) -> np.ndarray:
    """Give what the score is learned from, (k, n, 922).

    The logits in order of size, whichever digits they are of.
    """
    return np.concatenate([
        seen.features, np.sort(seen.logits, axis=-1), seen.channels
    ], axis=-1)


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


def outputs(images: np.ndarray) -> Outputs:
    """Give what each of the final networks makes of images (n, 28, 28, 1)."""
    found = []
    for network, weights, biases in _networks():
        both = scoring.outputs(network, images)
        features, channels = np.split(both, [len(weights)], axis=1)
        found.append((features, features @ weights + biases, channels))
    return Outputs(*map(np.stack, zip(*found, strict=True)))


@cache
def _networks() -> list:
    """Restore the final networks, without their last layers, once a process.

    Gives for each a Keras model of what `Outputs` has of it but the logits, and
    the last layer's weights and biases.
    """
    from digits.tasks import trained

    found = []
    runs = convolution.final_runs()
    for run, stored in zip(runs, compute(runs), strict=True):
        network = trained.restore(run.config.network, stored.result.weights)
        found.append((
            _with_channels(network),
            *(np.asarray(weight) for weight in
              network.layers[-1].get_weights()),
        ))
    return found


def _with_channels(network):
    """Make a network give its last hidden layer, and of channels before."""
    import keras
    from keras import layers

    maps = [layer.output for layer in network.layers
            if isinstance(layer, layers.ReLU)][:-1]
    return keras.Model(network.input, layers.Concatenate()([
        network.layers[-1].input,
        *map(layers.GlobalAveragePooling2D(), maps),
        *map(layers.GlobalMaxPooling2D(), maps),
    ]))


def _answer(digits, probabilities=(), scores=()) -> Answer:
    return Answer(digits, np.asarray(probabilities).reshape(-1, 10),
                  np.asarray(scores))


def _least(scores: np.ndarray) -> float:
    return float(scores.min()) if len(scores) else -np.inf

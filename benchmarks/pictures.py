"""What `digits predict` reads on paper as people have it, and what it refuses.

Test digits of MNIST are composed with paper by `paper.py`, seeded. All that is
chosen, thresholds among it, was chosen on the first half of the test digits;
what is stored and printed is the other half: `python pictures.py COUNT 0` looks
at the first without storing anything. Digits are also written as they are, as
PNG, and those of scikit-learn enlarged; and there are pictures without a digit.
What tells those from digits was learned before, from others: see `doubt.py`.
"""

import datetime
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import chain

import numpy as np
import odd
import paper
from PIL import Image
from sklearn.datasets import load_digits

from digits import data, handwriting
from digits.figures import appendix
from digits.handwriting import pictures, recognition
from digits.handwriting.recognition import Answer
from digits.kept import LARDER
from digits.stating import benchmarks
from larder import store
from larder.machine import hardware, versions

COUNT = 500  # pictures a kind
HALF = 5_000  # test digits
SURE = 0.9
BATCH = 200  # pictures
KEPT = 0.99  # of MNIST's digits
SCORED = 1_000  # digits, for the comparison of scores
WORKERS = 2
COARSE = "scikit-learn's, 8x8, enlarged"

Labelled = tuple[np.ndarray, str]


def composed(
    kind: str, part: data.Part, count: int, half: int
) -> Iterator[Labelled]:
    """Compose pictures of a kind, each with what it shows."""
    order = np.random.default_rng(half).permutation(HALF - 4)[:count]
    for seed, first in enumerate(HALF * half + order):
        digits = np.uint8(255 * part.images[first : first + 4, ..., 0])
        number = paper.number(kind, 2 * seed + half)
        text = "".join(map(str, part.labels[first : first + number]))
        yield paper.compose(kind, digits, 2 * seed + half), text


def enlarged(count: int, half: int) -> Iterator[Labelled]:
    """Enlarge scikit-learn's digits, 8x8, ten times."""
    found = load_digits()
    for number in range(half * 400, half * 400 + min(count, 400)):
        grey = np.uint8(np.round(255 * (1 - found.images[number] / 16)))
        large = Image.fromarray(grey).resize(
            (80, 80), Image.Resampling.BICUBIC
        )
        yield np.asarray(large), str(found.target[number])


def plain(part: data.Part, count: int, half: int) -> Iterator[Labelled]:
    """Give MNIST's digits as they are, dark on light."""
    for number in range(HALF * half, HALF * half + count):
        grey = np.uint8(np.round(255 * (1 - part.images[number, ..., 0])))
        yield grey, str(part.labels[number])


def read(items: list[Labelled]) -> list[Answer]:
    """Read pictures as `digits predict` does."""
    readings = [
        handwriting.readings(pictures.brightness(
            Image.fromarray(picture).convert("RGBA")
        ))
        for picture, _ in items
    ]
    return recognition.recognise(readings)


def row(kind: str, count: int, half: int) -> tuple[dict, np.ndarray]:
    """Count what is right, refused, and wrong for sure, of a kind.

    A picture that shows nothing is right where it is refused. Gives also how
    often each digit was read as each.
    """
    items = list(kinds(data.load_mnist().test, count, half)[kind]())
    found = [
        answer for start in range(0, len(items), BATCH)
        for answer in read(items[start : start + BATCH])
    ]
    known = [answer.doubt is None for answer in found]
    correct = [
        answer.text == text if text else answer.doubt is not None
        for answer, (_, text) in zip(found, items, strict=True)
    ]
    return {
        "kind": kind,
        "count": len(items),
        "right": sum(
            good and (surely or not text) for good, surely, (_, text) in
            zip(correct, known, items, strict=True)
        ),
        "read": sum(correct),
        "refused": len(known) - sum(known),
        "sure": sum(
            bool(surely and not good and answer.probabilities.max(1).min()
                 > SURE)
            for good, surely, answer in zip(correct, known, found, strict=True)
        ),
    }, confusion(found, items)


def confusion(answers: list[Answer], items: list[Labelled]) -> np.ndarray:
    """Count how often each single digit was read as each, (10, 10)."""
    counts = np.zeros((10, 10), int)
    for answer, (_, text) in zip(answers, items, strict=True):
        if len(answer.text) == len(text) == 1:
            counts[int(text), int(answer.text)] += 1
    return counts


def scores(part: data.Part, half: int) -> dict[str, float]:
    """Compare scores: which share of what is odd do they refuse?

    With thresholds that keep 99 % of digits of the first half, and which share
    they keep of digits of this half.
    """
    train = data.load_mnist(data.VALIDATION_SIZE).train
    means = class_means(train.images[:SCORED], train.labels[:SCORED])
    strange = [
        digit.image for kind, make in odd.KINDS.items() if kind != odd.ALIKE
        for picture in make(20, half) for digit in found_in(picture)
    ]
    digits = [part.images[HALF * k : HALF * k + SCORED] for k in (0, 1)]
    first, these, those = (
        scored(images, means)
        for images in (digits[0], digits[half], np.stack(strange))
    )
    result = {}
    for name, values in first.items():
        least = np.quantile(values, 1 - KEPT)
        result[f"least_{name}"] = float(least)
        result[f"kept_by_{name}"] = float(np.mean(these[name] >= least))
        result[f"refused_by_{name}"] = float(np.mean(those[name] < least))
    return result


def found_in(picture: np.ndarray, readings: int | None = 1) -> list:
    """Find digits in a picture, by the first of its readings, or by all."""
    grey = pictures.brightness(Image.fromarray(picture).convert("RGBA"))
    return [*chain.from_iterable(handwriting.readings(grey)[:readings])]


def class_means(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Give the mean features (k, 10, 192) of digits, of each network."""
    features = recognition.outputs(images).features
    return np.stack([
        features[:, labels == digit].mean(1) for digit in range(10)
    ], axis=1)


def scored(images: np.ndarray, means: np.ndarray) -> dict[str, np.ndarray]:
    """Score images in five ways: the higher, the more like a digit."""
    seen = recognition.outputs(images)
    features, logits = seen.features, seen.logits
    shares = recognition.softmax(logits)
    mean = shares.mean(0)

    def entropy(probabilities):
        return -(probabilities * np.log(probabilities + 1e-12)).sum(-1)

    away = np.linalg.norm(features[:, :, None] - means[:, None], axis=-1)
    return {
        "learned": recognition.learned_score().of(seen),
        # Liu et al. (2020), Energy-based Out-of-distribution Detection.
        "energy": np.logaddexp.reduce(logits, axis=-1).mean(0),
        "distance": -away.min(-1).mean(0),
        "agreement": entropy(shares).mean(0) - entropy(mean),
        "probability": mean.max(-1),
    }


def examples(part: data.Part) -> dict[str, np.ndarray]:
    """Give a picture of some kinds, and what the networks saw of each."""
    items = [
        next(iter(composed(kind, part, 1, 1))) for kind in benchmarks.EXAMPLES
    ]
    answers = read(items)
    return {
        "pictures": np.stack([picture for picture, _ in items]),
        "seen": np.stack([answer.digits[0].image for answer in answers]),
    }


def kinds(
    part: data.Part, count: int, half: int
) -> dict[str, Callable[[], Iterator[Labelled]]]:
    """List all kinds of pictures, each with what makes them."""
    return {
        "MNIST's own, as PNG": lambda: plain(part, min(10 * count, HALF), half),
        COARSE: lambda: enlarged(count, half),
        **{
            kind: lambda kind=kind: composed(kind, part, count, half)
            for kind in (*paper.KINDS, *paper.SEVERAL)
        },
        **{
            kind: lambda make=make: ((p, "") for p in make(count, half))
            for kind, make in odd.KINDS.items()
        },
    }


def main() -> None:
    """Measure all kinds and scores; store them and print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    half = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    part = data.load_mnist().test
    rows, confused = [], {}
    names = list(kinds(part, count, half))
    with ProcessPoolExecutor(WORKERS) as pool:
        for found, table in pool.map(
            row, names, [count] * len(names), [half] * len(names)
        ):
            rows.append(found)
            confused[found["kind"]] = table
            print(found, flush=True)
    own = slice(HALF * half, HALF * (half + 1))
    shares, _ = recognition.judge(part.images[own])
    metrics = {
        "count": count, **scores(part, half),
        "networks_right": float(np.mean(shares.argmax(1) == part.labels[own])),
    }
    print(metrics, confused[COARSE], sep="\n")
    if half == 1:
        stamp = {"hardware": hardware(), "versions": versions(LARDER.libraries),
                 "finished": datetime.date.today().isoformat()}
        table = {name: [row[name] for row in rows] for name in rows[0]}
        arrays = {**examples(part), "confused": confused[COARSE]}
        store.save(
            benchmarks.path(name="pictures"),
            store.Result(metrics, table, arrays), stamp,
        )
        print(appendix.pictures(benchmarks.load_pictures()).data)


if __name__ == "__main__":
    main()

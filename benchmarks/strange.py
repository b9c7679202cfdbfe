"""What the score of `digits predict` learns from: digits, and what is none.

All is seeded, and apart from what `pictures.py` counts: other fonts than
those of its letters, other characters than its symbols, other photos, other
shapes, digits of MNIST's training images and scikit-learn's from the 800th on.
"""

from collections.abc import Callable, Iterator

import glyphs
import numpy as np
import odd
import paper
from PIL import Image
from scipy import ndimage
from scipy.interpolate import CubicSpline
from skimage import data as images
from sklearn.datasets import load_digits, load_sample_images

from digits import data, handwriting

FONTS = ("STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "cmss10",
         "cmtt10", "cmmi10")
SYMBOL_FONTS = ("DejaVuSansMono", "DejaVuSerif-Bold", "DejaVuSerif-Italic")
SYMBOLS = "¶§$€£¥©®±×÷∂∑∏√∫≈≤≥ΓΛΦΠжщюфэдцЖЩЮФ♦♪☼►▲◄▼←↑→↓↔{}[]~^!"
SIDE, PAPER, INK = odd.SIDE, odd.PAPER, odd.INK


def characters(
    choice: str, fonts: tuple[str, ...], count: int, seed: int
) -> Iterator[np.ndarray]:
    """Write characters, a little turned."""
    generator = np.random.default_rng(seed)
    for _ in range(count):
        font = str(generator.choice(fonts))
        picture = odd.character(
            str(generator.choice(list(choice))), font,
            int(generator.integers(90, 140)),
        )
        yield np.asarray(picture.rotate(
            generator.uniform(-15, 15), Image.Resampling.BICUBIC,
            fillcolor=PAPER,
        ))


def scribbles(count: int, seed: int) -> Iterator[np.ndarray]:
    """Draw one to four zigzags, arcs and boxes at random."""
    generator = np.random.default_rng(seed)
    for _ in range(count):
        picture, pen = odd.sheet()
        width = int(generator.integers(5, 16))
        for _ in range(generator.integers(1, 5)):
            corner = generator.uniform(20, 120, 2)
            box = [*corner, *(corner + generator.uniform(10, 75, 2))]
            which = generator.integers(3)
            if which == 0:
                points = generator.uniform(30, 170, (generator.integers(2, 6),
                                                     2))
                pen.line([tuple(point) for point in points], INK, width,
                         "curve")
            elif which == 1:
                start = generator.uniform(0, 360)
                end = start + generator.uniform(90, 360)
                pen.arc(box, start, end, INK, width)
            else:
                fill = INK if generator.random() < 0.5 else None
                pen.rectangle(box, fill, INK, width)
        yield np.asarray(picture)


def strokes(count: int, seed: int) -> Iterator[np.ndarray]:
    """Draw one to three smooth strokes through places at random, or loops."""
    generator = np.random.default_rng(seed)
    for _ in range(count):
        picture, pen = odd.sheet()
        width = int(generator.integers(4, 16))
        for _ in range(generator.integers(1, 4)):
            places = generator.uniform(35, 165, (generator.integers(3, 7), 2))
            if generator.random() < 0.25:
                places = np.concatenate([places, places[:1]])
            path = CubicSpline(np.arange(len(places)), places)(
                np.linspace(0, len(places) - 1, 60)
            ).clip(10, 190)
            pen.line([tuple(place) for place in path], INK, width, "curve")
        yield np.asarray(picture)


def tangles(count: int, seed: int) -> Iterator[np.ndarray]:
    """Draw closed ways through six, seven or nine places, or filled ones."""
    generator = np.random.default_rng(seed)
    for number in range(count):
        corners = int(generator.choice([6, 7, 9]))
        places = generator.uniform(30, 170, (corners, 2))
        points = [tuple(place) for place in places]
        picture, pen = odd.sheet()
        if number % 4:
            pen.line([*points, *points[:2]], INK,
                     int(generator.integers(4, 14)), "curve")
        else:
            pen.polygon(points, INK)
        yield np.asarray(picture)


def outlines(count: int, seed: int) -> Iterator[np.ndarray]:
    """Draw closed lines around the middle, with dents and spikes."""
    generator = np.random.default_rng(seed)
    for _ in range(count):
        corners = generator.integers(6, 12)
        steps = np.cumsum(generator.uniform(0.5, 1.5, corners))
        angles = 2 * np.pi * steps / steps[-1]
        away = generator.uniform(25, 75, corners)
        places = SIDE / 2 + away * np.stack([np.cos(angles), np.sin(angles)])
        points = [tuple(place) for place in places.T]
        picture, pen = odd.sheet()
        pen.line([*points, *points[:2]], INK, int(generator.integers(5, 12)),
                 "curve")
        yield np.asarray(picture)


def blots(count: int, seed: int) -> Iterator[np.ndarray]:
    """Make blots within a circle, of smoothed noise."""
    generator = np.random.default_rng(seed)
    rows, columns = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    for _ in range(count):
        field = ndimage.gaussian_filter(
            generator.normal(size=(SIDE, SIDE)), generator.uniform(3, 25)
        )
        least = np.quantile(field, generator.uniform(0.7, 0.95))
        near = np.hypot(rows, columns) < generator.uniform(50, 95)
        yield np.where((field > least) & near, INK, PAPER).astype(np.uint8)


def photos(count: int, seed: int) -> Iterator[np.ndarray]:
    """Cut squares out of photos and scans of scikit-image and scikit-learn."""
    generator = np.random.default_rng(seed)
    found = [make() for make in (
        images.astronaut, images.page, images.text, images.clock,
        images.immunohistochemistry, images.hubble_deep_field, images.cell,
        images.retina, images.microaneurysms,
        lambda: images.stereo_motorcycle()[0],
    )] + load_sample_images().images
    for _ in range(count):
        picture = found[generator.integers(len(found))]
        side = int(generator.integers(80, min(picture.shape[:2])))
        top, left = (
            generator.integers(0, size - side + 1)
            for size in picture.shape[:2]
        )
        part = picture[top : top + side, left : left + side]
        yield np.asarray(Image.fromarray(part).resize((SIDE, SIDE)))


def mixed(digits: np.ndarray, seed: int) -> Iterator[np.ndarray]:
    """Make one image (28, 28) of two digits: of halves, or one over another."""
    generator = np.random.default_rng(seed)
    half = len(digits) // 2
    for number, (one, other) in enumerate(
        zip(digits[:half], digits[half:], strict=False)
    ):
        if number % 3 == 0:
            yield np.concatenate([one[:14], other[14:]])
        elif number % 3 == 1:
            yield np.concatenate([one[:, :14], other[:, 14:]], axis=1)
        else:
            yield np.maximum(
                one, np.roll(other.T, generator.integers(-4, 5), 0)
            )


def worn(digits: np.ndarray, seed: int) -> Iterator[np.ndarray]:
    """Blur, thicken, thin and coarsen digits (28, 28)."""
    generator = np.random.default_rng(seed)
    for number, digit in enumerate(digits):
        if number % 4 == 0:
            sigma = generator.uniform(0.5, 1.2)
            yield (1.5 * ndimage.gaussian_filter(digit, sigma)).clip(0, 1)
        elif number % 4 == 1:
            yield ndimage.grey_dilation(digit, (2, 2))
        elif number % 4 == 2:
            thin = ndimage.grey_erosion(digit, (2, 1))
            yield thin if (thin > 0.5).sum() > 20 else digit
        else:
            inner = Image.fromarray(np.uint8(255 * digit[4:24, 4:24]))
            small = inner.resize((8, 8), Image.Resampling.BOX)
            large = small.resize((80, 80), Image.Resampling.BICUBIC)
            yield np.asarray(large) / 255


def bent(digits: np.ndarray, seed: int) -> Iterator[np.ndarray]:
    """Turn digits, and draw a third of them with a pen of other widths."""
    generator = np.random.default_rng(seed)
    for number, digit in enumerate(digits):
        thin = 0 if number % 3 else int(generator.integers(2, 7))
        yield paper.stroke(
            np.uint8(255 * digit), 60, generator.uniform(-12, 12), thin
        )


def coarse() -> Iterator[np.ndarray]:
    """Enlarge scikit-learn's digits that are not counted."""
    for small in load_digits().images[800:]:
        grey = np.uint8(np.round(255 * (1 - small / 16)))
        yield np.asarray(Image.fromarray(grey).resize(
            (80, 80), Image.Resampling.BICUBIC
        ))


def as_seen(pictures: Iterator[np.ndarray], find: Callable) -> np.ndarray:
    """Find digits in pictures: images (n, 28, 28, 1), at most 4 of each."""
    return np.stack([
        digit.image for picture in pictures for digit in find(picture)[:4]
    ])


def as_mnist(inks: Iterator[np.ndarray]) -> np.ndarray:
    """Bring ink (h, w) into MNIST's form: images (n, 28, 28, 1)."""
    inked = (np.where(ink > 0.15, ink, 0) for ink in inks)
    return np.stack([
        handwriting.centred(ink) for ink in inked if ink.any()
    ])


def on_paper(digits: np.ndarray, seed: int) -> Iterator[np.ndarray]:
    """Write digits (n, 28, 28) on paper of all kinds that is counted."""
    kinds = list(paper.KINDS)
    for number in range(len(digits) - 4):
        written = np.uint8(255 * digits[number : number + 4])
        yield paper.compose(
            kinds[number % len(kinds)], written, seed + number
        )


def as_ink(drawn: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """Say how dark drawings are, from 0 (paper) to 1 (ink)."""
    for picture in drawn:
        yield ((PAPER - np.float32(picture)) / (PAPER - INK)).clip(0, 1)


def digits(part: data.Part, find: Callable) -> list[np.ndarray]:
    """Give images of digits, as MNIST's are and otherwise."""
    grey = part.images[..., 0]
    return [
        part.images[:6_000],
        as_mnist(worn(grey[30_000:34_000], 1)),
        as_mnist(bent(grey[40_000:43_000], 2)),
        as_seen(coarse(), find),
        as_seen(characters("0123456789", FONTS, 700, 3), find),
        as_seen(on_paper(grey[50_000:53_004], 10_000_019), find),
    ]


def others(part: data.Part, find: Callable) -> list[np.ndarray]:
    """Give images of what is no digit."""
    return [
        as_seen(characters(odd.LETTERS, FONTS, 1_200, 4), find),
        as_seen(characters(SYMBOLS, SYMBOL_FONTS, 1_000, 5), find),
        as_seen(photos(700, 9), find),
        *(as_mnist(as_ink(drawn)) for drawn in (
            glyphs.glyphs(5_000, 11), scribbles(1_200, 6), strokes(1_800, 12),
            tangles(1_200, 13), outlines(800, 7), blots(800, 8),
        )),
        as_mnist(mixed(part.images[20_000:26_000, ..., 0], 10)),
    ]

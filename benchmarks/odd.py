"""Pictures that show no digit: what should be refused. Seeded."""

from collections.abc import Callable, Iterator
from itertools import count as count_up
from itertools import islice
from pathlib import Path

import matplotlib
import numpy as np
import paper
from PIL import Image, ImageDraw, ImageFont
from skimage import data as images

# Without those that are written as digits are, such as O, l, S, Z, B, g, q.
LETTERS = "ACEFGHJKMNPRTUVWXYadefhkmnprtuvwx"
SYMBOLS = "@#&%?+*=<>ΔΣΨΩΞ∞≠♥♠♣★☂☃✈♫"
FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
SIDE = 200
PAPER, INK = 245, 40
ALIKE = "shapes like a 1 or an 8"
BAR, FLATTEST = 0.25, 40  # of its length; degrees


def _seeds(
    count: int | None, half: int
) -> Iterator[np.random.Generator]:
    for number in islice(count_up(), count):
        yield np.random.default_rng([number, half, 18])


def sheet() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """Give an empty sheet, and a pen on it."""
    picture = Image.new("L", (SIDE, SIDE), PAPER)
    return picture, ImageDraw.Draw(picture)


def character(text: str, font: str, size: int) -> Image.Image:
    """Write one character in the middle, in a font of matplotlib's."""
    picture, pen = sheet()
    pen.text(
        (SIDE / 2, SIDE / 2), text, fill=INK, anchor="mm",
        font=ImageFont.truetype(FONTS / f"{font}.ttf", size),
    )
    return picture


def written(characters: str, fonts: tuple[str, ...]) -> Callable:
    """Write characters in fonts of matplotlib's, one a picture."""
    def make(count: int, half: int) -> Iterator[np.ndarray]:
        for generator in _seeds(count, half):
            font = str(generator.choice(fonts))
            yield np.asarray(character(
                str(generator.choice(list(characters))), font,
                int(generator.integers(90, 140)),
            ))
    return make


def faces(count: int, half: int) -> Iterator[np.ndarray]:
    """Give faces, enlarged: scikit-image's, of Labeled Faces in the Wild."""
    found = images.lfw_subset()[:100]
    for number in range(min(count, 50)):
        face = np.uint8(255 * found[2 * number + half])
        yield np.asarray(Image.fromarray(face).resize((SIDE, SIDE)))


def textures(count: int, half: int) -> Iterator[np.ndarray]:
    """Cut parts out of scikit-image's photos of things and surfaces."""
    found = [
        make() for make in (images.brick, images.grass, images.gravel,
                            images.camera, images.coins, images.moon,
                            images.chelsea, images.coffee, images.rocket)
    ]
    for generator in _seeds(count, half):
        picture = found[generator.integers(len(found))]
        top, left = (
            generator.integers(0, size - SIDE) for size in picture.shape[:2]
        )
        yield picture[top : top + SIDE, left : left + SIDE]


def empty(count: int, half: int) -> Iterator[np.ndarray]:
    """Leave paper of all kinds empty."""
    blank, names = np.zeros((4, 28, 28), np.uint8), list(paper.KINDS)
    for number in range(count):
        kind = names[number % len(names)]
        yield paper.compose(kind, blank, 2 * number + half)


def shapes(alike: bool) -> Callable:
    """Draw triangles, quadrangles, stars and zigzags, with a pen.

    Without what is round, as a 0 is: of five corners or more, the pen's way
    from one to the next is at random. Some are drawn as digits are, whatever
    any network says of them: those alone with `alike`, or all the others.
    """
    def make(count: int, half: int) -> Iterator[np.ndarray]:
        drawn = (_polygon(generator) for generator in _seeds(None, half))
        found = (
            (places, width) for places, width in drawn
            if (is_one(places, width) or is_eight(places)) == alike
        )
        for places, width in islice(found, count):
            points = [tuple(place) for place in places]
            picture, pen = sheet()
            pen.line([*points, *points[:2]], INK, width, "curve")
            yield np.asarray(picture)
    return make


def _polygon(generator: np.random.Generator) -> tuple[np.ndarray, int]:
    """Choose corners (n, 2) on a circle, x and y, and the pen's width."""
    corners = int(generator.choice([3, 4, 5, 8]))
    angles = np.sort(generator.uniform(0, 2 * np.pi, corners))
    if corners > 4 or generator.random() < 0.5:  # crosses itself
        angles = generator.permutation(angles)
    places = SIDE / 2 + 70 * np.stack([np.cos(angles), np.sin(angles)], 1)
    return places, int(generator.integers(5, 12))


def is_one(places: np.ndarray, width: int) -> bool:
    """Say whether what a pen draws is a bar, upright or slanted as a 1 is.

    Narrower, in its narrowest direction, than a quarter of its length.
    """
    directions = np.deg2rad(np.arange(180))
    along = places @ np.stack([np.cos(directions), np.sin(directions)])
    extents = np.ptp(along, axis=0) + width
    narrowest = int(extents.argmin())
    length = extents[(narrowest + 90) % 180]
    flat = abs(narrowest - 90)  # degrees between a bar and the horizontal
    return extents.min() < BAR * length and flat > FLATTEST


def is_eight(places: np.ndarray) -> bool:
    """Say whether corners (n, 2) make a quadrangle of two loops, an 8.

    Higher than wide, with two sides that cross, while the other two are its
    top and its bottom, neither less than a third as long as the other.
    """
    width, height = np.ptp(places, axis=0)
    if len(places) != 4 or width > height:
        return False
    for a, b, c, d in (places, np.roll(places, 1, axis=0)):
        if _cross(a, b, c, d):
            across, down = abs((b + c) - (d + a))
            sides = sorted(np.linalg.norm([b - c, d - a], axis=1))
            return bool(down > across and 3 * sides[0] > sides[1])
    return False


def _cross(a, b, c, d) -> bool:
    """Say whether the way from a to b crosses that from c to d."""
    def turn(one, two, three):
        (x, y), (v, w) = two - one, three - one
        return x * w - y * v

    return (turn(a, b, c) * turn(a, b, d) < 0
            and turn(c, d, a) * turn(c, d, b) < 0)


KINDS = {
    "letters": written(
        LETTERS, ("DejaVuSans", "DejaVuSerif", "DejaVuSansMono-Bold", "cmr10")
    ),
    "symbols": written(SYMBOLS, ("DejaVuSans", "DejaVuSans-Bold")),
    "shapes": shapes(alike=False),
    ALIKE: shapes(alike=True),
    "faces": faces,
    "textures and photos": textures,
    "empty paper": empty,
}

"""Pictures that show no digit: what should be refused. Seeded."""

from collections.abc import Callable, Iterator
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


def _seeds(count: int, half: int) -> Iterator[np.random.Generator]:
    for number in range(count):
        yield np.random.default_rng([number, half, 18])


def written(characters: str, fonts: tuple[str, ...]) -> Callable:
    """Write characters in fonts of matplotlib's, one a picture."""
    def make(count: int, half: int) -> Iterator[np.ndarray]:
        for generator in _seeds(count, half):
            font = FONTS / f"{generator.choice(fonts)}.ttf"
            picture = Image.new("L", (SIDE, SIDE), 245)
            ImageDraw.Draw(picture).text(
                (SIDE / 2, SIDE / 2), str(generator.choice(list(characters))),
                fill=40, anchor="mm",
                font=ImageFont.truetype(font, int(generator.integers(90, 140))),
            )
            yield np.asarray(picture)
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


def shapes(count: int, half: int) -> Iterator[np.ndarray]:
    """Draw triangles, quadrangles, stars and zigzags, with a pen.

    Without what is round, as a 0 is: of five corners or more, the pen's way
    from one to the next is at random.
    """
    for generator in _seeds(count, half):
        corners = int(generator.choice([3, 4, 5, 8]))
        angles = np.sort(generator.uniform(0, 2 * np.pi, corners))
        if corners > 4 or generator.random() < 0.5:  # crosses itself
            angles = generator.permutation(angles)
        places = SIDE / 2 + 70 * np.stack([np.cos(angles), np.sin(angles)], 1)
        points = [tuple(place) for place in places]
        picture = Image.new("L", (SIDE, SIDE), 245)
        ImageDraw.Draw(picture).line(
            [*points, *points[:2]], fill=40, joint="curve",
            width=int(generator.integers(5, 12)),
        )
        yield np.asarray(picture)


KINDS = {
    "letters": written(
        LETTERS, ("DejaVuSans", "DejaVuSerif", "DejaVuSansMono-Bold", "cmr10")
    ),
    "symbols": written(SYMBOLS, ("DejaVuSans", "DejaVuSans-Bold")),
    "shapes": shapes,
    "faces": faces,
    "textures and photos": textures,
    "empty paper": empty,
}

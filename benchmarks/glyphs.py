"""Characters of matplotlib's fonts that are no digits, for `doubt.py`.

Thousands, of all scripts and of mathematics, pushed out of shape. Left out, by
Unicode's names and decompositions, is what is a digit (`²`, `①`), what is
written as one is (letters such as O, S and l, circles, bars), and all that
`pictures.py` counts, also in other forms: neither `?` nor `⁇` is learned.
"""

import unicodedata
from collections.abc import Iterator
from functools import cache

import numpy as np
import odd
from matplotlib.ft2font import FT2Font
from PIL import Image

FONTS = ("DejaVuSansMono", "DejaVuSerif", "DejaVuSerif-Bold",
         "DejaVuSerif-Italic", "STIXGeneral", "STIXGeneralBol")
# From the first character to the last of it: letters and marks of all
# scripts; arrows, mathematics and boxes; geometrical shapes, and pictures.
BLOCKS = ((0xA1, 0x2000), (0x2010, 0x25A0), (0x25A0, 0x2800))
ALIKE = "οσθφΟΘΦОоФфЗзЅѕІіЇїЈјЬьЪъБбЧчлаᴏ"
NAMES_ALIKE = ("CIRCLE", "VERTICAL", "SOLIDUS", "PRIME", "DASHES", "COMMA",
               "DIAGONAL")
FULL = 40  # pixels of ink at least


def glyphs(count: int, seed: int) -> Iterator[np.ndarray]:
    """Write characters, as many of each block, turned, slanted, stretched."""
    generator = np.random.default_rng(seed)
    made = 0
    while made < count:
        font = str(generator.choice(FONTS))
        choice = characters(font, BLOCKS[made % len(BLOCKS)])
        picture = odd.character(
            str(generator.choice(choice)), font,
            int(generator.integers(80, 130)),
        )
        found = np.asarray(pushed(picture, generator))
        if (found < (odd.PAPER + odd.INK) / 2).sum() >= FULL:  # not of spaces
            made += 1
            yield found


@cache
def characters(font: str, block: tuple[int, int]) -> list[str]:
    """List the letters, signs and marks of a font that are no digits."""
    return [
        chr(number)
        for number in sorted(FT2Font(odd.FONTS / f"{font}.ttf").get_charmap())
        if block[0] <= number < block[1] and is_other(chr(number))
    ]


def is_other(character: str) -> bool:
    """Say whether a character is no digit, nor written as one, nor counted."""
    name = unicodedata.name(character, "")
    parts = unicodedata.normalize("NFKD", character)
    return (
        unicodedata.category(character)[0] in "LPS"
        and not any(alike in name for alike in NAMES_ALIKE)
        and not set(parts) & {*odd.SYMBOLS, *ALIKE, *"0123456789"}
        and all(
            part in odd.LETTERS for part in parts
            if part.isascii() and part.isalpha()
        )
    )


def pushed(
    picture: Image.Image, generator: np.random.Generator
) -> Image.Image:
    """Turn, slant and stretch a picture around its middle."""
    turn = np.deg2rad(generator.uniform(-25, 25))
    slant = generator.uniform(-0.4, 0.4)
    stretch = np.exp(generator.uniform(-0.4, 0.4))
    matrix = np.array([
        [np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)],
    ]) @ [[stretch, slant], [0, 1 / stretch]]
    middle = np.array(picture.size) / 2
    offset = middle - matrix @ middle
    return picture.transform(
        picture.size, Image.Transform.AFFINE,
        [*matrix[0], offset[0], *matrix[1], offset[1]],
        Image.Resampling.BICUBIC, fillcolor=odd.PAPER,
    )

"""Fonts for letters that the report's own fonts do not have.

DejaVu comes with matplotlib, so that Greek, Cyrillic, Arabic, Hebrew, Armenian
and Georgian look the same on every machine; for other scripts, the fonts of
the machine are looked through.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import matplotlib
from fontTools import unicodedata as scripts
from fontTools.ttLib import TTCollection, TTFont, TTLibError
from matplotlib import font_manager

DEJAVU = Path(matplotlib.get_data_path()) / "fonts/ttf"
# What both Latin Modern and Libertinus Serif, the fonts of the two PDFs, have.
OWN = frozenset(
    [chr(code) for code in (*range(0x20, 0x7F), *range(0xA0, 0x17F),
                            *range(0x1EA0, 0x1EFA))]
) - set("\xadĸŉŦŧ") | set("ȘșȚț‐–—‘’‚“”„…€")
# Joiners and selectors have no look of their own.
UNSEEN = re.compile(
    "[\xad\u200b-\u200f\u2060\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
# Of a family, the upright one of normal weight and width.
NOT_NORMAL = re.compile(
    r"bold|italic|oblique|light|thin|black|heavy|medium|cond|mono|display|"
    r"semi|extra|narrow|looped|fallback|lastresort", re.IGNORECASE,
)
# TeX would take these for itself.
UNSAFE = re.compile(r"[#%~{}\\^$&\"]")
PREFERRED = ("DejaVuSerif.", "DejaVuSans.", "NotoSerif", "NotoSans",
             "NotoNaskh", "Noto", "FreeSerif")
COMMON = ("Zyyy", "Zinh", "Zzzz")  # of no script
CJK = {"Hira": "JP", "Kana": "JP", "Hang": "KR", "Bopo": "TC"}


class MissingFont(Exception):
    """No font of this machine has a letter."""


@dataclass(frozen=True)
class Font:
    """A font's file, its place in a file of several, and its family."""

    file: Path
    index: int
    family: str


def script_of(text: str) -> str:
    """Name the script of the first letter that has one, as ISO 15924."""
    found = (scripts.script(letter) for letter in text)
    return next((name for name in found if name not in COMMON), "Zyyy")


def find(piece: str, language: str) -> Font:
    """Find the first font that has all letters of a piece of text.

    `language` is as `language_of` gives it. Raises `MissingFont` with a
    letter that none has and the package to install.
    """
    found = look_for(piece, language)
    if found is None:
        raise MissingFont(_complaint(piece, language))
    return found


def language_of(text: str) -> str:
    """Say as whose the Chinese characters of a text are to be drawn.

    Fonts name them so: JP, KR, TC or SC.
    """
    found = {CJK.get(scripts.script(letter)) for letter in text} - {None}
    return min(found, default="SC")


@cache
def look_for(piece: str, language: str) -> Font | None:
    """Find a font as `find` does, or give nothing."""
    for file in _files():
        fonts = sorted(_fonts(file), key=lambda font: language not in
                       font.family.split())
        for font in fonts:
            if has(font, piece):
                return font
    return None


def has(font: Font, piece: str) -> bool:
    """Tell whether a font has all letters of a piece of text."""
    return _letters(font).issuperset(map(ord, UNSEEN.sub("", piece)))


@cache
def _files() -> list[Path]:
    """List this machine's fonts of normal look, the preferred ones first."""
    found = {
        Path(name) for name in font_manager.findSystemFonts()
        if not NOT_NORMAL.search(Path(name).stem) and not UNSAFE.search(name)
        and "dejavu" not in name.lower()
    } | {DEJAVU / "DejaVuSerif.ttf", DEJAVU / "DejaVuSans.ttf"}

    def rank(file: Path) -> tuple[int, str]:
        places = [place for place, start in enumerate(PREFERRED)
                  if file.name.startswith(start)]
        return min(places, default=len(PREFERRED)), file.name

    return sorted(found, key=rank)


@cache
def _fonts(file: Path) -> tuple[Font, ...]:
    """List the fonts of a file that are drawn by outlines, if it can be read.

    Bitmaps, as those of most emoji in colour, can't be put into a PDF by
    LaTeX.
    """
    try:
        members = (
            TTCollection(file, lazy=True).fonts
            if file.suffix.lower() in (".ttc", ".otc")
            else [TTFont(file, lazy=True)]
        )
        return tuple(
            Font(file, index, member["name"].getBestFamilyName() or "")
            for index, member in enumerate(members)
            if {"glyf", "CFF "} & set(member.keys())
        )
    except (OSError, TTLibError, KeyError, AssertionError, ValueError):
        return ()


@cache
def _letters(font: Font) -> frozenset[int]:
    with TTFont(font.file, fontNumber=font.index, lazy=True) as opened:
        return frozenset(opened.getBestCmap() or ())


def _complaint(piece: str, language: str) -> str:
    letter = next(
        letter for letter in piece
        if letter not in OWN and not look_for(letter, language)
    )
    script = scripts.script(letter)
    package = (
        "fonts-noto-cjk" if script in ("Hani", *CJK) else
        "fonts-symbola" if script in COMMON else
        "fonts-noto-core or fonts-noto-extra"
    )
    return (
        f"no font on this machine has {letter} (U+{ord(letter):04X}, "
        f"{unicodedata.name(letter, 'a letter without a name')}), so that the "
        f"PDF would be blank there; install {package} (Debian, Ubuntu), or "
        f"a font from https://notofonts.github.io"
    )

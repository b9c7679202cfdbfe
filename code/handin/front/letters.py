"""Text cut into runs of one font each, for LaTeX and Typst.

front-page.lua asks for the runs of what group.yml says, as JSON.
"""

import json
import re
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from handin.front import fonts
from handin.front.fonts import Font

# As fontspec calls them, whose letters change with their neighbours.
FONTSPEC = {
    "Arab": "Arabic", "Armn": "Armenian", "Beng": "Bengali", "Deva":
    "Devanagari", "Ethi": "Ethiopic", "Geor": "Georgian", "Gujr": "Gujarati",
    "Guru": "Gurmukhi", "Hebr": "Hebrew", "Khmr": "Khmer", "Knda": "Kannada",
    "Laoo": "Lao", "Mlym": "Malayalam", "Mymr": "Myanmar", "Orya": "Oriya",
    "Sinh": "Sinhala", "Syrc": "Syriac", "Taml": "Tamil", "Telu": "Telugu",
    "Thaa": "Thaana", "Thai": "Thai", "Tibt": "Tibetan",
}


@dataclass(frozen=True)
class Run:
    """Text in one font; None is the report's own."""

    text: str
    font: Font | None = None

    @property
    def script(self) -> str:
        """The script that the text is in."""
        return fonts.script_of(self.text)

    @property
    def leftward(self) -> bool:
        """Whether it is read from right to left."""
        return any(unicodedata.bidirectional(letter) in ("R", "AL")
                   for letter in self.text)


def runs(text: str) -> list[Run]:
    """Cut a text into runs of one font each.

    Accents are joined with their letters where Unicode has both as one.
    Raises `fonts.MissingFont` with the letter and the package to install.
    """
    found: list[Run] = []
    language = fonts.language_of(text)
    for piece in _pieces(unicodedata.normalize("NFC", text), language):
        font = None if _is_own(piece) else fonts.find(piece, language)
        if found and _belong(found[-1], piece, font):
            found[-1] = replace(found[-1], text=found[-1].text + piece)
        # What stands between two words of a font is set in it as well: so
        # several words from right to left stay in their order.
        elif (len(found) > 1 and font and _belong(found[-2], piece, font)
                and not re.search("[A-Za-z]", found[-1].text)
                and fonts.has(font, found[-1].text)):
            between = found.pop().text
            found[-1] = replace(found[-1], text=found[-1].text + between
                                + piece)
        else:
            found.append(Run(piece, font))
    return found


def _pieces(text: str, language: str) -> Iterator[str]:
    """Cut a text into words, which are to have one font, and the rest."""
    for is_word, letters in groupby(text, _is_of_word):
        piece = "".join(letters)
        whole = not is_word or _is_own(piece)
        if whole or fonts.look_for(piece, language):
            yield piece
        else:  # no font has all of the word
            yield from _clusters(piece)


def _belong(run: Run, piece: str, font: Font | None) -> bool:
    """Tell whether a piece is set as the run is."""
    return run.font == font and (
        font is None or run.script == fonts.script_of(piece)
    )


def _is_of_word(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LMN" or (
        fonts.UNSEEN.match(letter) is not None
    ) or letter not in fonts.OWN


def _clusters(word: str) -> list[str]:
    """Cut a word into letters, each with its accents."""
    found: list[str] = []
    for letter in word:
        is_mark = unicodedata.category(letter)[0] == "M"
        if found and (is_mark or fonts.UNSEEN.match(letter)):
            found[-1] += letter
        else:
            found.append(letter)
    return found


def _is_own(piece: str) -> bool:
    return fonts.OWN.issuperset(piece)


def marked(text: str, form: str) -> list[dict[str, str]]:
    """Give the runs of a text with what LaTeX or Typst needs around them."""
    around = _latex if form == "latex" else _typst
    found = []
    for run in runs(text):
        before, after = around(run) if run.font else ("", "")
        found.append({
            "text": fonts.UNSEEN.sub("", run.text) if run.script == "Zyyy"
            else run.text, "before": before, "after": after,
        })
    return found


def _latex(run: Run) -> tuple[str, str]:
    options = [f"Path={{{run.font.file.parent.as_posix()}/}}"]
    if run.font.file.suffix.lower() in (".ttc", ".otc"):
        options.append(f"FontIndex={run.font.index}")
    if run.script in FONTSPEC:
        options.append(f"Script={FONTSPEC[run.script]}")
    before = f"{{\\fontspec[{','.join(options)}]{{{run.font.file.name}}}"
    if run.leftward:
        return f"\\beginR{before}", "}\\endR{}"
    return before, "}"


def _typst(run: Run) -> tuple[str, str]:
    return f'#text(font: "{run.font.family}")[', "]"


def main() -> None:
    """Read texts as a JSON list from standard input; write their runs."""
    sys.stdin.reconfigure(encoding="utf-8")
    try:
        found = [marked(text, sys.argv[1]) for text in json.load(sys.stdin)]
    except fonts.MissingFont as error:
        sys.exit(f"front page: {error}")
    print(json.dumps(found))

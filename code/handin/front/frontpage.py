"""The front page: what group.yml must say, and whether the PDF says it."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

from pypdf import PdfReader

from handin import pdf
from handin.front.fonts import UNSEEN
from handin.reading import ReadingError, parse_yaml

ENTRIES = ("course", "assignment", "group", "authors", "date")
AUTHOR = ("name", "hours")
PAGES = 2  # of the PDF, which the front page may take
# Typographers' signs for what is typed.
TYPED = str.maketrans("‘’“”–—", "''\"\"--")


def front_page(text: str) -> list[str]:
    """List what group.yml does not say, or says with a [placeholder]."""
    try:
        page = parse_yaml(text, "group.yml")["front-page"]
        authors = page.get("authors") or []
        entries = {key: page.get(key) for key in ENTRIES} | {
            f"{key} of author {number}": author.get(key)
            for number, author in enumerate(authors, 1) for key in AUTHOR
        }
    except ReadingError as error:
        return [str(error)]
    except (AttributeError, LookupError, TypeError) as error:
        return [
            f"group.yml: not of the form that the front page takes ({error!r})"
        ]
    return [
        f"group.yml: {name} is {entry!r}; fill it in"
        for name, entry in entries.items()
        if entry in (None, "", [])
        or (isinstance(entry, str) and re.search(r"^\s*$|\[.*\]", entry))
    ]


def texts(text: str) -> list[str]:
    """List the texts that group.yml has the front page print, as written.

    There are none where it is not of the form that the front page takes.
    """
    try:
        page = parse_yaml(text, "group.yml", as_written=True)["front-page"]
        return [entry for key in ENTRIES for entry in _leaves(page.get(key))]
    except (ReadingError, AttributeError, LookupError, TypeError):
        return []


def _leaves(entry) -> Iterator[str]:
    if isinstance(entry, str):
        yield entry
    elif isinstance(entry, list):
        for author in entry:
            for key in AUTHOR:
                yield from _leaves(author.get(key))


def not_printed(reader: PdfReader, text: str) -> list[str]:
    """List the texts of group.yml that the PDF's front page does not print.

    A word is looked for as it is written, and as it is drawn where it is read
    from right to left. Accents and vowel signs may be drawn apart from their
    letters: those have to be there in order, and all signs in their number.
    """
    pages = reader.pages[:PAGES]
    printed = [_letters(pdf.written(page)) for page in pages]
    blank = sum(pdf.blank_letters(page) for page in pages)
    there = Counter("".join(printed))
    problems = [
        f"group.yml: {entry!r} is not in the PDF as it is written"
        for entry in texts(text)
        if not all(
            any(_is_in(word, page) for page in printed)
            and not Counter(word) - there
            for word in map(_letters, entry.split())
        )
    ]
    if blank:
        problems.append(f"{blank} letters of the front page are blank: their "
                        "font does not have them")
    return problems


def _letters(text: str) -> str:
    """Reduce a text to its letters and signs, taken apart, without spaces."""
    text = unicodedata.normalize("NFKD", UNSEEN.sub("", text).translate(TYPED))
    return "".join(text.split())


def _is_in(word: str, page: str) -> bool:
    if word in page or word[::-1] in page:
        return True
    base = [letter for letter in word if unicodedata.category(letter)[0] != "M"]
    return len(base) < len(word) and any(
        re.search(".{0,4}".join(map(re.escape, order)), page)
        for order in (base, base[::-1])
    )

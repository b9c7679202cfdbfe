"""The one way to read a text file that a person edits.

What can't be read is told in one line: the file, the line, what is wrong with
it and how to mend it.
"""

import codecs
from pathlib import Path
from typing import Any

import yaml

# What a render reads and people write.
EDITED = ("report.qmd", "group.yml", "assignment.yml", "words.txt",
          "references.bib", "_quarto.yml")
# The longer marks first: that of UTF-32 begins with that of UTF-16.
MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32", codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16",
}
LONGEST_QUOTE = 60  # characters of a line that is shown


class ReadingError(Exception):
    """A file's text can't be read; says where, and how to mend it."""


def read_text(file: Path) -> str:
    """Read a text file in UTF-8, whatever its line ends, with a mark or not.

    Raises `ReadingError` where it is in another encoding, and `OSError` where
    it can't be opened.
    """
    content = file.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReadingError(_complaint(file, content, error.start)) from None
    if "\0" in text:
        raise ReadingError(_complaint(file, content, text.index("\0")))
    return text.replace("\r\n", "\n").replace("\r", "\n")


def check_all(root: Path) -> None:
    """Raise `ReadingError` where a file that people edit can't be read."""
    for name in EDITED:
        if (root / name).is_file():
            text = read_text(root / name)
            if name.endswith(".yml"):
                parse_yaml(text, name)


def parse_yaml(text: str, name: str, as_written: bool = False) -> Any:
    """Parse YAML; `as_written` leaves numbers and dates the texts they are.

    Raises `ReadingError` with the file's name, the line and the column.
    """
    loader = yaml.BaseLoader if as_written else yaml.SafeLoader
    try:
        return loader(text).get_single_data()
    except yaml.MarkedYAMLError as error:
        place = error.problem_mark or error.context_mark
        where = f"line {place.line + 1}, column {place.column + 1}"
        what = error.problem or error.context
        raise ReadingError(f"{name}, {where}: {what}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        column = error.position - text.rfind("\n", 0, error.position)
        raise ReadingError(
            f"{name}, line {line}, column {column}: the character "
            f"U+{error.character:04X}, which YAML does not allow"
        ) from None
    except (ValueError, RecursionError) as error:
        raise ReadingError(f"{name}: {error}") from None


def _complaint(file: Path, content: bytes, start: int) -> str:
    """Say what encoding a file has that is not UTF-8, as far as one can."""
    line = content.count(b"\n", 0, start) + 1
    found = next(
        (name for mark, name in MARKS.items() if content.startswith(mark)), ""
    ) or _without_mark(content)
    if found:
        what = f"it is in {found}"
    else:
        shown = content.splitlines()[line - 1].decode("cp1252", "replace")
        found = "WINDOWS-1252"
        what = (
            f"line {line} is not in UTF-8; in Windows-1252, which is Latin-1 "
            f"with more, it would read: {shown.strip()[:LONGEST_QUOTE]}"
        )
    return (
        f"{file.name}, line {line}: {what}. Save it as UTF-8 (in an editor: "
        "Save with Encoding, UTF-8), or, if that is its encoding: "
        f"iconv -f {found} -t UTF-8 {file.name} > new-{file.name}"
    )


def _without_mark(content: bytes) -> str:
    """Know UTF-16 by the zeros that are every second byte of its letters."""
    if b"\0" not in content:
        return ""
    return "UTF-16BE" if content.startswith(b"\0") else "UTF-16LE"

"""What is right and wrong with a PDF, and a mark across its pages."""

import io
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.generic import ContentStream, StreamObject

# A heading higher than this share of its page has no text above it.
TOP = 0.85


class PdfError(Exception):
    """A file can't be read as PDF."""


def read(path: Path) -> PdfReader:
    """Open a PDF and read all of its pages.

    Raises `PdfError` where it is missing, damaged, locked or empty.
    """
    try:
        reader = PdfReader(path)
        locked = reader.is_encrypted
        text = "" if locked else text_of(reader)
    except Exception as error:  # decoders raise nearly anything
        raise PdfError(f"{path.name} can't be read ({error})") from error
    if locked or not text.strip():
        what = "asks for a password" if locked else "has no text"
        raise PdfError(f"{path.name} {what}")
    return reader


@lru_cache(maxsize=2)
def texts(reader: PdfReader) -> tuple[str, ...]:
    """Give the text of each page; each is read once, which takes a while."""
    return tuple(page.extract_text() for page in reader.pages)


def text_of(reader: PdfReader) -> str:
    """Give the text of all pages."""
    return "\n".join(texts(reader))


def written(page: PageObject) -> str:
    """Give a page's text, and the words that LaTeX kept beside its glyphs.

    Of what is read from right to left, or of letters that change places, only
    the latter have the order in which they were written.
    """
    kept = [
        operands[1]["/ActualText"]
        for operands, operator in _operations(page)
        if operator == b"BDC" and "/ActualText" in _part(operands, 1)
    ]
    return "\n".join([page.extract_text(), " ".join(kept)])


def blank_letters(page: PageObject) -> int:
    """Count the letters of a page that their font does not have.

    In their place is the font's first glyph, which is blank or a box. Only
    fonts whose glyphs the page names by number are looked at, which are those
    of XeLaTeX and Typst.
    """
    fonts = _part(_part(page, "/Resources"), "/Font")
    count, wide = 0, False
    for operands, operator in _operations(page):
        if operator == b"Tf":
            wide = _numbers_glyphs(fonts[operands[0]].get_object())
        elif wide and operator in (b"Tj", b"TJ"):
            parts = operands[0] if operator == b"TJ" else operands
            for part in parts:
                glyphs = getattr(part, "original_bytes", b"")
                count += sum(
                    not any(glyphs[place:place + 2])
                    for place in range(0, len(glyphs), 2)
                )
    return count


def _numbers_glyphs(font) -> bool:
    """Tell whether a font's text is of its glyphs' numbers, two bytes each."""
    return _part(font, "/Encoding") == "/Identity-H" and not any(
        isinstance(_part(inner.get_object(), "/CIDToGIDMap"), StreamObject)
        for inner in _part(font, "/DescendantFonts")
    )


def _operations(page: PageObject) -> list:
    return ContentStream(page.get_contents(), page.pdf).operations


def fonts_outside(reader: PdfReader) -> list[str]:
    """Name the fonts that a reader's machine would have to have."""
    found = {
        str(font.get("/BaseFont", "a font without a name"))
        for page in reader.pages
        for font in _fonts(_part(page, "/Resources"), set())
        if not _is_inside(font)
    }
    return sorted(name.removeprefix("/") for name in found)


def _fonts(resources, seen: set[int]) -> Iterator:
    """Walk through resources and those of the drawings inside them."""
    if id(resources) in seen:
        return
    seen.add(id(resources))
    for font in _part(resources, "/Font").values():
        yield font.get_object()
    for kind in ("/XObject", "/Pattern"):
        for drawing in _part(resources, kind).values():
            inner = _part(drawing.get_object(), "/Resources")
            yield from _fonts(inner, seen)


def _part(whole, key: str):
    """Look up what a reference leads to, or give nothing."""
    try:
        return whole[key]
    except (KeyError, IndexError):
        return {}


def _is_inside(font) -> bool:
    if font["/Subtype"] == "/Type3":  # its letters are drawings of its own
        return True
    for inner in _part(font, "/DescendantFonts"):
        return _is_inside(inner.get_object())
    description = _part(font, "/FontDescriptor")
    return any(f"/FontFile{kind}" in description for kind in ("", "2", "3"))


def headings(reader: PdfReader) -> list[tuple[str, int, bool]]:
    """List the outline: title, number of the page, and if it is at its top."""

    found = []
    for entry in _flat(reader.outline):
        number = reader.get_destination_page_number(entry)
        height = float(reader.pages[number].mediabox.height)
        top = float(entry.get("/Top") or height)
        found.append((entry.title.strip(), number + 1, top > TOP * height))
    return found


def heights(reader: PdfReader) -> list[tuple[str, float]]:
    """List the outline's titles with their heights on the page, in points."""
    return [
        (entry.title.strip(), float(entry["/Top"]))
        for entry in _flat(reader.outline) if entry.get("/Top") is not None
    ]


def _flat(entries) -> Iterator:
    for entry in entries:
        if isinstance(entry, list):
            yield from _flat(entry)
        else:
            yield entry


def body_pages(reader: PdfReader, end: str) -> int:
    """Count the pages from the first heading to the heading `end`.

    The title page is not among them, nor what follows `end`. Raises
    `PdfError` where no heading has that title.
    """
    found = headings(reader)
    for title, page, at_top in found:
        if title == end:
            return page - at_top - found[0][1] + 1
    raise PdfError(f"the PDF's outline has no heading {end!r}")


def dead_links(reader: PdfReader) -> list[str]:
    """Name the links within the document that lead nowhere."""
    targets = set(reader.named_destinations)
    found = []
    for number, page in enumerate(reader.pages, 1):
        for note in _part(page, "/Annots"):
            link = note.get_object()
            target = _part(link, "/Dest") or _part(_part(link, "/A"), "/D")
            if isinstance(target, str) and target not in targets:
                found.append(f"page {number}: {target}")
    return found


def stamp(path: Path, word: str) -> bytes:
    """Give a PDF with a word across each page; links and outline stay."""
    writer = PdfWriter(clone_from=path)
    marks = {}
    for page in writer.pages:
        size = (float(page.mediabox.width), float(page.mediabox.height))
        if size not in marks:
            marks[size] = _mark(word, *size)
        page.merge_page(marks[size])
    content = io.BytesIO()
    writer.write(content)
    return content.getvalue()


def _mark(word: str, width: float, height: float) -> PageObject:
    """Draw a word on an empty page of a size in points."""
    import matplotlib
    from matplotlib.figure import Figure

    content = io.BytesIO()
    # Type 42: letters that can be searched for.
    with matplotlib.rc_context({"pdf.fonttype": 42}):
        figure = Figure(figsize=(width / 72, height / 72))
        figure.text(
            0.5, 0.5, word, size=0.22 * width, rotation=55, color="0.5",
            alpha=0.2, weight="bold", ha="center", va="center",
        )
        # No date: the same word gives the same bytes.
        figure.savefig(content, format="pdf", transparent=True,
                       metadata={"CreationDate": None})
    return PdfReader(content).pages[0]

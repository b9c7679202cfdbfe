"""The assignment's sentences, and the page of the report that answers each."""

import re
import unicodedata
from dataclasses import dataclass

from pypdf import PdfReader

from handin import pdf, prose
from handin.reading import ReadingError, parse_yaml

NAME = "assignment.yml"
LABEL = re.compile(r"(fig|tbl)-[\w-]+")
LONGEST_WORDS = 60  # letters of an answer that are looked for
FARTHEST = 2  # pages from the heading that the table of contents names


@dataclass(frozen=True)
class Demand:
    """What is asked in a question, and what answers it in the report.

    `answer` are words of that section, or the label of a figure or table.
    """

    question: str
    asked: str
    answer: str


@dataclass(frozen=True)
class Found:
    """The page that answers a demand, and the heading that leads there.

    `heading` is the one before it in the table of contents, `start` its page.
    """

    page: int
    heading: str
    start: int


def demands(text: str) -> list[Demand]:
    """Read assignment.yml; raise `ReadingError` where it is no such list."""
    try:
        return [
            Demand(str(question), str(entry["asked"]), str(entry["answer"]))
            for question, entries in parse_yaml(text, NAME).items()
            for entry in entries
        ]
    except (AttributeError, LookupError, TypeError) as error:
        raise ReadingError(
            f"{NAME}: not a list of asked and answer for each question "
            f"({error!r})"
        ) from None


def unanswered(asked: list[Demand], source: str) -> list[str]:
    """List the demands whose answer is not in its section of report.qmd."""
    return [
        f"{demand.question}: {demand.asked} No {demand.answer!r} in its section"
        for demand in asked
        if not _is_in(
            demand, prose.section(prose.spoken(source), demand.question) or ""
        )
    ]


def _is_in(demand: Demand, text: str) -> bool:
    if LABEL.fullmatch(demand.answer):
        return f"#| label: {demand.answer}\n" in text
    return _letters(demand.answer) in _letters(text)


def look_up(
    asked: list[Demand], reader: PdfReader, source: str
) -> dict[Demand, Found | None]:
    """Find the pages of the PDF that answer the demands, or None."""
    texts = [_letters(text) for text in pdf.texts(reader)]
    headings = pdf.headings(reader)
    return {demand: _find(demand, texts, headings, source) for demand in asked}


def _find(
    demand: Demand, texts: list[str], headings: list, source: str
) -> Found | None:
    words = _letters(_caption(demand.answer, source))[:LONGEST_WORDS]
    start = next((page for title, page, _ in headings
                  if _begins(title, demand.question)), None)
    if start is None or not words:
        return None
    page = next((number for number in range(start, len(texts) + 1)
                 if words in texts[number - 1]), None)
    if page is None:
        return None
    above = texts[page - 1].partition(words)[0]
    title, first, _ = [
        entry for entry in headings
        if entry[1] < page or (entry[1] == page
                               and _letters(entry[0]) in above)
    ][-1]
    return Found(page, title, first)


def _begins(title: str, question: str) -> bool:
    return re.match(rf"(Question )?{re.escape(question)}\b", title) is not None


def _caption(answer: str, source: str) -> str:
    """Give the words to look for: those of the caption, where it has one."""
    if not LABEL.fullmatch(answer):
        return answer
    chunk = source.partition(f"#| label: {answer}\n")[2].partition("```")[0]
    found = re.search(r'^#\| \w+-cap: "([^$@`"]*)', chunk, flags=re.M)
    return found[1] if found else ""


def far(found: dict[Demand, Found | None]) -> list[str]:
    """List the demands whose answer is not in the PDF, or far from a heading.

    From the page that the table of contents names, a reader turns at most
    `FARTHEST` pages.
    """
    return [
        f"{demand.question}: {demand.asked} "
        + ("Not found in the PDF" if place is None else
           f"Page {place.page} is far from page {place.start}, where "
           f"{place.heading!r} begins")
        for demand, place in found.items()
        if place is None or place.page - place.start > FARTHEST
    ]


def listing(found: dict[Demand, Found | None]) -> list[str]:
    """Write a line a demand: page, question, and what was asked."""
    return [
        f"{place.page if place else '-':>4}  {demand.question:10} "
        f"{demand.asked}" for demand, place in found.items()
    ]


def _letters(text: str) -> str:
    """Reduce a text to letters and digits, which no line break divides."""
    text = unicodedata.normalize("NFKD", text)
    return "".join(filter(str.isalnum, text)).casefold()

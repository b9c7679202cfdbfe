"""The assignment's self-check: what must be right before the hand-in.

Each check is a function that lists, in words, what is missing; most read a
source, so that a test can break it.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from digits.kept import LARDER, survey
from handin import assignment, contents, freeze, pdf, prose
from handin.front import frontpage
from handin.reading import read_text

QUESTIONS = ("1", "2A", "2B", "2C", "2D", "3A", "3B", "4A", "4B", "4C", "4D")
# Where the assignment asks for a plot, a diagram or pictures.
DRAWN = {"2C", "2D", "4A", "4B", "4C", "4D"}
SHORTEST_ANSWER = 40  # words
MOST_PAGES = 20  # of the body: without title page, appendix and references


@dataclass(frozen=True)
class Check:
    """A line of the self-check: what was looked at, what is missing.

    `told` are lines to print in any case.
    """

    name: str
    problems: list[str]
    told: list[str] = field(default_factory=list)


def self_check(root: Path, rendering: list[str]) -> list[Check]:
    """Check the project in a folder, whose report has just been rendered.

    `rendering` says what went wrong with that. If anything did, report.pdf is
    of another report than this, and is not looked at. Raises `ReadingError`
    where a text file can't be read.
    """
    source = read_text(root / "report.qmd")
    group = read_text(root / "group.yml")
    asked = assignment.demands(read_text(root / assignment.NAME))
    words = prose.word_list(read_text(root / "words.txt"))
    checks = [
        Check("report rendered", rendering),
        Check("front page complete", frontpage.front_page(group)),
        Check("every question answered", answers(source)),
        Check("every sentence of the assignment answered",
              assignment.unanswered(asked, source)),
        Check("figures and tables described", figures(source)),
        Check(
            "references and citations defined",
            references(source, read_text(root / "references.bib")),
        ),
        Check("spelling", spelling(source, *words)),
        Check("results fresh", stale_results(root)),
        Check("freeze of these results", freeze.freeze_problems(root)),
        Check("every file in git", contents.unknown_to_git(root)),
    ]
    if not rendering:
        checks += pdf_checks(root / "report.pdf", source, group, asked)
    return checks


def pdf_checks(
    file: Path, source: str, group: str, asked: list[assignment.Demand]
) -> list[Check]:
    """Check a PDF of a report with this source, group.yml and assignment."""
    try:
        reader = pdf.read(file)
    except pdf.PdfError as error:
        return [Check("PDF opens", [str(error)])]
    found = assignment.look_up(asked, reader, source)
    return [
        Check("PDF opens", []),
        Check("PDF prints the front page",
              frontpage.not_printed(reader, group)),
        Check("PDF has its fonts inside", pdf.fonts_outside(reader)),
        Check("PDF answers each sentence near its heading",
              assignment.far(found), assignment.listing(found)),
        Check("PDF of the right length", length(reader, source)),
        Check("PDF has no dead links", pdf.dead_links(reader)),
        Check("PDF has no open references", open_references(reader)),
    ]


def answers(source: str) -> list[str]:
    """List the questions that have no section, text or figure of their own."""
    problems = [
        f"report.qmd: {mark} is left in the text"
        for mark in re.findall(r"\b(?:TODO|FIXME|TBD|XXX)\b", source)
    ]
    for question in QUESTIONS:
        section = prose.section(source, question)
        if section is None:
            problems.append(f"{question}: no heading begins with it")
            continue
        # Without the captions: a figure alone answers nothing.
        text = prose.CODE.sub("", section)
        count = len(prose.prose(f"\n---\n{text}").split())
        if count < SHORTEST_ANSWER:
            problems.append(
                f"{question}: {count} words are no answer; "
                f"{SHORTEST_ANSWER} at least"
            )
        if question in DRAWN and "fig-" not in section:
            problems.append(f"{question}: the figure asked for is missing")
    return problems


def figures(source: str) -> list[str]:
    """List figures and tables without label, caption, text or mention."""
    problems, text = [], prose.with_captions(source)
    for chunk in re.findall(
        r"^```\{python\}\n(.*?)^```", source, flags=re.S | re.M
    ):
        label = re.search(r"^#\| label: ((?:fig|tbl)-\S+)", chunk, flags=re.M)
        drawn = re.search(r"^figures\.\w+", chunk, flags=re.M)
        if label is None:
            if drawn:
                problems.append(f"{drawn[0]}: a figure without a label fig-…")
            continue
        kind, name = label[1][:3], label[1]
        if not re.search(rf"#\| {kind}-cap: \".{{20,}}\"", chunk):
            problems.append(f"{name}: no {kind}-cap of 20 characters or more")
        if kind == "fig" and not re.search(r"#\| fig-alt: \".{40,}\"", chunk):
            problems.append(f"{name}: no fig-alt of 40 characters or more")
        if not _mentioned(name, text):
            problems.append(f"{name}: nowhere mentioned as @{name}")
    return problems + [
        f"{name}: nowhere mentioned as @{name}"
        for name in re.findall(r"^: .*\{#(tbl-[\w-]+)", source, flags=re.M)
        if not _mentioned(name, text)
    ]


def _mentioned(name: str, text: str) -> bool:
    return re.search(rf"@{name}(?![\w-])", text) is not None


def references(source: str, bibliography: str) -> list[str]:
    """List what the text refers to and nothing defines."""
    defined = set(re.findall(r"^#\| label: (\S+)", source, flags=re.M)) | set(
        re.findall(r"\{#([\w-]+)", source)
    )
    entries = set(re.findall(r"^@\w+\{([^,\s]+),", bibliography, flags=re.M))
    used = re.findall(
        r"(?<![\w.])@([A-Za-z][\w-]*)", prose.with_captions(source)
    )
    return [
        f"@{name}: not defined in report.qmd" if is_label
        else f"@{name}: not in references.bib"
        for name in sorted(set(used))
        for is_label in [re.match(r"(fig|tbl|eq|sec|lst)-", name)]
        if name not in (defined if is_label else entries)
    ]


def spelling(source: str, taken: set[str], refused: set[str]) -> list[str]:
    """List the words of the text that are not English."""
    return [
        f"{word}: mend it, or take it into words.txt"
        for word in prose.misspelt(prose.prose(source), taken, refused)
    ]


def stale_results(root: Path) -> list[str]:
    """Count, by experiment, the results that are not fresh."""
    counts = Counter(
        (item.run.experiment, item.state)
        for item in survey(LARDER.runs(), root / "data/results")
        if item.state != "fresh"
    )
    return [
        f"{name}: {count} {state}; compute with: digits train {name}"
        for (name, state), count in sorted(counts.items())
    ]


def length(reader: pdf.PdfReader, source: str) -> list[str]:
    """Say if the report's body is too long."""
    # The body ends with what is marked as an appendix.
    end = re.search(r"^# +(.*?) *\{[^}]*\.appendix", source, flags=re.M)
    try:
        count = pdf.body_pages(reader, end[1] if end else "References")
    except pdf.PdfError as error:
        return [str(error)]
    if count > MOST_PAGES:
        return [f"the body has {count} pages; {MOST_PAGES} at most"]
    return []


def open_references(reader: pdf.PdfReader) -> list[str]:
    """List the pages with a mark that Quarto or LaTeX leaves in the text."""
    return [
        f"page {number}: {mark}"
        for number, text in enumerate(pdf.texts(reader), 1)
        for mark in re.findall(r"\S*\?[@?]\S*", text)
    ]

"""The report: its source's rules, and what is in the rendered files."""

import hashlib
import json
import re
import subprocess

import pytest
from pypdf import PdfReader

from digits import paths
from digits.stating import provenance
from handin import freeze, pdf, prose, selfcheck
from project import copy, needs_poppler

SOURCE = (paths.ROOT / "report.qmd").read_text(encoding="utf-8")
BIBLIOGRAPHY = (paths.ROOT / "references.bib").read_text(encoding="utf-8")
FROZEN = paths.FREEZE / "execute-results"
LABEL = re.compile(r"#\| label: ((?:fig|tbl)-\S+)")
# The numbers that prose may hold as they are, and why. Everything else is
# computed. A result that happens to equal one of them would not be noticed.
BARE = {
    "what MNIST is: pixels, bytes, digits, images": {
        "0", "1", "3", "4", "8", "9", "10", "28", "255", "784", "10,000",
        "60,000",
    },
    "the assignment's settings and aim": {
        "40", "300", "500", "99 %",
    },
    "the notebook's settings": {"0.1", "0.4", "32", "64", "96", "128"},
    "what Hinton's row says, or the assignment of it": {"0.9847", "2005"},
    "our settings: the split, batches, training images, pictures drawn": {
        "25", "100", "512", "1,000", "5,000", "55,000",
    },
    "the level of an interval, as it is called": {"95 % Wilson"},
    "our aims in 3A": {"99.65 %", "99.72 %"},
    "LeNet-5": {"5"},
    "formulas, their curves and examples of what a word means": {
        "0.35", "1.1", "2", "50 %", "90 %",
    },
    "noise levels, judged by eye or asserted beside the sentence": {
        "0.05", "0.5", "0.6", "0.7", "0.8",
    },
    "what a picture shows": {"7"},
}


def bare_numbers(source):
    number = r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?!\w)(?: %(?: Wilson)?)?"
    return {
        found.rstrip(",") for found in re.findall(number, prose.prose(source))
    }


def test_no_result_is_typed_by_hand():
    assert bare_numbers(SOURCE) - set().union(*BARE.values()) == set()


def test_no_number_is_allowed_that_is_not_there():
    assert set().union(*BARE.values()) - bare_numbers(SOURCE) == set()
    assert sum(map(len, BARE.values())) == len(set().union(*BARE.values()))


@pytest.mark.parametrize("sentence", [
    "It reached 97.2 % in the end.", "See 12,345 images.",
    "about 57 of them", "95 % of all", '#| fig-cap: "Up to 97 of them."',
])
def test_a_typed_result_would_be_found(sentence):
    assert bare_numbers(SOURCE + sentence) - set().union(*BARE.values())


def test_every_figure_and_table_is_mentioned_and_described():
    assert selfcheck.figures(SOURCE) == []


def test_every_reference_is_defined_and_every_definition_used():
    assert selfcheck.references(SOURCE, BIBLIOGRAPHY) == []
    defined = set(LABEL.findall(SOURCE)) | set(
        re.findall(r"\{#((?:eq|tbl)-[\w-]+)", SOURCE)
    )
    used = set(re.findall(r"@((?:fig|tbl|eq)-[\w-]+)", SOURCE))
    assert defined == used


def test_every_entry_of_the_bibliography_is_cited_and_can_be_found():
    entries = dict(
        re.findall(r"@\w+\{(\w+),(.*?)\n\}", BIBLIOGRAPHY, flags=re.S)
    )
    assert entries
    for key, entry in entries.items():
        assert f"@{key}" in SOURCE
        assert re.search(r"\b(doi|url)\s*=", entry), key


def test_the_spelling_is_english_and_british():
    words = (paths.ROOT / "words.txt").read_text(encoding="utf-8")
    assert selfcheck.spelling(SOURCE, *prose.word_list(words)) == []


def test_all_formats_carry_the_digests_of_what_is_here():
    digests = {provenance.results_digest(), provenance.code_digest()}
    for name in freeze.FORMATS:
        frozen = json.loads((FROZEN / f"{name}.json").read_text("utf-8"))
        for digest in digests:
            assert digest in frozen["result"]["markdown"], name
        # What Python writes for a letter that it does not show.
        assert not re.search(r"\\(x|u00)[0-9a-f]{2}",
                             frozen["result"]["markdown"]), name
    assert freeze.freeze_problems() == []


def test_markdown_for_the_code_host_is_whole():
    text = (paths.ROOT / "report.md").read_text(encoding="utf-8")
    images = re.findall(r"^!\[[^]]{40,}\]\(([^)]+)\)$", text, flags=re.M)
    assert len(images) == len(re.findall(r"label: fig-", SOURCE))
    assert all((paths.ROOT / image).is_file() for image in images)
    assert provenance.results_digest() in text
    assert "?@" not in text
    linked = set(re.findall(r"(?:\]\(|href=\")#([\w-]+)", text))
    assert {"sec-code", "eq-parameters"} <= linked
    assert linked <= set(re.findall(r'\bid="([\w-]+)"', text))
    for number in range(1, len(images) + 1):
        assert f"Figure {number}: " in " ".join(text.split())


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ('"""Question 2C:', '"""About 2C:', True),
        ('"""List the runs:', '"""Name the runs:', True),
        ("SEEDS = range(5)", "SEEDS = range(\n    5)  # five", True),
        ("SEEDS = range(5)", "SEEDS = range(6)", False),
    ],
)
def test_code_digest_is_of_the_meaning(tmp_path, old, new, same):
    """And so of what the pre-render step looks at: see test_freshness."""
    copy(tmp_path, ["code"])
    before = provenance.code_digest(tmp_path / "code")
    file = tmp_path / "code/digits/experiments/baseline.py"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    assert (provenance.code_digest(tmp_path / "code") == before) == same


def test_a_page_with_other_networks_is_a_problem(tmp_path):
    stored = tmp_path / "data/results" / freeze.NETWORKS
    stored.parent.mkdir(parents=True)
    stored.write_bytes(b"networks")
    page = tmp_path / "report.html"
    assert freeze.page_problems(tmp_path) == []
    digest = hashlib.sha256(b"networks").hexdigest()
    page.write_text(f'<script id="live-networks" data-sha256="{digest}">')
    assert freeze.page_problems(tmp_path) == []
    stored.write_bytes(b"others")
    (problem,) = freeze.page_problems(tmp_path)
    assert "report.html" in problem


def test_freeze_problems_name_what_changed(tmp_path):
    copy(tmp_path)
    file = tmp_path / "_freeze/report/execute-results/tex.json"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(provenance.results_digest(), "0" * 16))
    (tmp_path / "_freeze/report/execute-results/md.json").write_text("{")
    found = freeze.freeze_problems(tmp_path)
    assert found[0] == "tex: the results changed since it was frozen"
    assert found[1].startswith("md: not frozen, or not whole")
    assert len(found) == 2


def test_pdf_is_complete(rendered_pdf):
    pages = PdfReader(rendered_pdf).pages
    text = " ".join(" ".join(page.extract_text() for page in pages).split())
    assert provenance.results_digest() in text
    assert "?@" not in text
    assert "??" not in text
    for heading in ("Question 1", "2A:", "2B:", "2C:", "References"):
        assert heading in text
    assert "[first author]" in pages[0].extract_text()


@needs_poppler
def test_pdf_has_its_fonts_inside(rendered_pdf):
    fonts = subprocess.run(
        ["pdffonts", rendered_pdf], capture_output=True, text=True
    ).stdout.splitlines()[2:]
    assert fonts
    assert all(line.split()[-5] == "yes" for line in fonts)


@needs_poppler
def test_no_line_runs_off_the_page(rendered_pdf):
    """Look at where each piece of text ends, in points from left and top."""
    reader = PdfReader(rendered_pdf)
    box = reader.pages[0].mediabox
    words = subprocess.run(
        ["pdftotext", "-bbox", rendered_pdf, "-"],
        capture_output=True, text=True,
    ).stdout
    ends = {
        side: max(map(float, re.findall(rf'{side}Max="([\d.]+)"', words)))
        for side in "xy"
    }
    millimetre = 72 / 25.4
    # Punctuation may hang out of the text by a point or so.
    assert ends["x"] < float(box.width) - 24.2 * millimetre
    assert ends["y"] < float(box.height) - 20 * millimetre


def test_no_heading_ends_a_page(rendered_pdf):
    reader = PdfReader(rendered_pdf)
    for title, height in pdf.heights(reader):
        assert height > 100, title  # points from below, margin included


def test_the_body_is_not_too_long(rendered_pdf):
    assert selfcheck.length(PdfReader(rendered_pdf), SOURCE) == []


def test_pdf_and_html_say_what_and_whose_they_are(rendered_pdf, rendered_html):
    reader = PdfReader(rendered_pdf)
    assert reader.metadata.title == "Handwritten digits with neural networks"
    assert reader.metadata.author == "[first author]; [second author]"
    assert reader.trailer["/Root"]["/Lang"] == "en"
    html = rendered_html.read_text(encoding="utf-8")
    assert '<html xmlns="http://www.w3.org/1999/xhtml" lang="en"' in html
    assert '<meta name="author" content="[first author]">' in html


def test_html_is_one_file_that_asks_for_nothing(rendered_html):
    text = rendered_html.read_text(encoding="utf-8")
    assert provenance.results_digest() in text
    assert len(text.encode()) <= 6_000_000
    outside = re.findall(
        r'(?:<script|<img|<link|<iframe)[^>]*?(?:src|href)="(?!data:|#)([^"]+)',
        text,
    )
    assert outside == []
    assert "<math" in text
    assert "quarto-unresolved-ref" not in text

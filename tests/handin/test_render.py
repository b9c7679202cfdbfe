"""The chain of `make report`: Quarto, or a plain layout, or a clear error."""

import re
import subprocess
from functools import cache
from threading import Event, Thread

import pytest
from pypdf import PdfReader

from digits import paths
from digits.stating import provenance
from handin import rendering
from project import (
    SHORT,
    call_digits,
    copy_short,
    needs_latex,
    needs_quarto,
)

QUARTO, LATEX = "quarto", "xelatex"


@pytest.fixture
def short(tmp_path):
    """Give a project whose report has one sentence."""
    return copy_short(tmp_path)


@cache
def words(pdf):
    text = "".join(page.extract_text() for page in PdfReader(pdf).pages)
    return " ".join(text.split())


def test_without_quarto_both_are_plain_and_complete(plain_project):
    lines = (plain_project / "said").read_text("utf-8").splitlines()
    assert lines[-2:] == ["report.html", "report.pdf"]
    (said,) = [line for line in lines if line.startswith("Plain layout")]
    assert "html and pdf" in said
    assert "https://quarto.org" in said
    assert "OLDER" not in said
    html = (plain_project / "report.html").read_text(encoding="utf-8")
    text = words(plain_project / "report.pdf")
    for page in (html, text):
        assert provenance.results_digest() in page
        assert "55,050" in page
        assert "References" in page
    source = (plain_project / "report.qmd").read_text(encoding="utf-8")
    figures = source.count("#| label: fig-")
    assert len(re.findall(r'<img[^>]*\salt="[^"]{40,}"', html)) == figures
    assert html.count('src="data:image/svg+xml') == figures
    assert "<math" in html
    for number in range(1, figures + 1):
        assert f"Figure {number}: " in text
    for number in range(1, source.count("#| label: tbl-") + 1):
        assert f"Table {number}: " in text
    assert "LeCun, Yann" in text
    assert not list(plain_project.glob(".plain-*"))


def test_the_front_page_is_that_of_the_group_now(plain_project):
    html = (plain_project / "report.html").read_text(encoding="utf-8")
    for page in (html, words(plain_project / "report.pdf")):
        assert "Grupp Å" in page
        assert "[group number]" not in page
        assert "[first author]" not in page


def test_it_says_that_the_text_is_older(short):
    (short / "report.md").write_text("An older sentence.\n", "utf-8")
    done = call_digits(short, "render", hidden={QUARTO})
    assert done.returncode == 0, done.stderr
    assert "OLDER than report.qmd" in done.stdout
    assert "[first author]" in words(short / "report.pdf")


def test_without_report_md_there_is_one_clear_error(short):
    done = call_digits(short, "render", hidden={QUARTO})
    assert done.returncode == 1
    (error,) = done.stderr.splitlines()
    assert error.startswith("Error: ")
    assert "report.md" in error


@needs_quarto
def test_without_latex_the_pdf_is_plain(short):
    """And handed in as it is: the whole way from the text to a draft."""
    done = call_digits(short, "submit", "--draft", hidden={LATEX})
    assert done.returncode == 0, done.stderr
    assert "Plain layout of pdf" in done.stdout
    assert "quarto install tinytex" in done.stdout
    assert "ok       report rendered" in done.stdout
    assert "MISSING  every question answered" in done.stdout
    html = (short / "report.html").read_text("utf-8")
    assert 'name="generator" content="quarto' in html
    file = short / done.stdout.splitlines()[-2].partition(" (")[0]
    for name in (short / "report.pdf", file):
        assert "One sentence, with LeCun et al." in words(name)
    assert "DRAFT" in words(file)


@needs_quarto
@needs_latex
def test_a_listing_of_nothing_fails(short):
    (short / "report.qmd").write_text(
        f'{SHORT}\n```{{.python definition="digits.data.no"}}\n```\n'
    )
    done = call_digits(short, "render")
    assert done.returncode == 1
    assert "no definition of no in" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("Error: ")
    assert "failed; see above" in done.stderr.splitlines()[-1]


LISTING = """def outer(
    number: int,
) -> int:
    \"\"\"Say.\"\"\"
    if number:
        inner = 1

        return inner
    return 0"""


@pytest.mark.parametrize(("attributes", "shown"), [
    ("", LISTING),
    ('from="if number"', "if number:\n    inner = 1\n\n    return inner\n"
     "return 0"),
    ('from="inner = " to="return inner"', "inner = 1\n\nreturn inner"),
    ('to=") ->"', "def outer(\n    number: int,\n) -> int:"),
    ('from="nowhere"', None),
    ('from="inner" to="nowhere"', None),
])
def test_a_listing_may_be_a_part(tmp_path, attributes, shown):
    (tmp_path / "code").mkdir()
    module = f"import os\n\n{LISTING}\n\n\nx = 1\n"
    (tmp_path / "code/some.py").write_text(module)
    text = f'```{{.python definition="some.outer" {attributes}}}\n```\n'
    pypandoc = pytest.importorskip("pypandoc")
    done = subprocess.run(
        [pypandoc.get_pandoc_path(), "--to", "markdown", "--lua-filter",
         paths.CODE / "quarto/listing.lua"],
        cwd=tmp_path, input=text, capture_output=True, text=True,
    )
    if shown is None:
        assert done.returncode == 1
        assert "listing.lua: nothing from" in done.stderr
    else:
        assert done.stdout == f"``` python\n{shown}\n```\n"


def test_no_line_ends_between_a_number_and_its_sign():
    pypandoc = pytest.importorskip("pypandoc")
    done = subprocess.run(
        [pypandoc.get_pandoc_path(), "--to", "plain", "--wrap", "none",
         "--lua-filter", paths.CODE / "quarto/spaces.lua"],
        input="It has 97\n% and 3 ± 4 % of 5 pages.\n",
        capture_output=True, text=True,
    )
    assert done.stdout.split(" ") == [
        "It", "has", "97\u00a0%", "and", "3\u00a0±", "4\u00a0%", "of", "5",
        "pages.\n",
    ]


def test_a_render_waits_for_another(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    order, told = [], Event()

    def second():
        with rendering._alone(lambda line: told.set()):
            order.append("second")

    with rendering._alone(print):
        thread = Thread(target=second)
        thread.start()
        assert told.wait(60)
        order.append("first")
    thread.join(60)
    assert order == ["first", "second"]

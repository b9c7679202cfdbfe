"""The chain of `make report`: Quarto, or a plain layout, or a clear error."""

import os
import re
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

import pytest
from pypdf import PdfReader

from digits import paths
from digits.stating import provenance
from handin import rendering
from project import copy, environment, needs_latex, needs_quarto

QUARTO, LATEX = "quarto", "xelatex"


@pytest.fixture
def project(tmp_path):
    return copy(tmp_path)


def render(project, hidden):
    """Call `digits render` where the programs named can't be found."""
    tools = project / "tools"
    tools.mkdir()
    for folder in reversed(os.environ["PATH"].split(os.pathsep)):
        for program in Path(folder).glob("*"):
            link = tools / program.name
            if program.name not in hidden and program.is_file():
                link.unlink(missing_ok=True)
                try:
                    link.symlink_to(program)
                except OSError:  # Windows asks for a right to do so
                    pytest.skip("needs symbolic links")
    return subprocess.run(
        [sys.executable, "-m", "digits", "render"], cwd=project,
        env=environment(project) | {
            # No index for pip to find the package quarto-cli in.
            "PATH": str(tools), "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "",
            "HOME": str(project),
        },
        capture_output=True, text=True,
    )


def words(pdf):
    text = "".join(page.extract_text() for page in PdfReader(pdf).pages)
    return " ".join(text.split())


def test_without_quarto_both_are_plain_and_complete(project):
    done = render(project, {QUARTO})
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[-2:] == ["report.html", "report.pdf"]
    (said,) = [line for line in lines if line.startswith("Plain layout")]
    assert "html and pdf" in said
    assert "https://quarto.org" in said
    assert "OLDER" not in said
    html = (project / "report.html").read_text(encoding="utf-8")
    text = words(project / "report.pdf")
    for page in (html, text):
        assert provenance.results_digest() in page
        assert "55,050" in page
        assert "References" in page
    source = (project / "report.qmd").read_text(encoding="utf-8")
    figures = source.count("#| label: fig-")
    assert len(re.findall(r'<img[^>]*\salt="[^"]{40,}"', html)) == figures
    assert html.count('src="data:image/svg+xml') == figures
    assert "<math" in html
    for number in range(1, figures + 1):
        assert f"Figure {number}: " in text
    for number in range(1, source.count("#| label: tbl-") + 1):
        assert f"Table {number}: " in text
    assert "[first author]" in text
    assert "LeCun, Yann" in text
    assert not list(project.glob(".plain-*"))


def test_the_front_page_is_that_of_the_group_now(project):
    group = project / "group.yml"
    group.write_text(group.read_text().replace("[group number]", "Group 42"))
    done = render(project, {QUARTO})
    assert done.returncode == 0, done.stderr
    html = (project / "report.html").read_text(encoding="utf-8")
    for page in (html, words(project / "report.pdf")):
        assert "Group 42" in page
        assert "[group number]" not in page


def test_it_says_that_the_text_is_older(project):
    with (project / "report.qmd").open("a") as file:
        file.write("\nOne more sentence.\n")
    done = render(project, {QUARTO})
    assert done.returncode == 0, done.stderr
    assert "OLDER than report.qmd" in done.stdout


def test_without_report_md_there_is_one_clear_error(project):
    (project / "report.md").unlink()
    done = render(project, {QUARTO})
    assert done.returncode == 1
    (error,) = done.stderr.splitlines()
    assert error.startswith("Error: ")
    assert "report.md" in error


@needs_quarto
def test_without_latex_the_pdf_is_plain(project):
    done = render(project, {LATEX})
    assert done.returncode == 0, done.stderr
    assert "Plain layout of pdf" in done.stdout
    assert "quarto install tinytex" in done.stdout
    assert "quarto-title-block" in (project / "report.html").read_text()
    assert provenance.results_digest() in words(project / "report.pdf")


@needs_quarto
@needs_latex
def test_a_listing_of_nothing_fails(project):
    report = project / "report.qmd"
    report.write_text(report.read_text().replace("data.one_hot", "data.no"))
    done = render(project, set())
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


@needs_quarto
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
    done = subprocess.run(
        ["quarto", "pandoc", "--to", "markdown", "--lua-filter",
         paths.CODE / "quarto/listing.lua"],
        cwd=tmp_path, input=text, capture_output=True, text=True,
    )
    if shown is None:
        assert done.returncode == 1
        assert "listing.lua: nothing from" in done.stderr
    else:
        assert done.stdout == f"``` python\n{shown}\n```\n"


@needs_quarto
def test_no_line_ends_between_a_number_and_its_sign():
    done = subprocess.run(
        ["quarto", "pandoc", "--to", "plain", "--wrap", "none",
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

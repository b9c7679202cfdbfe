"""Names in any script: they are printed, or the render says which is not."""

import re
import shutil
import subprocess
import unicodedata

import pytest
from click.testing import CliRunner
from pypdf import PdfReader

from digits import cli, paths
from handin import pdf
from handin.front import fonts, frontpage, letters
from names import ANYWHERE, HERE, NOTO, group
from project import copy_short, needs_latex


@pytest.fixture
def bare(monkeypatch):
    """Let the machine have no fonts of its own."""
    monkeypatch.setattr(fonts.font_manager, "findSystemFonts", list)
    for looked_up in (fonts._files, fonts.look_for):
        looked_up.cache_clear()
    yield
    for looked_up in (fonts._files, fonts.look_for):
        looked_up.cache_clear()


@pytest.mark.parametrize(("letter", "package"), [
    ("王", "fonts-noto-cjk"), ("さ", "fonts-noto-cjk"),
    ("김", "fonts-noto-cjk"), ("ก", "fonts-noto-core"),
    ("\U0001f393", "fonts-symbola"), ("\U0010fffd", "fonts-symbola"),
])
def test_without_a_font_the_package_is_named(bare, letter, package):
    with pytest.raises(fonts.MissingFont) as raised:
        letters.runs(f"Ada {letter}")
    assert f"{letter} (U+{ord(letter):04X}, " in str(raised.value)
    assert f"install {package}" in str(raised.value)


@pytest.mark.parametrize("script", ANYWHERE)
def test_a_font_is_found_on_any_machine(script, bare):
    found = letters.runs(ANYWHERE[script])
    assert "".join(run.text for run in found) == unicodedata.normalize(
        "NFC", ANYWHERE[script]
    )
    own = {"Latin", "Latin, joined"}
    assert all(run.font is None for run in found) == (script in own)


@pytest.mark.parametrize("script", NOTO)
def test_a_font_is_found_where_noto_is(script):
    if script not in HERE:
        pytest.skip("needs fonts-noto-cjk, fonts-noto-core, fonts-noto-extra")
    (_, font) = max((len(run.text), run.font.family)
                    for run in letters.runs(NOTO[script]) if run.font)
    assert font


def test_what_is_read_from_right_to_left_stays_together():
    first, second = letters.runs("דוד 12 כהן, hours")
    assert (first.text, first.leftward) == ("דוד 12 כהן", True)
    assert (second.text, second.font) == (", hours", None)
    arabic, space, hebrew = letters.runs("محمد דוד")
    assert (arabic.script, space.text, hebrew.script) == ("Arab", " ", "Hebr")
    before, after = letters._latex(arabic)
    assert before.startswith(r"\beginR{\fontspec[Path=")
    assert "Script=Arabic" in before
    assert after == r"}\endR{}"


def test_a_letter_without_a_font_is_named_with_the_package(
    tmp_path, monkeypatch
):
    copy_short(tmp_path)
    (tmp_path / "group.yml").write_text(group(["Ada \U0010fffd"]), "utf-8")
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    done = CliRunner().invoke(cli.main, ["render"])
    assert done.exit_code == 1
    (error,) = done.output.splitlines()
    assert error.startswith("Error: group.yml: no font on this machine has")
    assert "fonts-symbola" in error


def check_pages(project, names):
    """Check HTML and PDF for each name, letter by letter."""
    html = (project / "report.html").read_text(encoding="utf-8")
    html = " ".join(html.replace("’", "'").split())
    for name in names:
        assert f"{name}, hours spent: 17" in html
    reader = PdfReader(project / "report.pdf")
    assert frontpage.not_printed(reader, group(names)) == []
    wrong = [misspelt(name) for name in names]
    assert frontpage.not_printed(reader, group(wrong)) == [
        f"group.yml: {name!r} is not in the PDF as it is written"
        for name in wrong
    ]
    return reader


def misspelt(name):
    letter = next(filter(str.isalpha, name))
    return name.replace(letter, "ж" if letter != "ж" else "ш")


def test_plain_files_print_every_name(plain_project):
    reader = check_pages(plain_project, HERE.values())
    assert pdf.fonts_outside(reader) == []


def test_quarto_prints_every_name(made_project):
    reader = check_pages(made_project, HERE.values())
    assert pdf.fonts_outside(reader) == []
    markdown = (made_project / "report.md").read_text(encoding="utf-8")
    for name in HERE.values():
        assert f"{name}, hours spent: 17" in markdown.replace("’", "'")


LATEX = r"""\documentclass{article}
\usepackage{fontspec}
\begin{document}
\XeTeXgenerateactualtext=1
王小明, hours spent: 17
\end{document}
"""


@needs_latex
def test_a_name_that_is_blank_is_found_out(tmp_path):
    """As all PDFs were that had such names."""
    (tmp_path / "report.tex").write_text(LATEX, encoding="utf-8")
    subprocess.run(["xelatex", "-interaction=batchmode", "report.tex"],
                   cwd=tmp_path, check=True, capture_output=True)
    found = frontpage.not_printed(
        PdfReader(tmp_path / "report.pdf"), 'front-page: {group: "王小明"}'
    )
    assert found == ["3 letters of the front page are blank: their font does "
                     "not have them"]


def test_what_is_the_own_fonts_need_no_other():
    """Latin Modern has each letter that is taken for the report's own."""
    if shutil.which("kpsewhich") is None:
        pytest.skip("needs LaTeX on PATH (quarto install tinytex)")
    file = subprocess.run(["kpsewhich", "lmroman10-regular.otf"],
                          capture_output=True, text=True).stdout.strip()
    with fonts.TTFont(file) as font:
        there = set(map(chr, font.getBestCmap()))
    # A soft space is as wide as a space, and pandoc writes signs as commands.
    assert not {letter for letter in fonts.OWN if letter.isalnum()} - there


def test_the_filter_asks_only_about_letters_from_elsewhere(tmp_path):
    """So that a frozen report renders without Python."""
    pypandoc = pytest.importorskip("pypandoc")
    (tmp_path / "group.yml").write_text(group(["Å O'Brien – é"]), "utf-8")
    done = subprocess.run(
        [pypandoc.get_pandoc_path(), "--metadata-file", "group.yml",
         "--to", "latex", "--standalone", "--template", "template",
         "--lua-filter", paths.CODE / "quarto/front-page.lua"],
        cwd=tmp_path, env={"QUARTO_PYTHON": "/nowhere"}, input="",
        capture_output=True, text=True,
    ) if (tmp_path / "template").write_text("$title-page$") else None
    assert done.returncode == 0, done.stderr
    assert re.search(r"Å O.Brien -- é, hours spent: 17", done.stdout)

"""What is handed in: each thing that the self-check is to find is broken."""

import io
import json
import shutil
import subprocess
import zipfile

import matplotlib
import pytest
from click.testing import CliRunner
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import Link
from pypdf.generic import (
    DictionaryObject,
    Fit,
    NameObject,
    TextStringObject,
)

from digits import cli, paths
from handin import (
    GitError,
    RenderError,
    contents,
    freeze,
    pdf,
    prose,
    selfcheck,
    submission,
)
from project import copy, handed_in

needs_git = pytest.mark.skipif(
    shutil.which("git") is None, reason="needs git on PATH"
)

GROUP = """
front-page:
  course: Data Science
  assignment: "Assignment 7"
  group: Group 42
  authors:
    - name: Ada
      hours: 20
  date: 2026-11-22
"""
ANSWER = (
    "This is an answer to the question, and it says at some length what the "
    "colour of the digits is, why it is grey, and how the network learns it "
    "from its images, with every word spelt as it should be, and one figure "
    "to show it. "
)
CHUNK = '''
```{python}
#| label: fig-NAME
#| fig-cap: "A caption with a fair number of characters."
#| fig-alt: "A description of what can be seen, for those who can't see it."
# A comment, no heading.
figures.curves(epochs);
```
'''
ASKED = "2A:\n- asked: Why?\n  answer: how the network learns\n"
BIBLIOGRAPHY = "@article{lecun1998gradient,\n  title = {T}\n}\n"


def write_report():
    parts = ["---\ntitle: T\n---\n", "# Question 1: the data\n", ANSWER,
             "[@lecun1998gradient]\n", "# Question 2: networks\n"]
    for question in selfcheck.QUESTIONS[1:]:
        name = question.lower()
        parts += [f"## {question}: something {{#sec-{name}}}\n", ANSWER,
                  f"See @fig-{name} and @sec-{name}.\n",
                  CHUNK.replace("NAME", name)]
    return "\n".join([*parts, "# How it was made {#sec-made .appendix}\n"])


REPORT = write_report()
FRONT = "Data Science, Assignment 7, Group 42, Ada, 20 h, 2026-11-22"


def write_pdf(file, pages, core_fonts=False, top=750, front=FRONT):
    """Write a PDF with a text and its heading on each page of 792 points."""
    content = io.BytesIO()
    with matplotlib.rc_context({"pdf.use14corefonts": core_fonts,
                                "pdf.fonttype": 42}), \
            PdfPages(content) as target:
        for number, text in enumerate(pages):
            figure = Figure(figsize=(8, 11))
            figure.text(0.1, 0.9, text)
            if number == 0:
                figure.text(0.1, 0.5, front)
            target.savefig(figure)
    writer = PdfWriter(clone_from=PdfReader(content))
    for number, text in enumerate(pages):
        writer.add_outline_item(
            title=text.partition("\n")[0], page_number=number,
            fit=Fit.xyz(top=top),
        )
    writer.write(file)
    return file


PAGES = ["Question 1: the data", "2A: something\nhow the network learns",
         "How it was made"]


@pytest.fixture
def project(tmp_path):
    """Give a made-up project in which nothing is missing."""
    for name, text in {
        "report.qmd": REPORT, "group.yml": GROUP, "words.txt": "colour\n",
        "references.bib": BIBLIOGRAPHY, "assignment.yml": ASKED,
        "README.md": "Read me.\n",
        "code/digits/cli.py": "print()\n",
        "code/digits/__pycache__/cli.pyc": "cache",
        "data/results/baseline/run.json": "{}",
        "data/results/baseline/.run.json.lock": "",
        "data/mnist.npz": "the dataset", ".venv/ready": "",
    }.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    write_pdf(tmp_path / "report.pdf", PAGES)
    return tmp_path


@pytest.fixture
def fresh(monkeypatch):
    """Let results and freeze be fresh, which tests of their own look at."""
    monkeypatch.setattr(selfcheck, "stale_results", lambda root: [])
    monkeypatch.setattr(freeze, "freeze_problems", lambda root: [])


@pytest.fixture
def submit(project, fresh, monkeypatch):
    """Call the command in the made-up project, which renders as it is."""
    monkeypatch.setattr(paths, "ROOT", project)
    monkeypatch.setattr(cli.handin, "render", lambda say: [])
    return lambda *words: CliRunner().invoke(cli.main, ["submit", *words])


def failed(root, rendering=()):
    return {
        check.name: check.problems
        for check in selfcheck.self_check(root, list(rendering))
        if check.problems
    }


# The sources.


def test_nothing_is_missing_in_a_complete_project(project, fresh):
    assert failed(project) == {}


@pytest.mark.parametrize(("file", "old", "new", "check", "told"), [
    ("group.yml", "Group 42", '"[group number]"', "front page complete",
     "group is '[group number]'"),
    ("group.yml", "hours: 20", 'hours: "  "', "front page complete",
     "hours of author 1"),
    ("group.yml", "date: 2026-11-22", "", "front page complete",
     "date is None"),
    ("group.yml", "front-page:", "front:", "front page complete",
     "not of the form"),
    ("group.yml", "    - name: Ada\n      hours: 20\n", "",
     "front page complete", "authors is None"),
    ("report.qmd", "## 3B: ", "## Why? ", "every question answered",
     "3B: no heading"),
    ("report.qmd", "# Question 1: ", "# Beginning: ",
     "every question answered", "1: no heading"),
    ("report.qmd", f"2B: something {{#sec-2b}}\n\n{ANSWER}",
     "2B: something {#sec-2b}\n\n", "every question answered",
     "2B: 3 words are no answer"),
    ("report.qmd", "2a and @sec-2a.", "2a, TODO and @sec-2a.",
     "every question answered", "TODO"),
    ("report.qmd", "@fig-2c and @sec-2c.\n\n" + CHUNK.replace("NAME", "2c"),
     "@sec-2c.\n", "every question answered", "2C: the figure asked for"),
    ("assignment.yml", "how the network learns", "nothing of it",
     "every sentence of the assignment answered", "2A: Why? No 'nothing"),
    ("report.qmd", "fig-4d\n#| fig-cap", "fig-4d\n#| cap",
     "figures and tables described", "fig-4d: no fig-cap"),
    ("report.qmd", "See @fig-4d and", "See",
     "figures and tables described", "fig-4d: nowhere mentioned"),
    ("report.qmd", "See @fig-4d and", "See @fig-4d-left and",
     "figures and tables described", "fig-4d: nowhere mentioned"),
    ("report.qmd", "#| label: fig-3a\n", "",
     "figures and tables described", "figures.curves: a figure without"),
    ("report.qmd", "See @fig-2a", "See @fig-2e and @fig-2a",
     "references and citations defined", "@fig-2e: not defined"),
    ("report.qmd", "@lecun1998gradient", "@lecun1999gradient",
     "references and citations defined", "@lecun1999gradient: not in ref"),
    ("report.qmd", "how the network", "how teh network", "spelling", "teh:"),
    ("report.qmd", "A caption", "A captoin", "spelling", "captoin:"),
    ("words.txt", "colour", "color", "spelling", "colour:"),
    ("words.txt", "colour", "colour\n-caption", "spelling", "caption:"),
])
def test_what_is_broken_is_named(project, fresh, file, old, new, check, told):
    text = (project / file).read_text(encoding="utf-8")
    assert old in text
    (project / file).write_text(text.replace(old, new), encoding="utf-8")
    found = failed(project)
    assert any(told in problem for problem in found[check]), found


def test_an_answer_may_have_headings_of_its_own():
    source = REPORT.replace(ANSWER, f"### Why\n\n{ANSWER}")
    assert selfcheck.answers(source) == []


def test_an_alternative_text_that_is_short_is_named():
    short = REPORT.replace(", for those who can't see it", "")
    found = selfcheck.figures(
        short.replace("A description of what can be seen", "A chart", 1)
    )
    assert "fig-2a: no fig-alt of 40 characters or more" in found


def test_results_that_are_missing_are_counted_by_experiment(tmp_path):
    found = selfcheck.stale_results(tmp_path)
    assert any(
        line.startswith("baseline: ") and "missing" in line
        and line.endswith("digits train baseline") for line in found
    )


def test_a_freeze_of_other_results_is_named(tmp_path):
    file = copy(tmp_path) / "_freeze/report/execute-results/tex.json"
    frozen = json.loads(file.read_text(encoding="utf-8")) | {"hash": "0" * 32}
    file.write_text(json.dumps(frozen), encoding="utf-8")
    found = failed(tmp_path, ["not rendered here"])
    assert "tex: report.qmd changed since it was frozen" in found[
        "freeze of these results"
    ]
    assert found["report rendered"] == ["not rendered here"]
    assert not any(name.startswith("PDF") for name in found)


# The running text.


@pytest.mark.parametrize("hidden", [
    "`teh`", "$teh$", "$$\nteh\n$$ {#eq-teh}", "[@teh2020, p. 3]", "@fig-teh",
    "```{python}\nteh\n```", "```\nteh\n```", "::: {.teh}\n:::",
    "## Heading {#sec-teh}",
])
def test_only_running_text_is_spell_checked(hidden):
    source = f"---\ntitle: teh\n---\nThe text.\n\n{hidden}\n\nMore text.\n"
    assert prose.misspelt(prose.prose(source)) == []


def test_the_words_of_a_claim_are_running_text():
    source = (
        'One.\n---\nIt *is `{python} claim("teh best", one, ">", other)`*, '
        'by `{python} number(teh)`.\n'
    )
    assert "It *is teh best*, by" in prose.prose(source)
    assert prose.misspelt(prose.prose(source)) == ["teh"]


def test_a_table_in_the_text_is_mentioned():
    table = "| a |\n|:--|\n| b |\n\n: A caption. {#tbl-here}\n"
    assert selfcheck.figures(f"{REPORT}\n{table}") == [
        "tbl-here: nowhere mentioned as @tbl-here"
    ]
    assert selfcheck.figures(f"{REPORT}\nSee @tbl-here.\n\n{table}") == []


def test_a_word_list_has_words_to_take_and_to_refuse():
    text = "# A comment\n\nKeras\ncolour\n-color\n"
    assert prose.word_list(text) == ({"keras", "colour"}, {"color"})


def test_words_taken_and_refused_are():
    text = "Keras’s colours aren't a color, nor isn’t the netwrok's."
    assert prose.misspelt(text) == ["colours", "keras", "netwrok"]
    assert prose.misspelt(
        text, {"keras", "colours"}, {"color", "netwrok", "absent"}
    ) == ["color", "netwrok"]


# The PDF.


def pdf_problems(file):
    return {
        check.name: check.problems
        for check in selfcheck.pdf_checks(file, REPORT, GROUP, [])
        if check.problems
    }


@pytest.mark.parametrize("content", [b"", b"no PDF", None])
def test_a_pdf_that_does_not_open_is_named(project, content):
    file = project / "report.pdf"
    whole = file.read_bytes()
    file.write_bytes(whole[:len(whole) // 2] if content is None else content)
    (problem,) = pdf_problems(file)["PDF opens"]
    assert problem.startswith("report.pdf can't be read")
    file.unlink()
    assert pdf_problems(file)["PDF opens"]


def test_a_locked_or_empty_pdf_is_named(tmp_path):
    file = tmp_path / "report.pdf"
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.write(file)
    assert pdf_problems(file) == {"PDF opens": ["report.pdf has no text"]}
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(file)
    assert pdf_problems(file) == {
        "PDF opens": ["report.pdf asks for a password"]
    }


def test_fonts_that_are_not_inside_are_named(tmp_path):
    file = write_pdf(tmp_path / "report.pdf", PAGES, core_fonts=True)
    assert pdf_problems(file) == {"PDF has its fonts inside": ["Helvetica"]}


def test_fonts_are_looked_for_in_drawings_as_well(tmp_path):
    """As where LaTeX has put a figure's PDF into a page."""
    inner = PdfReader(
        write_pdf(tmp_path / "a.pdf", ["A"], core_fonts=True)
    ).pages[0]["/Resources"]
    drawing = DictionaryObject({NameObject("/Resources"): inner})
    resources = DictionaryObject({
        NameObject("/XObject"): DictionaryObject({NameObject("/X"): drawing}),
    })
    page = DictionaryObject({NameObject("/Resources"): resources})

    class Reader:
        pages = (page,)

    assert pdf.fonts_outside(Reader()) == ["Helvetica"]


@pytest.mark.parametrize(("parts", "top", "count"), [
    (20, 750, 20), (21, 750, 21),
    # With text above it, the appendix begins on the body's last page.
    (19, 500, 20), (20, 500, 21),
])
def test_too_many_pages_are_named(tmp_path, parts, top, count):
    titles = [f"Part {number}" for number in range(parts)]
    file = write_pdf(
        tmp_path / "report.pdf", [*titles, "How it was made", "More"], top=top
    )
    assert pdf.body_pages(PdfReader(file), "How it was made") == count
    assert pdf_problems(file) == ({} if count == 20 else {
        "PDF of the right length": ["the body has 21 pages; 20 at most"]
    })


def test_the_title_page_is_not_of_the_body(tmp_path):
    file = write_pdf(tmp_path / "report.pdf", PAGES)
    writer = PdfWriter()
    writer.add_blank_page(600, 800)
    writer.append(file)
    writer.write(file)
    assert len(PdfReader(file).pages) == len(PAGES) + 1
    assert pdf.body_pages(PdfReader(file), PAGES[-1]) == len(PAGES) - 1


def test_without_the_appendix_the_length_is_unknown(tmp_path):
    file = write_pdf(tmp_path / "report.pdf", PAGES[:2])
    (problem,) = pdf_problems(file)["PDF of the right length"]
    assert "no heading 'How it was made'" in problem


def test_open_references_are_named(tmp_path):
    pages = ["One\nSee ?@fig-two here", "Two\nFigure ?? and why?"]
    file = write_pdf(tmp_path / "report.pdf", [*pages, "How it was made"])
    assert pdf_problems(file) == {
        "PDF has no open references": ["page 1: ?@fig-two", "page 2: ??"]
    }


def test_links_to_nowhere_are_named(project):
    file = project / "report.pdf"
    writer = PdfWriter(clone_from=file)
    writer.add_named_destination("section.1", 0)
    for target in ("section.1", "section.9"):
        link = Link(rect=(0, 0, 9, 9), url="about:blank")
        link[NameObject("/A")] = DictionaryObject({
            NameObject("/S"): NameObject("/GoTo"),
            NameObject("/D"): TextStringObject(target),
        })
        writer.add_annotation(1, link)
    writer.write(file)
    assert pdf_problems(file) == {
        "PDF has no dead links": ["page 2: section.9"]
    }


def test_a_stamp_is_on_each_page_and_leaves_the_rest(project):
    before = PdfReader(project / "report.pdf")
    content = pdf.stamp(project / "report.pdf", "DRAFT")
    after = PdfReader(io.BytesIO(content))
    assert len(after.pages) == len(PAGES)
    for page, text in zip(after.pages, PAGES, strict=True):
        assert text in page.extract_text()
        assert "DRAFT" in page.extract_text()
    assert pdf.headings(after) == pdf.headings(before)
    assert pdf.fonts_outside(after) == []
    assert "DRAFT" not in pdf.text_of(before)


# The zip file and the command.


def packed(root, with_weights=False):
    found = contents.contents(root, with_weights)
    return submission.archive(root, "x", found, b"the PDF")


def members(file):
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        return archive.namelist()


def test_the_hand_in_is_built(project, submit):
    done = submit()
    assert done.exit_code == 0, done.output
    name = "assignment-7-group-42"
    assert done.output.splitlines()[-2:] == [
        f"submission/{name}.pdf (0.0 MB)", f"submission/{name}.zip (0.0 MB)",
    ]
    folder = project / "submission"
    assert sorted(file.name for file in folder.iterdir()) == [
        f"{name}.pdf", f"{name}.zip",
    ]
    whole = (project / "report.pdf").read_bytes()
    assert (folder / f"{name}.pdf").read_bytes() == whole
    assert members(folder / f"{name}.zip") == [
        f"{name}/{file}" for file in (
            "HAND-IN.txt", "report.pdf", "README.md", "assignment.yml",
            "code/digits/cli.py",
            "data/results/baseline/run.json", "group.yml", "references.bib",
            "report.qmd", "words.txt",
        )
    ]


@pytest.mark.parametrize(("group", "name"), [
    ("42", "assignment-7-group-42"),
    ('"Group 42 B"', "assignment-7-group-42-b"),
    ('"[group number]"', "assignment-7-group"),
    ('"../../etc"', "assignment-7-group-etc"),
    ("", "assignment-7-group"),
    ("Grupp Å 12/3", "assignment-7-group-grupp-a-12-3"),
    ("Группа 7", "assignment-7-group-gruppa-7"),
    ("第三组", "assignment-7-group-disanzu"),
    ("x" * 300, "assignment-7-group-" + "x" * 41),
])
def test_files_are_called_after_the_group(project, group, name):
    text = GROUP.replace("Group 42", group)
    (project / "group.yml").write_text(text)
    found, _ = submission.build(project, draft=False)
    assert [file.name for file in found] == [f"{name}.pdf", f"{name}.zip"]


def test_it_refuses_with_what_is_missing(project, submit):
    (project / "group.yml").write_text(GROUP.replace("Ada", '"[name]"'))
    done = submit()
    assert done.exit_code == 1
    assert "MISSING  front page complete" in done.output
    assert "ok       spelling" in done.output
    assert "- group.yml: name of author 1 is '[name]'" in done.output
    assert "- group.yml: '[name]' is not in the PDF" in done.output
    assert ("not ready to hand in: front page complete, PDF prints the front "
            "page." in done.output)
    assert "digits submit --draft" in done.output
    assert not (project / "submission").exists()


def test_a_draft_is_built_all_the_same_and_marked(project, submit):
    (project / "group.yml").write_text("front-page:\n")
    done = submit("--draft")
    assert done.exit_code == 0, done.output
    assert "MISSING  front page complete" in done.output
    file = project / "submission/assignment-7-group-draft.pdf"
    assert all("DRAFT" in page.extract_text() for page in PdfReader(file).pages)
    assert file.with_suffix(".zip").is_file()


@pytest.mark.parametrize("words", [(), ("--draft",)])
def test_without_a_report_there_is_a_table_and_no_hand_in(
    project, submit, monkeypatch, words
):
    def fail(say):
        raise RenderError("quarto render failed; see above")

    monkeypatch.setattr(cli.handin, "render", fail)
    done = submit(*words)
    assert done.exit_code == 1
    assert "MISSING  report rendered" in done.output
    assert "- quarto render failed; see above" in done.output
    assert "ok       spelling" in done.output
    assert not (project / "submission").exists()


def test_a_damaged_pdf_is_not_handed_in_even_as_a_draft(project, submit):
    (project / "report.pdf").write_bytes(b"%PDF-1.5 torn")
    done = submit("--draft")
    assert done.exit_code == 1
    assert "report.pdf can't be read" in done.output.splitlines()[-1]
    assert not (project / "submission").exists()


def test_the_zip_file_has_the_same_bytes_every_time(
    project, tmp_path_factory, monkeypatch
):
    other = tmp_path_factory.mktemp("other")
    for file in sorted(project.rglob("*"), reverse=True):
        if file.is_file():
            target = other / file.relative_to(project)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
    content = packed(project)
    monkeypatch.setattr(contents, "PARTS", contents.PARTS[::-1])
    assert packed(other) == content
    (other / "README.md").write_text("Read this.\n")
    assert packed(other) != content


def test_programs_stay_programs(project):
    script = project / ".ci/run"
    script.parent.mkdir()
    script.write_text("#!/bin/sh\n")
    content = io.BytesIO(packed(project))
    with zipfile.ZipFile(content) as archive:
        modes = {
            info.filename: info.external_attr >> 16
            for info in archive.infolist()
        }
    assert modes["x/.ci/run"] == 0o755
    assert modes["x/README.md"] == 0o644


def git(root, *words):
    subprocess.run(["git", *words], cwd=root, check=True, capture_output=True)


@needs_git
def test_with_git_the_files_are_those_it_tracks(project, fresh):
    git(project, "init")
    (project / ".gitignore").write_text(".venv/\n*.pdf\n*.pyc\n.*.lock\n")
    git(project, "add", ".gitignore", "report.qmd", "code", "README.md",
        "data/mnist.npz")  # even if someone has added it
    (project / "README.md").unlink()
    assert contents.contents(project).files == [
        ".gitignore", "code/digits/cli.py", "report.qmd",
    ]
    told = failed(project)["every file in git"]
    assert "words.txt: add it to git, or remove it" in told
    assert not any("report.pdf" in line for line in told)
    (project / "code/.env").write_text("TOKEN=1\n")
    (project / "code/.DS_Store").write_text("")
    assert failed(project)["every file in git"] == told
    git(project, "add", ".")
    assert "every file in git" not in failed(project)


@needs_git
def test_a_git_that_fails_is_told(project):
    (project / ".git").write_text("gitdir: /nowhere\n")
    with pytest.raises(GitError, match="git failed: "):
        contents.contents(project)


@needs_git
def test_the_known_parts_are_all_that_git_tracks(monkeypatch):
    if not (paths.ROOT / ".git").exists():
        pytest.skip("needs the project's git repository")
    tracked = handed_in().files
    monkeypatch.setattr(contents, "has_git", lambda root: False)
    known = contents.contents(paths.ROOT).files
    assert "report.qmd" in tracked
    assert set(tracked) <= set(known)
    assert "data/mnist.npz" not in known
    assert not [name for name in known if "__pycache__" in name]


def test_the_real_report_makes_a_draft(rendered_pdf, monkeypatch):
    """As `make report` renders it; that submit renders: test_render."""
    project = rendered_pdf.parent
    monkeypatch.setattr(paths, "ROOT", project)
    monkeypatch.setattr(cli.handin, "render", lambda say: [])
    done = CliRunner().invoke(cli.main, ["submit", "--draft"])
    assert done.exit_code == 0, done.output
    for name in ("references and citations defined", "spelling",
                 "figures and tables described", "PDF opens",
                 "PDF has its fonts inside", "PDF has no dead links",
                 "PDF has no open references"):
        assert f"ok       {name}" in done.output
    assert "MISSING  front page complete" in done.output
    file = project / done.output.splitlines()[-1].partition(" (")[0]
    (folder,) = {name.partition("/")[0] for name in members(file)}
    assert folder == file.stem
    assert f"{folder}/report.qmd" in members(file)
    pages = PdfReader(file.with_suffix(".pdf")).pages
    assert all("DRAFT" in page.extract_text() for page in pages)

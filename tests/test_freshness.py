"""The freeze of the report: kept while it belongs to code and results.

The pre-render step is the extension refreeze; tests/test_refreeze.py tests it
in projects of its own. Here it is called alone, through Quarto's own Deno
(`quarto run`), and `digits check` is asked the same in Python. What Quarto
makes of it is tested by whole renders.
"""

import json
import shutil

import pytest

from digits import freeze
from project import copy, needs_quarto, quarto

pytestmark = needs_quarto

FROZEN = "_freeze/report/execute-results"
BASELINE = "code/digits/experiments/baseline.py"
STEP = "_extensions/refreeze/refreeze.ts"
FIGURE = "figure-html/fig-loss-output-1.svg"


@pytest.fixture
def project(tmp_path):
    """Give a copy whose freeze is recorded as made from what is there."""
    copy(tmp_path)
    (tmp_path / freeze.RECORD).unlink(missing_ok=True)
    (tmp_path / FROZEN).rename(tmp_path / "aside")
    step(tmp_path)
    # Frozen after that, as an execution would.
    (tmp_path / "aside").rename(tmp_path / FROZEN)
    step(tmp_path)
    assert freeze.problems(tmp_path) == []
    return tmp_path


def step(project):
    done = quarto(project, "run", STEP)
    assert done.returncode == 0, done.stderr
    return done.stdout


def keeps_freeze(project):
    """Run the pre-render step; tell whether the freeze survives it.

    What `digits check` asks has to say the same before.
    """
    agrees = not freeze.problems(project)
    told = step(project)
    kept = (project / FROZEN).is_dir()
    assert agrees == kept
    assert kept != ("report.qmd is executed again: " in told)
    return kept


def edit(file, old, new):
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_nothing_changed(project):
    assert keeps_freeze(project)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (BASELINE, "SEEDS = range(5)", "SEEDS = range(5)  # five"),
        (BASELINE, "SEEDS = range(5)", "\n\nSEEDS = range(\n    5\n)"),
        (BASELINE, '"""List the runs: both', '"""Name the runs: both'),
        (BASELINE, '"""Question 2C', '"""2C'),
        ("references.bib", "{Quarto}", "{Quarto, the system}"),
        ("group.yml", "[group number]", "Group 42"),
        ("report.qmd", "learns fast", "learns quickly"),
    ],
)
def test_what_alters_no_meaning_keeps_it(project, file, old, new):
    edit(project / file, old, new)
    assert keeps_freeze(project)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (BASELINE, "SEEDS = range(5)", "SEEDS = range(6)"),
        (BASELINE, "SEEDS = range(5)", "SEEDS = range(5)\nMORE = '# no'"),
        (BASELINE, '"notebook": True', '"note#book": True'),
        ("code/digits/figures/dense.py", '"validation", DARK', '"test", DARK'),
        ("code/digits/figures/dense.py", "    if layer.units <= most:",
         "    if layer.units < most:"),
        ("code/digits/tables.py", "        for row in dense.itertuples()\n",
         "        for row in dense.itertuples() if row.units\n"),
        ("data/results/baseline/notebook_seed-0.json", "0.9", "0.8"),
        ("_quarto.yml", "fig-format: svg", "fig-format: png"),
    ],
)
def test_what_alters_meaning_drops_it(project, file, old, new):
    edit(project / file, old, new)
    assert not keeps_freeze(project)
    # Recorded by now: what is executed next is kept.
    (project / FROZEN).mkdir()
    assert keeps_freeze(project)


def test_a_changed_indent_is_a_change(project):
    text = (project / BASELINE).read_text()
    (project / BASELINE).write_text(text + "if SEEDS:\n    a = 1\n    b = 1\n")
    assert not keeps_freeze(project)
    (project / FROZEN).mkdir()
    edit(project / BASELINE, "    b = 1", "b = 1")
    assert not keeps_freeze(project)


def test_new_and_removed_files_are_changes(project):
    extra = project / "data/results/baseline/extra.json"
    extra.write_text("{}")
    assert not keeps_freeze(project)
    (project / FROZEN).mkdir()
    extra.unlink()
    assert not keeps_freeze(project)


@pytest.mark.parametrize("name", [
    ".run.lock", "Thumbs.db", "desktop.ini", ".DS_Store",
    "held-out_seed-0 (1).json", "held-out_seed-0.json~",
    "__pycache__/x.cpython-311.pyc",
])
def test_what_is_no_result_costs_nothing(project, name):
    file = project / "data/results/baseline" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("x")
    assert keeps_freeze(project)


def test_line_ends_cost_nothing(project):
    """As on a clone with core.autocrlf=true."""
    for pattern in ("code/**/*.py", "data/results/**/*.json", "_quarto.yml"):
        for file in project.glob(pattern):
            text = file.read_bytes().replace(b"\r\n", b"\n")
            file.write_bytes(text.replace(b"\n", b"\r\n"))
    assert keeps_freeze(project)


@pytest.mark.parametrize("content", [
    "", "{", "[]", '{"digest": 1}', '{"files": {}, "frozen": 1}', "null",
    "<<<<<<< ours\n{}\n=======\n[]\n>>>>>>> theirs\n",
])
def test_an_unreadable_record_drops_the_freeze(project, content):
    (project / freeze.RECORD).write_text(content)
    assert not keeps_freeze(project)


@pytest.mark.parametrize("name", ["execute-results/md.json", FIGURE])
def test_another_freeze_than_was_made_is_dropped(project, name):
    """As after a merge that took the other side's."""
    file = project / freeze.FROZEN / name
    file.write_bytes(file.read_bytes() + b" ")
    assert not keeps_freeze(project)


def test_a_missing_figure_drops_the_freeze(project):
    (project / freeze.FROZEN / FIGURE).unlink()
    assert not keeps_freeze(project)


def test_both_digest_all_files_alike(project):
    """The step's record against the same rules in Python, file by file."""
    (project / "code/digits/new.py").write_text(
        "# -*- coding: utf-8 -*-\n'''One'''\nd = {'a#': 1}\n"
        "x = f\"{d['a#']}\" + rb'\\\\' + 'ü'  # no\n"
        "if x:\n\tpass\n(\n# in\n'''not a docstring'''\n)\n",
        encoding="utf-8",
    )
    (project / "code/digits/nested.py").write_text(
        "d = {'#': 1}\ny = f\"{d[\"#\"]}\"  # counts\n")
    step(project)
    files = json.loads((project / freeze.RECORD).read_text())["files"]
    for name in ("(profile)", "(rules)"):
        del files[name]
    assert len(files) > 500
    assert files == {name: freeze.digest(project / name) for name in files}


def test_frozen_render_needs_no_python(project):
    done = quarto(project, "render", "--to", "html", with_python=False)
    assert done.returncode == 0, done.stderr
    assert "Executing" not in done.stderr
    assert (project / "report.html").stat().st_size > 100_000


def test_a_new_reference_shows_without_python(project):
    edit(project / "references.bib", "{Quarto}", "{Quarto, the system}")
    done = quarto(project, "render", "--to", "gfm", with_python=False)
    assert done.returncode == 0, done.stderr
    assert "Quarto, the System" in (project / "report.md").read_text()


def test_a_reworded_comment_of_a_listing_shows_without_python(project):
    edit(project / "code/digits/data.py", "channel last.", "channel at last.")
    done = quarto(project, "render", "--to", "gfm", with_python=False)
    assert done.returncode == 0, done.stderr
    assert "channel at last." in (project / "report.md").read_text()


def test_changed_code_is_executed_again_and_trains_nothing(project):
    edit(project / "code/digits/figures/dense.py", '"validation", DARK',
         '"validation accuracy", DARK')
    frozen = json.loads((project / FROZEN / "md.json").read_text())
    done = quarto(project, "render", "--to", "gfm")
    assert done.returncode == 0, done.stderr
    again = json.loads((project / FROZEN / "md.json").read_text())
    assert again["hash"] == frozen["hash"]
    assert again["result"]["markdown"] != frozen["result"]["markdown"]
    assert not (project / FROZEN / "html.json").exists()
    # And from now on it is frozen.
    done = quarto(project, "render", "--to", "gfm", with_python=False)
    assert done.returncode == 0, done.stderr


def test_changed_code_without_python_fails(project):
    edit(project / BASELINE, "SEEDS = range(5)", "SEEDS = range(4)")
    done = quarto(project, "render", "--to", "gfm", with_python=False)
    assert done.returncode != 0


def test_a_stale_result_fails_with_the_command(project):
    edit(project / BASELINE, "seed=seed,", "seed=seed, learning_rate=0.2,")
    done = quarto(project, "render", "report.qmd", "--to", "gfm")
    assert done.returncode != 0
    assert "learning_rate was 0.1, is now 0.2" in done.stderr
    assert "digits train baseline" in done.stderr


def test_execution_imports_no_tensorflow(project):
    edit(project / "report.qmd", "# References",
         "`{python} str({'tensorflow', 'keras'} & set(__import__('sys')"
         ".modules))`\n\n# References")
    done = quarto(project, "render", "report.qmd", "--to", "gfm")
    assert done.returncode == 0, done.stderr
    assert "set()" in (project / "report.md").read_text()


def test_a_torn_freeze_is_executed_again(project):
    file = project / FROZEN / "md.json"
    file.write_text(file.read_text()[:1000])
    done = quarto(project, "render", "--to", "gfm")
    assert done.returncode == 0, done.stderr
    assert json.loads(file.read_text())["hash"]


def test_a_deleted_freeze_is_executed_again(project):
    shutil.rmtree(project / "_freeze")
    done = quarto(project, "render", "--to", "gfm")
    assert done.returncode == 0, done.stderr
    assert (project / FROZEN / "md.json").is_file()

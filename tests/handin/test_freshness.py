"""The freeze: kept while it belongs to code and results, dropped after that.

Most of these tests call the pre-render step alone, through Quarto's own Deno,
and ask `digits check` the same, which has to agree; what Quarto makes of it is
tested by whole renders. The step by itself: test_refreeze.
"""

import json
import shutil
import subprocess

import pytest

from digits import paths
from handin import freeze, frozen
from project import ARRAYS, copy, needs_quarto, quarto

pytestmark = needs_quarto

FROZEN = "_freeze/report/execute-results"
BASELINE = "code/digits/experiments/baseline.py"


STEP = "_extensions/refreeze/refreeze.ts"
# What Quarto tells the step: so it need not ask, where it remembers.
ASKED = {"QUARTO_PROJECT_INPUT_FILES": "report.qmd"}


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    """Give a copy in which the step has run: it remembers what it can.

    Its freeze is fresh in any case; whether the real one is: test_report.
    """
    project = copy(tmp_path_factory.mktemp("known"), without=ARRAYS)
    keeps_freeze(project)
    (project / FROZEN).mkdir(exist_ok=True)
    return project


@pytest.fixture
def project(known, tmp_path):
    return shutil.copytree(known, tmp_path / "project")


def keeps_freeze(project):
    """Run the pre-render step; tell whether the freeze survives it."""
    changes = frozen.changes(project)
    done = quarto(project, "run", STEP, **ASKED)
    assert done.returncode == 0, done.stderr
    kept = (project / FROZEN).is_dir()
    assert kept == (changes == []), (changes, done.stdout)
    # And they say the same of what has changed.
    assert all(change in done.stdout for change in changes[:1])
    return kept


def edit(file, old, new):
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_nothing_changed(project):
    """Started by hand as well, and where nothing is remembered."""
    shutil.rmtree(project / ".quarto")
    done = quarto(project, "run", STEP)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
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
        ("_quarto.yml", "toc: true", "toc: false"),
        ("code/quarto/light.scss", "\n", "\n// Light.\n"),
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
        ("code/digits/figures/networks.py", "    if layer.units <= most:",
         "    if layer.units < most:"),
        ("code/digits/figures/tables.py",
         "        for row in dense.itertuples()\n",
         "        for row in dense.itertuples() if row.units\n"),
        ("data/results/baseline/notebook_seed-0.json", "0.9", "0.8"),
        ("_quarto.yml", "fig-format: svg", "fig-format: png"),
        ("group.yml", "front-page:", "execute: {echo: false}\nfront-page:"),
        ("report.qmd", "learns fast", "learns quickly"),
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


def test_hidden_files_caches_and_litter_are_none(project):
    for name in (".run.lock", "Thumbs.db", "desktop.ini", ".DS_Store",
                 "notebook_seed-0 (1).json"):
        (project / "data/results/baseline" / name).write_text("")
    cache = project / "code/digits/__pycache__"
    cache.mkdir()
    (cache / "x.py").write_text("x = 1")
    assert keeps_freeze(project)


def test_line_ends_are_none(project):
    """As on a clone with core.autocrlf=true."""
    changed = [
        project / name for name in ("_quarto.yml", "report.qmd", "group.yml")
    ]
    changed += (project / "data/results").rglob("*.json")
    changed += (project / "code").rglob("*.py")
    for file in changed:
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert keeps_freeze(project)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"digest": 1}'])
def test_an_unreadable_record_drops_the_freeze(project, content):
    (project / "_freeze/_refreeze/report.json").write_text(content)
    assert frozen.changes(project)
    quarto(project, "run", STEP, **ASKED)
    assert not (project / FROZEN).is_dir()


def test_frozen_render_needs_no_python(rendered_html):
    said = (rendered_html.parent / "said").read_text(encoding="utf-8")
    assert "Executing" not in said
    assert rendered_html.stat().st_size > 100_000


# Renders, to one format; of the real report twice, for all that is to be seen.


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """Give the report after a change of code, executed and rendered."""
    project = copy(tmp_path_factory.mktemp("executed"))
    edit(project / "code/digits/figures/dense.py", '"validation", DARK',
         '"validation accuracy", DARK')
    edit(project / "report.qmd", "# References",
         "`{python} str({'tensorflow', 'keras'} & set(__import__('sys')"
         ".modules))`\n\n# References")
    done = quarto(project, "render", "--to", "gfm")
    assert done.returncode == 0, done.stderr
    return project


def test_changed_code_is_executed_again_and_trains_nothing(executed):
    before = json.loads((paths.ROOT / FROZEN / "md.json").read_text())
    again = json.loads((executed / FROZEN / "md.json").read_text())
    assert again["hash"] == freeze.source_digest(executed)
    curves, others = "fig-curves-output-1", "fig-network-output-1"
    for name, same in ((curves, False), (others, True)):
        file = f"_freeze/report/figure-commonmark/{name}.svg"
        assert (
            (executed / file).read_bytes() == (paths.ROOT / file).read_bytes()
        ) == same
    assert again["result"]["markdown"] != before["result"]["markdown"]
    assert not (executed / FROZEN / "html.json").exists()


def test_execution_imports_no_tensorflow(executed):
    assert "set()" in (executed / "report.md").read_text()


@pytest.fixture(scope="module")
def rendered_again(executed):
    """Give what it says after changes that execute nothing."""
    edit(executed / "references.bib", "{Quarto}", "{Quarto, the system}")
    edit(executed / "code/digits/data.py", "channel last.", "channel at last.")
    done = quarto(executed, "render", "--to", "gfm", with_python=False)
    assert done.returncode == 0, done.stderr
    return (executed / "report.md").read_text()


def test_a_new_reference_shows_without_python(rendered_again):
    assert "Quarto, the System" in rendered_again


def test_a_reworded_comment_of_a_listing_shows_without_python(rendered_again):
    assert "channel at last." in rendered_again


BRIEF = """---
title: Brief
---

```{python}
from digits.experiments import baseline
print(len(baseline.result().final))
```
"""


@pytest.fixture(scope="module")
def brief(tmp_path_factory):
    """Give a report with one chunk, never rendered."""
    project = copy(tmp_path_factory.mktemp("brief"), [
        "code", "_extensions", "_quarto.yml", "group.yml", "references.bib",
        "data/results/baseline",
    ])
    (project / "report.qmd").write_text(BRIEF, encoding="utf-8")
    return project


@pytest.fixture(scope="module")
def brief_frozen(brief):
    """Give what was frozen by its first render: there was no freeze."""
    done = quarto(brief, "render", "--to", "gfm")
    assert done.returncode == 0, done.stderr
    return (brief / FROZEN / "md.json").read_text()


def test_a_deleted_freeze_is_executed_again(brief, brief_frozen):
    assert json.loads(brief_frozen)["hash"] == freeze.source_digest(brief)
    assert "    10\n" in (brief / "report.md").read_text()


def test_a_torn_freeze_is_executed_again(brief, brief_frozen):
    file = brief / FROZEN / "md.json"
    file.write_text(brief_frozen[:100])
    done = quarto(brief, "render", "--to", "gfm")
    assert done.returncode == 0, done.stderr
    whole, again = json.loads(brief_frozen), json.loads(file.read_text())
    assert again["hash"] == whole["hash"]
    assert again["result"]["markdown"] == whole["result"]["markdown"]


def test_changed_code_without_python_fails(brief, brief_frozen, tmp_path):
    project = shutil.copytree(brief, tmp_path / "project")
    edit(project / BASELINE, "SEEDS = range(5)", "SEEDS = range(4)")
    done = quarto(project, "render", "--to", "gfm", with_python=False)
    assert done.returncode != 0


def test_a_stale_result_fails_with_the_command(brief, tmp_path):
    project = shutil.copytree(brief, tmp_path / "project")
    edit(project / BASELINE, "DenseNetwork(), split",
         "DenseNetwork((65,)), split")
    done = quarto(project, "render", "report.qmd", "--to", "gfm")
    assert done.returncode != 0
    assert "network.hidden_units was [64, 64], is now [65]" in done.stderr
    assert "digits train baseline" in done.stderr


def test_tokens_are_those_of_the_step(tmp_path):
    """Python and TypeScript write the same of all code here, and of traps."""
    traps = [
        "a = '\\'' # '\nb = r\"\\\"\" + f'{a}#' # no\n", "x = (\n  'a'\n)\n",
        "\tif a:\n\t  '''doc\n'''\n\t  b\\\n  = 1", "é = 'ü'; 𝐱 = ' '\f\n",
        "'' '' ; ''\n", '"""\\"""" # "\n', "a = '''b''' '''", "#", "(", ")\n''",
    ]
    files = list((paths.ROOT / "code").rglob("*.py"))
    sources = traps + [file.read_text(encoding="utf-8") for file in files]
    (tmp_path / "sources.json").write_text(json.dumps(sources))
    step = paths.ROOT / "_extensions/refreeze/refreeze.ts"
    (tmp_path / "ask.ts").write_text(
        f"import {{ tokens }} from {json.dumps(step.as_uri())};\n"
        'const given = JSON.parse(Deno.readTextFileSync("sources.json"));\n'
        "console.log(JSON.stringify(given.map(tokens)));\n"
    )
    done = quarto(tmp_path, "run", "ask.ts")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [frozen.tokens(text) for text in sources]


def git(*words):
    return subprocess.run(
        ["git", *words], cwd=paths.ROOT, capture_output=True, check=True
    ).stdout


needs_git = pytest.mark.skipif(
    not (paths.ROOT / ".git").exists() or shutil.which("git") is None,
    reason="needs git, and a clone of the project",
)


@needs_git
def test_a_clone_has_the_same_bytes_on_windows(tmp_path):
    git("clone", "--quiet", "--config", "core.autocrlf=true", ".",
        str(tmp_path / "clone"))
    for name in ("report.qmd", "_quarto.yml", BASELINE,
                 "data/results/baseline/notebook_seed-0.json"):
        copied = (tmp_path / "clone" / name).read_bytes()
        assert copied == git("show", f"HEAD:{name}")
        assert b"\r" not in copied


@needs_git
def test_generated_files_are_never_merged_line_by_line():
    generated = [f"{FROZEN}/md.json", "_freeze/_refreeze/report.json",
                 "data/results/baseline/notebook_seed-0.json", "report.md"]
    said = git("check-attr", "merge", "--", *generated).decode()
    assert said.splitlines() == [f"{name}: merge: unset" for name in generated]

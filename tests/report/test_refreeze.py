"""The extension refreeze, in a stranger's project, with a real Quarto.

The project is made here, its extension is installed by `quarto add`, and both
of its documents are rendered once. Then each test changes a copy of it, and
looks at which documents lose their freeze.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest

from digits import paths
from project import needs_quarto

pytestmark = needs_quarto

EXTENSION = paths.ROOT / "_extensions/refreeze"
STEP = "_extensions/refreeze/refreeze.ts"
ONE, TWO = "one.qmd", "weit weg/zwölf.qmd"
# What Quarto tells the step: so it need not ask, where it remembers.
ASKED = {"QUARTO_PROJECT_INPUT_FILES": f"{ONE}\n{TWO}"}
FILES = {
    "_quarto.yml": """\
project:
  render: ["*.qmd"]
execute:
  freeze: auto
format: html
theme: none
refreeze:
  inputs: ["code/**/*.py"]
""",
    "_quarto-other.yml": "toc: true\n",
    ONE: """\
---
title: One
refreeze:
  inputs: [data, "tables/*.csv"]
---

{{< include parts/_outer.qmd >}}

```{python}
print("sum:", sum(map(int, open("data/numbers.csv").read().split(","))))
```
""",
    TWO: """\
---
title: Two
---

```{python}
print("two")
```
""",
    "parts/_outer.qmd": "Outer.\n\n{{< include /parts/_inner.qmd >}}\n",
    "parts/_inner.qmd": "Inner.\n",
    "code/deep/helper.py": '"""Help."""\n\nvalue = 1  # one\n',
    "data/numbers.csv": "1,2\n",
    "tables/größe.csv": "3\n",
}


def quarto(folder, *words, **variables):
    return subprocess.run(
        ["quarto", *words], cwd=folder, capture_output=True, text=True,
        stdin=subprocess.DEVNULL,
        env=os.environ | {"QUARTO_PYTHON": sys.executable} | variables,
    )


def write(folder, name, text):
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode())


def frozen(folder):
    """Name the documents that are frozen."""
    return {
        name for name in (ONE, TWO)
        if (folder / "_freeze" / name[:-4] / "execute-results").is_dir()
    }


@pytest.fixture(scope="module")
def rendered(once):
    return once("refreeze", make_project) / "mein Bericht ü/proj ekt"


def make_project(folder):
    folder = folder / "mein Bericht ü/proj ekt"
    for name, text in FILES.items():
        write(folder, name, text)
    done = quarto(folder, "add", str(EXTENSION.parents[1]), "--no-prompt")
    assert done.returncode == 0, done.stderr
    done = quarto(folder, "render")
    assert done.returncode == 0, done.stderr
    assert frozen(folder) == {ONE, TWO}
    # Old enough to be remembered by their time.
    for name in FILES:
        os.utime(folder / name, (1e9, 1e9))


@pytest.fixture
def project(rendered, tmp_path):
    return shutil.copytree(rendered, tmp_path / "a cöpy")


def step(project, **variables):
    """Run the step alone; return what it says, and what it leaves frozen."""
    done = quarto(project, "run", STEP, **ASKED, **variables)
    assert done.returncode == 0, done.stderr
    return done.stdout, frozen(project)


def test_what_alters_nothing_costs_nothing(project):
    for name, text in FILES.items():
        write(project, name, text.replace("\n", "\r\n"))
    write(project, "code/deep/helper.py", '"""Word."""\nvalue = (\n  1)\n'
          .replace("(\n  1)", "1 # uno"))
    for litter in ("Thumbs.db", "desktop.ini", ".DS_Store", "numbers (1).csv",
                   "numbers.csv~", ".numbers.csv.swp", "__pycache__/x.py"):
        write(project, f"data/{litter}", "litter")
    config = FILES["_quarto.yml"].replace("format: html", "format:\n  html: {}")
    write(project, "_quarto.yml", f"# Website\n{config}toc: true\n")
    said, left = step(project)
    assert left == {ONE, TWO}
    assert said == ""


@pytest.mark.parametrize(
    ("name", "text", "executed", "why"),
    [
        ("code/deep/helper.py", "value = 2\n", {ONE, TWO},
         "code/deep/helper.py was changed"),
        ("code/new.py", "", {ONE, TWO}, "code/new.py was added"),
        ("code/deep/helper.py", None, {ONE, TWO},
         "code/deep/helper.py was removed"),
        ("data/numbers.csv", "1,3\n", {ONE}, "data/numbers.csv was changed"),
        ("data/sub/more.csv", "1,3\n", {ONE}, "data/sub/more.csv was added"),
        ("tables/größe.csv", None, {ONE}, "tables/größe.csv was removed"),
        ("parts/_inner.qmd", "Inmost.\n", {ONE},
         "parts/_inner.qmd was changed"),
        (TWO, FILES[TWO] + "\nMore.\n", {TWO}, f"{TWO} was changed"),
        ("weit weg/_metadata.yml", "fig-dpi: 300\n", {TWO},
         "weit weg/_metadata.yml was added"),
        ("_quarto.yml", FILES["_quarto.yml"] + "fig-dpi: 300\n", {ONE, TWO},
         "(options) was changed"),
        ("_quarto.yml", FILES["_quarto.yml"].replace("py", "txt"), {ONE, TWO},
         "code/deep/helper.py was removed"),
    ],
)
def test_a_change_executes_what_it_concerns_and_says_why(
    project, name, text, executed, why
):
    if text is None:
        (project / name).unlink()
    else:
        write(project, name, text)
    said, left = step(project)
    assert left == {ONE, TWO} - executed
    lines = [line for line in said.splitlines() if "executed" in line]
    assert sorted(lines) == sorted(
        f"refreeze: {document} is to be executed: {why}"
        for document in executed
    )
    # Recorded by now: what is executed next is kept.
    for document in executed:
        write(project, f"_freeze/{document[:-4]}/execute-results/html.json", "")
    assert step(project)[1] == {ONE, TWO}


def test_a_profile_is_part_of_it(project):
    said, left = step(project, QUARTO_PROFILE="other")
    assert left == set()
    assert "(profile) was changed" in said


def test_a_render_executes_what_changed_and_freezes_it(project):
    write(project, "data/numbers.csv", "1,41\n")
    done = quarto(project, "render")
    assert done.returncode == 0, done.stderr
    assert "one.qmd is to be executed" in done.stdout
    assert "one.quarto_ipynb" in done.stderr
    assert "zwölf.quarto_ipynb" not in done.stderr
    assert "sum: 42" in (project / "one.html").read_text(encoding="utf-8")
    # And now without Python.
    done = quarto(project, "render", QUARTO_PYTHON=str(project / "no python"))
    assert done.returncode == 0, done.stderr
    assert "sum: 42" in (project / "one.html").read_text(encoding="utf-8")


def test_a_dry_run_says_and_does_nothing_else(project):
    write(project, "data/numbers.csv", "1,41\n")
    before = (project / "_freeze/_refreeze/one.json").read_bytes()
    page = (project / "one.html").stat().st_mtime_ns
    done = quarto(project, "render", REFREEZE="dry-run")
    assert done.returncode != 0
    assert "one.qmd is to be executed: data/numbers.csv was" in done.stdout
    assert "zwölf" not in done.stdout
    assert frozen(project) == {ONE, TWO}
    assert (project / "_freeze/_refreeze/one.json").read_bytes() == before
    assert (project / "one.html").stat().st_mtime_ns == page


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", "7", '{"(profile)": 1}',
     '<<<<<<< ours\n{"a": "b"}\n=======\n{}\n>>>>>>> theirs\n'],
)
def test_an_unreadable_record_executes_its_document(project, content):
    write(project, "_freeze/_refreeze/one.json", content)
    assert step(project)[1] == {TWO}


def test_a_document_that_quarto_cannot_inspect_is_told(project):
    write(project, ONE, FILES[ONE].replace("_outer", "_absent"))
    done = quarto(project, "run", STEP)
    assert done.returncode != 0
    assert "_absent.qmd" in done.stderr
    assert frozen(project) == {ONE, TWO}


def test_what_is_remembered_may_be_lost_or_torn(project):
    write(project, ".quarto/refreeze.json", '{"digests": {')
    assert step(project) == ("", {ONE, TWO})
    assert json.loads((project / ".quarto/refreeze.json").read_text())
    shutil.rmtree(project / ".quarto")
    assert step(project) == ("", {ONE, TWO})


def test_what_is_remembered_hides_no_change(project):
    """A file of the same size, and of a time at which it was seen before."""
    step(project)
    file = project / "data/numbers.csv"
    write(project, "data/new", "2,1\n")
    os.utime(project / "data/new", (1e9, 1e9))
    (project / "data/new").rename(file)
    assert step(project)[1] == {TWO}


def test_killed_it_leaves_no_stale_freeze(project):
    generator = random.Random(1)
    write(project, "code/deep/helper.py", "value = 2\n")
    for _ in range(4):
        process = subprocess.Popen(
            ["quarto", "run", STEP], cwd=project, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        time.sleep(generator.uniform(0.2, 2))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    step(project)
    assert frozen(project) == set()


def test_two_at_once_both_succeed(project):
    write(project, "code/deep/helper.py", "value = 2\n")
    steps = [
        subprocess.Popen(
            ["quarto", "run", STEP], cwd=project, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    for process in steps:
        _, problem = process.communicate()
        assert process.returncode == 0, problem
    assert frozen(project) == set()
    assert json.loads((project / "_freeze/_refreeze/one.json").read_text())


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0,
    reason="needs a user whose rights have limits",
)
def test_in_a_read_only_folder_fresh_is_fine_and_stale_is_told(project):
    folders = [project / "_freeze/_refreeze", project / "_freeze/one"]
    for folder in folders:
        folder.chmod(0o555)
    assert step(project) == ("", {ONE, TWO})
    write(project, "data/numbers.csv", "1,41\n")
    done = quarto(project, "run", STEP)
    for folder in folders:
        folder.chmod(0o755)
    assert done.returncode != 0
    assert "Permission denied" in done.stderr


def test_a_glob_without_a_file_is_told(project):
    shutil.rmtree(project / "tables")
    assert "nothing matches tables/*.csv" in step(project)[0]


def test_a_link_to_a_folder_above_is_not_followed(project):
    (project / "data/loop").symlink_to("..", target_is_directory=True)
    (project / "data/here").symlink_to(".", target_is_directory=True)
    assert step(project) == ("", {ONE, TWO})
    (project / "data/beside").symlink_to("../code", target_is_directory=True)
    said, left = step(project)
    assert left == {TWO}
    assert "data/beside/deep/helper.py was added" in said

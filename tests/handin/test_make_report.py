"""`make report` where nothing is installed yet but Quarto and LaTeX."""

import shutil

import pytest

from project import ARRAYS, PARTS, copy, make_report, needs_quarto


def test_a_fresh_freeze_needs_nothing_installed(bare_project):
    said = (bare_project / "said").read_text(encoding="utf-8")
    assert "nothing was installed" in said
    for name in ("report.html", "report.pdf"):
        assert (bare_project / name).stat().st_size > 100_000
    assert not (bare_project / ".venv").exists()


@needs_quarto
@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_a_stale_one_is_told_of_and_kept_until_all_is_installed(tmp_path):
    bare = copy(tmp_path / "bare", [
        *PARTS, "Makefile", "requirements.lock", "pyproject.toml",
    ], without=ARRAYS)
    with (bare / "code/digits/data.py").open("a") as file:
        file.write("\nLATER = 1\n")
    frozen = bare / "_freeze/report/execute-results/html.json"
    before = frozen.read_bytes()
    done = make_report(bare, with_python=False)
    assert done.returncode != 0  # this Python can't install anything
    assert "code/digits/data.py was changed" in done.stdout
    assert frozen.read_bytes() == before
    assert not (bare / "report.pdf").exists()

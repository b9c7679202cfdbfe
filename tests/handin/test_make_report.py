"""`make report` where nothing is installed yet but Quarto and LaTeX."""

import shutil
import subprocess

import pytest

from digits import paths
from project import copy, environment, needs_latex, needs_quarto

pytestmark = [
    needs_quarto, needs_latex,
    pytest.mark.skipif(shutil.which("make") is None, reason="needs make"),
]


@pytest.fixture
def bare(tmp_path):
    """Give a copy with a fresh freeze, and no Python that is good for much."""
    project = copy(tmp_path / "bare")
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy2(paths.ROOT / name, project)
    return project


def make_report(project):
    return subprocess.run(
        ["make", "report"], cwd=project, capture_output=True, text=True,
        env=environment(project, with_python=False), stdin=subprocess.DEVNULL,
    )


def test_a_fresh_freeze_needs_nothing_installed(bare):
    done = make_report(bare)
    assert done.returncode == 0, done.stderr
    assert "nothing was installed" in done.stdout
    for name in ("report.html", "report.pdf"):
        assert (bare / name).stat().st_size > 100_000
    assert not (bare / ".venv").exists()


def test_a_stale_one_is_told_of_and_kept_until_all_is_installed(bare):
    with (bare / "code/digits/data.py").open("a") as file:
        file.write("\nLATER = 1\n")
    frozen = bare / "_freeze/report/execute-results/html.json"
    before = frozen.read_bytes()
    done = make_report(bare)
    assert done.returncode != 0  # this Python can't install anything
    assert "code/digits/data.py was changed" in done.stdout
    assert frozen.read_bytes() == before
    assert not (bare / "report.pdf").exists()

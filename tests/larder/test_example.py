"""The engine with another report: its own data, no TensorFlow, no digits."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from digits import paths
from project import needs_quarto

EXAMPLE = paths.ROOT / "examples/iris"
RUNS = 7


class Report:
    """A copy of the example in a repository of its own."""

    def __init__(self, folder: Path):
        self.folder = folder
        shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(
            "__pycache__", "_extensions", "_freeze", ".quarto", "report.html"
        ))
        self.task = folder / "code/flowers/neighbours.py"
        # To compile a style would take Quarto longer than all else.
        options = folder / "_quarto.yml"
        options.write_text(options.read_text().replace(
            "\n  html:\n", "\n  html:\n    minimal: true\n"
        ))
        self.git("init", "--quiet")
        self.git("add", ".")
        self.git("commit", "--quiet", "--message", "report")

    def git(self, *words):
        self.call("git", "-c", "user.name=Test", "-c", "user.email=t@localhost",
                  *words)

    def call(self, *words, code=0, **variables):
        done = subprocess.run(
            words, cwd=self.folder, capture_output=True, text=True,
            stdin=subprocess.DEVNULL, env=self.environment(**variables),
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    @staticmethod
    def environment(**variables):
        path = [str(Path(sys.executable).parent), os.environ["PATH"]]
        return os.environ | {
            "PATH": os.pathsep.join(path),
            "PYTHONPATH": os.pathsep.join(["code", str(paths.CODE)]),
            "QUARTO_PYTHON": sys.executable,
        } | variables

    def flowers(self, *words, **options):
        return self.call(sys.executable, "-m", "flowers", *words, **options)

    def edit(self, was, now):
        text = self.task.read_text()
        assert text.count(was) == 1
        self.task.write_text(text.replace(was, now))


@pytest.fixture
def report(tmp_path):
    return Report(tmp_path / "iris")


def refactor(report):
    report.edit("""\
        apart = measures[asked, np.newaxis] - measures[known]
        nearest = np.square(apart).sum(axis=2).argsort(axis=1, kind="stable")
""", """\
        nearest = _by_distance(measures[asked], measures[known])
""")
    report.edit("@ignored(\"the file", """\
def _by_distance(asked, known):
    apart = asked[:, np.newaxis] - known
    return np.square(apart).sum(axis=2).argsort(axis=1, kind="stable")


@ignored("the file""")


def test_a_refactoring_is_confirmed_and_a_change_is_not(report):
    before = report.flowers("results", "voting")
    refactor(report)
    assert "neighbours._by_distance is new" in report.flowers("status")
    assert f"{RUNS} confirmed, 0 refused" in report.flowers("confirm")
    assert "7 fresh, confirmed by rehearsal" in report.flowers("status")
    assert report.flowers("results", "voting") == before
    report.edit("np.square(apart)", "np.square(apart[..., :2])")
    told = report.flowers("confirm", code=1)
    assert f"0 confirmed, {RUNS} refused" in told
    assert "metrics: accuracy was 0.9" in told


def test_the_engine_brings_neither_tensorflow_nor_digits(report):
    told = report.call(
        sys.executable, "-c", "import sys, flowers.kept, larder.commands; "
        "from flowers.experiments import voting; voting.result(); "
        "print(sorted({m.partition('.')[0] for m in sys.modules} & "
        "{'tensorflow', 'keras', 'digits', 'handin', 'distributed'}))",
    )
    assert told == "[]\n"


def test_forbidden_to_compute_it_names_its_own_command(report):
    report.edit("np.square(apart)", "np.square(apart[..., :2])")
    told = report.flowers("train", code=1, FLOWERS_COMPUTE="never")
    assert "FLOWERS_COMPUTE=never" in told
    assert "python -m flowers train voting" in told


@needs_quarto
def test_rendered_changed_confirmed_and_rendered_again(report):
    report.call("quarto", "add", "--no-prompt", str(paths.ROOT))
    report.call("quarto", "render")
    first = shown(report)
    assert "96.0% are right with 5 neighbours" in first
    assert "is to be executed" not in report.call("quarto", "render")
    refactor(report)
    report.flowers("confirm")
    told = report.call("quarto", "render", FLOWERS_COMPUTE="never")
    assert "report.qmd is to be executed" in told
    assert "code/flowers/neighbours.py was changed" in told
    assert shown(report) == first


def shown(report):
    page = (report.folder / "report.html").read_text(encoding="utf-8")
    found = re.search(r"<p><span[^>]*>.*?</p>|<p>[^<]*are right.*?</p>", page,
                      re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", "", found[0]).split())

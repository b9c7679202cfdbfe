"""A copy of the project to render and to break, and a Quarto to do it with."""

import io
import os
import re
import shutil
import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path

import matplotlib
import pytest

from digits import paths
from handin import contents, submission

# The environment before anything has imported TensorFlow.
ENVIRONMENT = dict(os.environ)

PARTS = ("code", "data/results", "_freeze", "_extensions", "_quarto.yml",
         "group.yml", "report.qmd", "report.md", "references.bib",
         "assignment.yml",
         "requirements-quarto.lock", "words.txt")

# Of results: the most of their bytes, which only chunks that draw read.
ARRAYS = ("*.npz", "*.h5")

needs_quarto = pytest.mark.skipif(
    shutil.which("quarto") is None,
    reason="needs Quarto on PATH (https://quarto.org/docs/get-started)",
)
needs_latex = pytest.mark.skipif(
    shutil.which("xelatex") is None,
    reason="needs LaTeX on PATH (quarto install tinytex)",
)

needs_poppler = pytest.mark.skipif(
    shutil.which("pdftotext") is None,
    reason="needs pdftotext on PATH (poppler-utils)",
)


def copy(folder: Path, parts=PARTS, without=()) -> Path:
    """Copy what rendering needs into a new folder; return that folder.

    `without` are patterns of files that the test does without.
    """
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info", *without)
    for part in parts:
        source, target = paths.ROOT / part, folder / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=ignored)
        else:
            shutil.copy2(source, target)
    return folder


# Rendered in a fraction of the real report's time: it has nothing to execute.
SHORT = """---
title: Short
---

# Question 1 {#sec-one}

One sentence, with @lecun1998gradient as its source.
"""


def copy_short(folder: Path) -> Path:
    """Copy all but results and freeze, with a report of one sentence."""
    parts = {*PARTS} - {"data/results", "_freeze", "report.md"}
    shorten(copy(folder, sorted(parts)))
    return folder


def shorten(folder: Path) -> None:
    """Give a copy a report of one sentence, in HTML without a style of its own.

    To compile the style takes Quarto ten seconds.
    """
    (folder / "report.qmd").write_text(SHORT, encoding="utf-8")
    file = folder / "_quarto.yml"
    text, count = re.subn(
        r"\n    theme:\n(      .*\n)+", "\n    minimal: true\n",
        file.read_text(encoding="utf-8"),
    )
    assert count == 1
    file.write_text(text, encoding="utf-8")


@cache
def handed_in() -> contents.Contents:
    """List what of the project is handed in, without weights."""
    return contents.contents(paths.ROOT)


@cache
def packed() -> bytes:
    """Pack it, with something in the place of the PDF."""
    return submission.archive(paths.ROOT, "hand-in", handed_in(), b"the PDF")


def unpack(folder: Path) -> Path:
    """Unpack the hand-in elsewhere, where no git knows of it."""
    with zipfile.ZipFile(io.BytesIO(packed())) as archive:
        archive.extractall(folder)
    return folder / "hand-in"


def environment(folder: Path, with_python: bool = True) -> dict[str, str]:
    """Let Quarto find our Python and the copy's package, or no Python."""
    python = Path(sys.executable)
    if not with_python:
        # First on PATH, and good for nothing.
        python = folder / "unusable/python3"
        python.parent.mkdir(exist_ok=True)
        for name in ("python", "python3", "py"):
            file = python.with_name(name)
            file.write_text("#!/bin/sh\nexit 1\n")
            file.chmod(0o755)
    return os.environ | {
        "PYTHONPATH": str(folder / "code"),
        "QUARTO_PYTHON": str(python),
        "DIGITS_TRAIN": "never",
        "DIGITS_MNIST": "",
        "PATH": os.pathsep.join([str(python.parent), os.environ["PATH"]]),
    }


def quarto(
    folder: Path, *words: str, with_python: bool = True, **variables: str
) -> subprocess.CompletedProcess:
    """Call Quarto in a copy of the project."""
    return subprocess.run(
        ["quarto", *words], cwd=folder,
        env=environment(folder, with_python) | variables,
        capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )


def call_digits(
    folder: Path, *words: str, hidden=()
) -> subprocess.CompletedProcess:
    """Call the command in a copy, where the programs named can't be found."""
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    for place in reversed(os.environ["PATH"].split(os.pathsep)):
        for program in Path(place).glob("*"):
            link = tools / program.name
            if program.name not in hidden and program.is_file():
                link.unlink(missing_ok=True)
                try:
                    link.symlink_to(program)
                except OSError:  # Windows asks for a right to do so
                    pytest.skip("needs symbolic links")
    return subprocess.run(
        [sys.executable, "-m", "digits", *words], cwd=folder,
        env=environment(folder) | {
            # No index for pip to find the package quarto-cli in.
            "PATH": str(tools), "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "",
            "HOME": str(folder),
            # Or else it would look for fonts anew, and say so if that lasts.
            "MPLCONFIGDIR": matplotlib.get_cachedir(),
        },
        capture_output=True, text=True,
    )


def pretend_installed(folder: Path) -> None:
    """Let make find the environment made, for which it asks the network."""
    scripts = folder / (".venv/Scripts" if os.name == "nt" else ".venv/bin")
    scripts.mkdir(parents=True)
    (scripts / "digits").write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -m digits "$@"\n'
    )
    (scripts / "digits").chmod(0o755)
    (folder / ".venv/ready").touch()


def make_report(
    folder: Path, with_python: bool = True
) -> subprocess.CompletedProcess:
    """Call make in a copy."""
    return subprocess.run(
        ["make", "--no-print-directory", "report"], cwd=folder,
        env=environment(folder, with_python),
        capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )

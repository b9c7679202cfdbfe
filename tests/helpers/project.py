"""A copy of the project to render and to break, and a Quarto to do it with."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from digits import paths

# The environment before anything has imported TensorFlow.
ENVIRONMENT = dict(os.environ)

PARTS = ("code", "data/results", "_freeze", "_extensions", "_quarto.yml",
         "group.yml", "report.qmd", "report.md", "references.bib",
         "assignment.yml",
         "requirements-quarto.lock", "words.txt")

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


def copy(folder: Path) -> Path:
    """Copy what rendering needs into a new folder; return that folder."""
    for part in PARTS:
        source, target = paths.ROOT / part, folder / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
            shutil.copytree(source, target, ignore=ignored)
        else:
            shutil.copy2(source, target)
    return folder


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
    folder: Path, *words: str, with_python: bool = True
) -> subprocess.CompletedProcess:
    """Call Quarto in a copy of the project."""
    return subprocess.run(
        ["quarto", *words], cwd=folder, env=environment(folder, with_python),
        capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )

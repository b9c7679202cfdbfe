"""A small sweep under the engine's command, for tests that break it.

`python sweep.py FOLDER MARKS WORD...` calls `digits WORD...` with results in
FOLDER, where the experiment `baseline` is six toys that leave traces in MARKS.
"""

import os
import subprocess
import sys
from pathlib import Path

import command
import toy_tasks
from digits import paths
from digits.experiments import baseline
from digits.kept import LARDER
from larder import Run

TESTS = Path(__file__).parents[1] / "helpers"
SIZE = 6


def sweep(marks: Path | str) -> list[Run]:
    """List the runs of the sweep."""
    return toy_tasks.toys(
        SIZE, task=toy_tasks.walk, folder=str(marks), seconds=0.03
    )


def start(
    folder: Path, marks: Path, *words: str, **options
) -> subprocess.Popen:
    """Start the command in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, __file__, str(folder), str(marks), *words],
        env=os.environ | {
            "PYTHONPATH": os.pathsep.join([str(TESTS), str(paths.CODE)]),
        },
        start_new_session=True, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options,
    )


if __name__ == "__main__":
    LARDER.results = Path(sys.argv[1])
    baseline.runs = lambda: sweep(sys.argv[2])
    command.group(sys.argv[3:])

"""A small sweep under the real command, for tests that break it.

`python sweep.py FOLDER MARKS WORD...` calls `digits WORD...` with results in
FOLDER, where the experiment `baseline` is six toys that leave traces in MARKS.
"""

import os
import subprocess
import sys
from pathlib import Path

import toy_tasks
from digits import cli
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
    code = Path(cli.__file__).parents[1]
    return subprocess.Popen(
        [sys.executable, __file__, str(folder), str(marks), *words],
        env=os.environ | {
            "PYTHONPATH": os.pathsep.join([str(TESTS), str(code)]),
        },
        start_new_session=True, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options,
    )


if __name__ == "__main__":
    LARDER.results = Path(sys.argv[1])
    baseline.runs = lambda: sweep(sys.argv[2])
    cli.main(sys.argv[3:])

"""CONTRIBUTING.md's way to add a question, walked through in a copy."""

import json
import subprocess
import sys

from project import copy, environment

TASK = '''
"""How bright digits are."""

from dataclasses import dataclass

import numpy as np

from digits import data
from digits.checks import refuse_unless, whole
from digits.tasks.rehearsal import IN_SMALL, rehearsed
from larder import Rehearsal, Result, ignored


@dataclass(frozen=True)
class BrightnessConfig:
    """How many of the test images are looked at."""

    images: int = 10_000

    def __post_init__(self):
        """Refuse values out of range."""
        refuse_unless(self, [
            ("images", "a whole number from 1", whole(self.images, 1)),
        ])

    @ignored(IN_SMALL)
    def rehearsal(self) -> Rehearsal:
        """Look at those that there are."""
        return rehearsed(self)


def measure_brightness(config: BrightnessConfig) -> Result:
    """Give the mean of the pixels of each image, (n,)."""
    images = data.load_mnist().test.images[: config.images]
    return Result({"mean": float(images.mean())},
                  arrays={"means": images.mean(axis=(1, 2, 3))})
'''

EXPERIMENT = '''
"""How bright are digits? Not very."""

from digits.kept import compute
from digits.tasks.brightness import BrightnessConfig, measure_brightness
from larder import Run

NAME = "brightness"


def runs() -> list[Run]:
    """List the one run."""
    return [Run(NAME, "test", measure_brightness, BrightnessConfig())]


def result() -> float:
    """Give the mean of all pixels."""
    return compute(runs())[0].result.metrics["mean"]
'''


def test_a_question_is_a_task_an_experiment_and_its_name(tmp_path, mnist_file):
    project = copy(tmp_path / "project")
    code = project / "code/digits"
    (code / "tasks/brightness.py").write_text(TASK)
    (code / "experiments/brightness.py").write_text(EXPERIMENT)
    names = code / "experiments/__init__.py"
    text = names.read_text()
    assert text.count('    "page",\n') == 1
    names.write_text(text.replace('    "page",\n',
                                  '    "page",\n    "brightness",\n'))

    def digits(*words):
        done = subprocess.run(
            [sys.executable, "-m", "digits", *words], cwd=project, text=True,
            capture_output=True, stdin=subprocess.DEVNULL,
            env=environment(project) | {
                "DIGITS_MNIST": str(mnist_file), "DIGITS_TRAIN": "",
            },
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert digits("train", "brightness") == "1 runs are fresh.\n"
    rows = json.loads(digits("status", "--json"))
    assert {row["state"] for row in rows} == {"fresh"}
    assert rows[-1]["run"] == "test"
    assert digits("results", "brightness").splitlines()[1].startswith(
        "test,10000,0.13"
    )

"""CONTRIBUTING.md's ways to add things, walked through in a copy."""

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


def register(project, name: str) -> None:
    """Add an experiment to the list of names."""
    names = project / "code/digits/experiments/__init__.py"
    text = names.read_text()
    assert text.count('    "page",\n') == 1
    names.write_text(text.replace('    "page",\n',
                                  f'    "page",\n    "{name}",\n'))


def python(project, mnist_file, *words: str) -> str:
    """Call Python with the copy's code; give what it printed."""
    done = subprocess.run(
        [sys.executable, *words], cwd=project, text=True,
        capture_output=True, stdin=subprocess.DEVNULL,
        env=environment(project) | {
            "DIGITS_MNIST": str(mnist_file), "DIGITS_TRAIN": "",
        },
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_question_is_a_task_an_experiment_and_its_name(tmp_path, mnist_file):
    project = copy(tmp_path / "project")
    code = project / "code/digits"
    (code / "tasks/brightness.py").write_text(TASK)
    (code / "experiments/brightness.py").write_text(EXPERIMENT)
    register(project, "brightness")

    def digits(*words):
        return python(project, mnist_file, "-m", "digits", *words)

    assert digits("train", "brightness") == "1 runs are fresh.\n"
    rows = json.loads(digits("status", "--json"))
    assert {row["state"] for row in rows} == {"fresh"}
    assert rows[-1]["run"] == "test"
    assert digits("results", "brightness").splitlines()[1].startswith(
        "test,10000,0.13"
    )


NETWORK = '''
"""A classifier without hidden layers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SoftmaxNetwork:
    """A softmax layer on the pixels, with biases or without."""

    biases: bool = True

    def build(self):
        """Build the Keras model, from (n, 28, 28, 1) to (n, 10)."""
        import keras
        from keras import layers

        inputs = keras.Input(shape=(28, 28, 1), name="image")
        outputs = layers.Flatten()(inputs)
        outputs = layers.Dense(
            10, activation="softmax", use_bias=self.biases, name="class"
        )(outputs)
        return keras.Model(inputs, outputs, name="softmax")
'''

TRAININGS = '''
"""How much do biases matter to a softmax layer?"""

from digits.kept import compute
from digits.networks.softmax import SoftmaxNetwork
from digits.tasks.configs import Training
from digits.tasks.evaluation.inside import describe_network
from digits.tasks.evaluation.shifts import ShiftConfig, score_shifted
from digits.tasks.notebook import train_as_notebook
from digits.tasks.split import Split
from larder import Run, varied

NAME = "softmax"


def runs() -> list[Run]:
    """List the runs: trained, counted, and moved."""
    config = varied(
        Training(SoftmaxNetwork(), split=Split(training_images=500)),
        epochs=2, keep_weights=True,
    )
    trained = Run(NAME, "trained", train_as_notebook, config)
    return [
        trained, Run(NAME, "layers", describe_network, config),
        Run(NAME, "moved", score_shifted, ShiftConfig(config, 1),
            {"trained": trained}),
    ]


def result() -> float:
    """Give the accuracy."""
    return compute(runs())[0].result.metrics["test_accuracy"]
'''

CODES = """
import json
from digits.kept import LARDER
from larder.freshness import code_of
print(json.dumps({str(run): code_of(run) for run in LARDER.runs()}))
"""


def test_a_network_is_a_module_that_no_other_result_knows_of(
    tmp_path, mnist_file
):
    project = copy(tmp_path / "project")
    code = project / "code/digits"

    def codes():
        return json.loads(python(project, mnist_file, "-c", CODES))

    def digits(*words):
        return python(project, mnist_file, "-m", "digits", *words)

    before = codes()
    module = code / "networks/softmax.py"
    module.write_text(NETWORK)
    (code / "experiments/softmax.py").write_text(TRAININGS)
    register(project, "softmax")
    after = codes()
    own = {"softmax/trained", "softmax/layers", "softmax/moved"}
    assert after.keys() - before.keys() == own
    assert {run: after[run] for run in before} == before
    assert all("digits.networks.softmax.SoftmaxNetwork" in after[run]
               for run in own)

    assert digits("train", "softmax") == "3 runs are fresh.\n"
    table = digits("results", "softmax")
    assert "7850" in table.replace(",", "")
    # An edit of the network is noticed by its own runs, and by these alone.
    module.write_text(NETWORK.replace("biases: bool = True",
                                      "biases: bool = False"))
    edited = codes()
    assert {run for run in edited if edited[run] != after[run]} == own

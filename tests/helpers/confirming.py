"""A repository with small trainings, to refactor and to confirm in."""

import copy
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

import command
from digits import data, paths
from toy_tasks import fake_arrays

TASK = '''
"""Softmax regression by gradient descent, on MNIST-like images."""

from dataclasses import dataclass

import numpy as np

from digits import data
from larder import Context, Rehearsal, Result, ignored, smaller
from digits.tasks.rehearsal import IN_SMALL


@dataclass(frozen=True)
class Config:
    seed: int = 0
    epochs: int = 6
    rate: float = 0.1
    stages: int = 1

    def __post_init__(self):
        if self.epochs < 1:
            raise ValueError("epochs must be positive")

    @ignored(IN_SMALL)
    def rehearsal(self):
        return Rehearsal(smaller(self, epochs=3), {"train": 120, "test": 40})


def train(config: Config, context: Context):
    mnist = data.load_mnist()
    images = mnist.train.images.reshape(len(mnist.train.labels), -1)
    targets = data.one_hot(mnist.train.labels)
    generator = np.random.default_rng(config.seed)
    weights = generator.normal(size=(784, 10))
    bias = generator.normal(size=10)
    table = {"epoch": [], "norm": []}
    first = 0
    if (kept := context.load()) is not None:
        first, weights, bias, norms = int(kept[0]), *kept[1:]
        table = {"epoch": list(range(1, first + 1)), "norm": norms.tolist()}
    for epoch in range(first, config.epochs):
        for stage in range(config.stages):
            gradient = probabilities(images, weights, bias) - targets
            weights = weights - config.rate * images.T @ gradient / len(images)
            if stage == 1:
                weights = np.tanh(weights)
        table["epoch"].append(epoch + 1)
        table["norm"].append(float(np.linalg.norm(weights)))
        context.save([
            np.array(epoch + 1), weights, bias, np.array(table["norm"])
        ])
        context.report(epoch + 1, config.epochs)
    return Result(
        metrics={"accuracy": score(mnist.test, weights, bias)},
        table=table,
        arrays={"weights": weights, "bias": bias},
    )


def probabilities(images, weights, bias):
    powers = np.exp(np.tanh(images @ weights + bias))
    return powers / powers.sum(axis=1, keepdims=True)


def score(part, weights, bias):
    images = part.images.reshape(len(part.labels), -1)
    found = probabilities(images, weights, bias).argmax(axis=1)
    return float((found == part.labels).mean())
'''

JUDGE = '''
"""Judges what another run has trained."""

from dataclasses import dataclass

import numpy as np

from digits import data
from digits.tasks.rehearsal import IN_SMALL
from larder import Rehearsal, Result, ignored


@dataclass(frozen=True)
class JudgeConfig:
    power: int = 2

    @ignored(IN_SMALL)
    def rehearsal(self):
        return Rehearsal(self, {"train": 120, "test": 40})


def judge(config: JudgeConfig, trained):
    size = float((trained.arrays["weights"] ** config.power).sum())
    return Result(metrics={"size": size})
'''

EXPERIMENT = '''
"""Small trainings."""

from larder import Run
{imports}

NAME = "toys"


def runs():
    found = [
{runs}
    ]
    return [*found, *(
        Run(NAME, "judge_" + run.name, judge, JudgeConfig(), {{"trained": run}})
        for run in found if run.name in {judged}
    )]
'''


def case(name: str, task: str = "train", config: str = "Config()",
         module: str | None = None) -> dict[str, str]:
    """Say which run a case has: its task's module, name and config."""
    return {"name": name, "task": task, "config": config,
            "module": module or f"toy_{name.partition('.')[0]}"}


class Repository:
    """A git repository with the package, and toy trainings in modules."""

    def __init__(self, folder: Path, cases: list[dict], judged: tuple = ()):
        self.root, self.judged = folder, judged
        self.package = folder / "code/digits"
        shutil.copytree(
            paths.CODE / "digits", self.package,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        self._shrink_mnist()
        file = self.package / "experiments/__init__.py"
        text, count = re.subn(
            r"\nNAMES = \([^)]*\)", '\nNAMES = ("toys",)', file.read_text()
        )
        assert count == 1
        file.write_text(text)
        for name in {item["module"] for item in cases}:
            (self.package / f"{name}.py").write_text(TASK)
        (self.package / "toy_judge.py").write_text(JUDGE)
        self.list_runs(cases)
        self.git("init", "--quiet")
        self.commit("code")

    def copied(self, folder: Path) -> "Repository":
        """Copy the repository with all that is in it."""
        shutil.copytree(self.root, folder)
        other = copy.copy(self)
        other.root, other.package = folder, folder / "code/digits"
        return other

    def _shrink_mnist(self) -> None:
        arrays = fake_arrays()
        np.savez(self.root / "mnist.npz", **arrays)
        sums = {n: data.idx_sha256(a) for n, a in arrays.items()}
        shapes = {n: a.shape for n, a in arrays.items()}
        file = self.package / "data.py"
        file.write_text(file.read_text().replace(
            "\nCLASSES = 10", f"\nSHA256 = {sums}\nSHAPES = {shapes}\n"
            "CLASSES = 10", 1,
        ).replace("VALIDATION_SIZE = 5_000", "VALIDATION_SIZE = 50"))

    def list_runs(self, cases: list[dict]) -> None:
        """Write the experiment's module."""
        imports = [f"from digits import {m}"
                   for m in sorted({c["module"] for c in cases})]
        lines = [
            f"        Run(NAME, {c['name']!r}, {c['module']}.{c['task']}, "
            f"{c['module']}.{c['config']}),"
            for c in cases
        ]
        (self.package / "experiments/toys.py").write_text(EXPERIMENT.format(
            imports="\n".join([
                *imports, "from digits.toy_judge import JudgeConfig, judge"
            ]),
            runs="\n".join(lines), judged=self.judged,
        ))

    def edit(self, file: str, was: str, now: str) -> None:
        """Replace a text that occurs once."""
        path = self.package / file
        text = path.read_text()
        assert text.count(was) == 1, (file, was)
        path.write_text(text.replace(was, now))

    def git(self, *words: str) -> str:
        """Call git in the repository."""
        return subprocess.run(
            ["git", "-c", "user.name=Test", "-c", "user.email=test@localhost",
             *words],
            cwd=self.root, check=True, capture_output=True, text=True,
        ).stdout

    def commit(self, message: str) -> str:
        """Commit all but MNIST; give the commit."""
        self.git("add", "code", *(["data"] if self.results.exists() else []))
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD").strip()

    @property
    def results(self) -> Path:
        """Name the folder of results."""
        return self.root / "data/results"

    def contents(self) -> dict[str, bytes]:
        """Give all files of results but locks, by name."""
        return {file.name: file.read_bytes()
                for file in sorted((self.results / "toys").glob("[!.]*"))}

    def environment(self, **variables: str) -> dict[str, str]:
        """Give an environment in which `digits` is the repository's."""
        return os.environ | {
            "PYTHONPATH": os.pathsep.join(
                [str(self.root / "code"), str(paths.CODE)]
            ),
            "DIGITS_MNIST": str(self.root / "mnist.npz"),
            "DIGITS_TRAIN": "",
        } | variables

    def start(self, *words: str, **variables: str) -> subprocess.Popen:
        """Start a command of the engine on the repository's results."""
        return self._popen([command.__file__, *words], variables)

    def _popen(self, words, variables) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, *words], cwd=self.root,
            env=self.environment(**variables), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def digits(self, *words: str, **variables: str) -> tuple[int, str, str]:
        """Run a command; give exit code, output and errors."""
        return ended(self.start(*words, **variables))

    def check(self, *words: str) -> tuple[int, str, str]:
        """Run `digits check`, which is no command of the engine."""
        return ended(self._popen(["-m", "digits", "check", *words], {}))


def ended(process: subprocess.Popen) -> tuple[int, str, str]:
    """Wait for a process; give exit code, output and errors."""
    output, errors = process.communicate()
    return process.returncode, output, errors

"""Several at once, and in another order: no corruption, the same bits.

`tests/test_compute.py` has two computations that share the work, a lock left
by a dead process, and one worker beside two.
"""

import shutil
import subprocess
import sys

import pytest

import toy_tasks
from digits.kept import compute
from larder import Run, store
from project import copy, environment, needs_quarto
from sweep import SIZE, start, sweep
from test_compute import files_in
from toy_tasks import toys, traces


def test_two_trainings_and_a_reader_at_once(tmp_path, attempt):
    """The reader asks for results while they are written."""
    folder, marks = tmp_path / "results", tmp_path / "marks"
    with attempt("two trainings and a reader at once"):
        both = [start(folder, marks, "train", "baseline") for _ in range(2)]
        while any(process.poll() is None for process in both):
            for run in sweep(marks):
                try:
                    stored = store.load(run.path(folder))
                except FileNotFoundError:
                    continue
                assert stored.result.metrics.keys() == {"mean"}
        for process in both:
            _, errors = process.communicate()
            assert process.returncode == 0, errors
        begun = [len(traces(marks, "begun", n)) for n in range(SIZE)]
        assert begun == [1] * SIZE
        assert not list(folder.rglob(".*"))


def test_another_order_gives_the_same_bits(tmp_path, here):
    runs = toys(4)
    compute(runs, executor=here, folder=tmp_path / "one")
    compute(runs[::-1], executor=here, folder=tmp_path / "other")
    assert files_in(tmp_path / "one") == files_in(tmp_path / "other")


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_training_has_the_same_bits_in_another_order_and_process(
    tmp_path, attempt
):
    runs = [
        Run("real", f"seed-{seed}", toy_tasks.train_on_fakes, toy_tasks.dense(
            hidden_units=(16,), epochs=2, batch_size=32, seed=seed,
            dropout=0.1, whole_training_set=True, keep_weights=True,
        ))
        for seed in (1, 2)
    ]
    compute(runs, jobs=1, folder=tmp_path / "whole")
    expected = files_in(tmp_path / "whole")
    with attempt("training in another order, by two workers"):
        compute(runs[::-1], jobs=2, folder=tmp_path / "reversed")
        assert files_in(tmp_path / "reversed") == expected
    with attempt("each training in a process of its own"):
        for run in runs[::-1]:
            compute([run], jobs=1, folder=tmp_path / "alone")
        assert files_in(tmp_path / "alone") == expected


@needs_quarto
@pytest.mark.long
@pytest.mark.timeout(900)
def test_two_trainings_and_a_render_at_once(tmp_path, mnist_file, attempt):
    """What is missing is made by whoever comes first, and read by the rest."""
    project = copy(tmp_path / "project")
    results = project / "data/results"
    names = ("architecture", "preprocessing")
    expected = {name: outcomes(results / name) for name in names}
    for name in names:
        shutil.rmtree(results / name)
    surroundings = environment(project) | {"DIGITS_MNIST": str(mnist_file)}
    del surroundings["DIGITS_TRAIN"]
    train = [sys.executable, "-m", "digits", "train", *names]
    render = ["quarto", "render", "report.qmd", "--to", "gfm"]
    with attempt("two trainings and a render at once"):
        started = [
            subprocess.Popen(
                command, cwd=project, env=surroundings, text=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            for command in (train, train, render)
        ]
        for process in started:
            output, _ = process.communicate()
            assert process.returncode == 0, output
        assert {name: outcomes(results / name) for name in names} == expected
        assert not list(results.rglob(".*"))
        assert "(?)" not in (project / "report.md").read_text()


def outcomes(folder):
    return {
        file.name: store.outcome(file)
        for file in sorted(folder.glob("*.json"))
    }

"""Killed at any time: nothing that had ended is lost, repeated or half.

`tests/test_classifier.py` kills a training ten times, `tests/test_store.py` a
writer between its files, `tests/test_workers.py` looks after their folders.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import toy_tasks
from digits.kept import compute
from project import copy, environment, needs_quarto, quarto
from sweep import SIZE, start, sweep
from test_compute import files_in
from toy_tasks import status, toys, traces

TRAIN = ("train", "baseline", "--jobs", "2")


def hidden_in(folder):
    return [file.name for file in folder.rglob(".*")]


@pytest.mark.parametrize(
    "kills", [2, pytest.param(50, marks=[
        pytest.mark.long, pytest.mark.timeout(1800),
    ])]
)
def test_a_sweep_killed_at_random_ends_as_if_it_never_was(
    kills, tmp_path, attempt
):
    whole = tmp_path / "whole"
    began = time.monotonic()
    _, errors = start(whole, tmp_path / "marks", *TRAIN).communicate()
    longest = time.monotonic() - began
    expected = files_in(whole)
    assert len(expected) == 3 * SIZE, errors
    generator, left, number = random.Random(7), kills, 0
    while left:
        number += 1
        folder, marks = tmp_path / f"{number}", tmp_path / f"marks-{number}"
        ended = False
        while not ended:
            done = begun_of_fresh(folder, marks)
            process = start(folder, marks, *TRAIN)
            if left:
                with attempt("SIGKILL of a sweep's process group"):
                    time.sleep(generator.uniform(0, longest))
                    os.killpg(process.pid, signal.SIGKILL)
                    process.communicate()
                    now = begun_of_fresh(folder, marks)
                    assert done.items() <= now.items(), "an ended run was lost"
                left -= 1
                ended = process.returncode == 0
            else:
                _, errors = process.communicate()
                assert process.returncode == 0, errors
                ended = True
        # As anyone would, once more: it clears up what the last kill left.
        done = begun_of_fresh(folder, marks)
        _, errors = start(folder, marks, *TRAIN).communicate()
        assert begun_of_fresh(folder, marks) == done, "a run was repeated"
        assert same_but_marks(files_in(folder), expected), errors
        assert hidden_in(folder) == []


def begun_of_fresh(folder, marks):
    """Tell of each fresh run how often it began."""
    return {
        run.name: len(traces(marks, "begun", run.config.number))
        for run in sweep(marks) if status(run, folder).state == "fresh"
    }


def same_but_marks(found, expected):
    """Compare results but for the folder of traces in their configs."""
    for documents in (found, expected):
        for document in documents.values():
            if isinstance(document, dict):
                document["stamp"]["config"]["folder"] = ""
    return found == expected


def kill_at(moment, folder, marks):
    """Compute a run; end the process at the event of that number on files."""
    events = 0

    def hook(event, arguments):
        nonlocal events
        if event in ("open", "os.rename", "os.remove") and str(
            folder
        ) in str(arguments[0]):
            events += 1
            if events == moment:
                os._exit(9)

    sys.addaudithook(hook)
    with ThreadPoolExecutor(1) as here:
        compute(toys(task=toy_tasks.walk, folder=marks), executor=here,
                folder=folder)


def test_killed_at_each_touch_of_a_file_it_goes_on(
    tmp_path, here, fork, attempt
):
    marks = str(tmp_path / "marks")
    runs = toys(task=toy_tasks.walk, folder=marks)
    compute(runs, executor=here, folder=tmp_path / "whole")
    expected = files_in(tmp_path / "whole")
    moment = 0
    while True:
        moment += 1
        folder = tmp_path / str(moment)
        code = fork(kill_at, moment, folder, marks)
        if code == 0:
            break
        with attempt("killed before each touch of a file"):
            assert code == 9
            compute(runs, executor=here, folder=folder)
            assert files_in(folder) == expected
            # Once more, for what was killed after its result was whole.
            compute(runs, executor=here, folder=folder)
            assert hidden_in(folder) == []
    assert moment > 15


def test_a_checkpoint_stays_until_its_run_has_ended(results, here):
    one, two = toys(2)
    compute([one], executor=here, folder=results)
    folder = one.path(results).parent
    for name in (".toy-0.checkpoint", ".toy-1.checkpoint", ".toy-2.checkpoint",
                 "..toy-1.checkpoint.tmp", ".toy-1.json.tmp", ".toy-2.lock",
                 ".other"):
        (folder / name).touch()
    compute([one], executor=here, folder=results)
    assert sorted(hidden_in(results)) == [
        ".other", ".toy-1.checkpoint", ".toy-2.checkpoint"
    ]
    compute([one, two], executor=here, folder=results)
    assert sorted(hidden_in(results)) == [".other", ".toy-2.checkpoint"]


def temporary_folder(config):
    return toy_tasks.Result({}, {"folder": [tempfile.mkdtemp()]})


def test_temporary_files_of_a_task_lie_with_its_worker(results):
    """So that they go with the folder of a worker that was killed."""
    run = toys(task=temporary_folder)
    (stored,) = compute(run, jobs=1, folder=results)
    (folder,) = stored.result.table["folder"]
    assert Path(folder).parents[1].name.startswith("larder-")
    assert not Path(folder).exists()


@needs_quarto
@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_render_killed_at_random_leaves_a_freeze_whole_or_none(
    tmp_path, attempt
):
    command = ("render", "report.qmd", "--to", "gfm")
    project = copy(tmp_path / "project")
    began = time.monotonic()
    done = quarto(project, *command)
    longest = time.monotonic() - began
    assert done.returncode == 0, done.stderr
    expected = (project / "report.md").read_text()
    frozen = project / "_freeze/report/execute-results/md.json"
    generator = random.Random(5)
    for _ in range(6):
        with attempt("SIGKILL of a render's process group"):
            frozen.unlink()
            kill_render(project, command, generator.uniform(0, longest))
            done = quarto(project, "render", "--to", "gfm")
            assert done.returncode == 0, done.stderr
            assert (project / "report.md").read_text() == expected
            # What is frozen now is whole: it renders without Python.
            done = quarto(
                project, "render", "--to", "gfm", with_python=False
            )
            assert done.returncode == 0, done.stderr


def kill_render(project, command, seconds):
    process = subprocess.Popen(
        ["quarto", *command], cwd=project, env=environment(project),
        start_new_session=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()

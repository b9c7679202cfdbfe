"""Runs: what is fresh is read, the rest computed once and stored."""

import json
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import (
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import pytest

import toy_tasks
from digits import data
from digits.kept import LARDER, compute
from larder import Run, store
from larder.computing import attempts
from larder.computing.errors import RunsFailed, TrainingRefused
from test_workers import PATIENCE, is_alive, wait_until
from toy_tasks import Toy, status, toys, traces


def files_in(folder):
    """Read the results, but for what a stamp says of when and how long."""
    found = {}
    for file in sorted(folder.rglob("*")):
        if file.suffix == ".json":
            document = json.loads(file.read_text())
            del document["checksum"]
            for key in ("seconds", "finished"):
                del document["stamp"][key]
            found[file.name] = document
        elif file.is_file():
            found[file.name] = file.read_bytes()
    return found


# Fresh, stale, missing.


def test_what_is_missing_is_computed_and_then_read(results, here, marks):
    runs = toys(3, folder=marks)
    assert [status(run, results).state for run in runs] == ["missing"] * 3
    first = compute(runs, executor=here, folder=results)
    assert [s.result.metrics["square"] for s in first] == [0, 1, 4]
    assert [status(run, results).state for run in runs] == ["fresh"] * 3
    second = compute(runs, executor=here, folder=results)
    assert len(traces(marks, "begun")) == 3
    assert [s.checksum for s in second] == [s.checksum for s in first]
    assert repr(first) == repr(second)


def test_order_and_repetition_are_those_of_the_runs(results, here, marks):
    zero, one = toys(2, folder=marks)
    found = compute([one, zero, one], executor=here, folder=results)
    assert [s.result.metrics["square"] for s in found] == [1, 0, 1]
    assert len(traces(marks, "begun")) == 2


def test_force_computes_again(results, here, marks):
    runs = toys(2, folder=marks)
    compute(runs, executor=here, folder=results)
    compute(runs, executor=here, folder=results, force=True)
    assert len(traces(marks, "begun")) == 4


def test_another_config_is_named_with_both_values(results, here):
    (run,) = toys()
    compute([run], executor=here, folder=results)
    now = status(replace(run, config=Toy(number=5)), results)
    assert now.state == "stale"
    assert now.reasons == ("config: number was 0, is now 5",)


@dataclass(frozen=True)
class LargerToy(Toy):
    colour: str = "red"


def test_another_field_is_named(results, here):
    (run,) = toys()
    compute([run], executor=here, folder=results)
    now = status(replace(run, config=LargerToy()), results)
    assert now.reasons == ("config: colour was 'absent', is now 'red'",)


def test_another_task_is_named(results, here):
    (run,) = toys()
    compute([run], executor=here, folder=results)
    now = status(replace(run, task=toy_tasks.worker), results)
    assert now.state == "stale"
    assert (
        "task was toy_tasks.square, is now toy_tasks.worker" in now.reasons
    )


def test_other_data_are_named(results, here, monkeypatch):
    (run,) = toys()
    compute([run], executor=here, folder=results)
    monkeypatch.setitem(data.SHA256, "x_train", "0" * 64)
    now = status(run, results)
    assert now.state == "stale"
    assert len(now.reasons) == 1
    assert now.reasons[0].startswith("data was ")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda code: code | {"toy_tasks.square": "0"},
         "code: toy_tasks.square was changed"),
        (lambda code: {k: code[k] for k in code if k != "toy_tasks._trace"},
         "code: toy_tasks._trace is new"),
        (lambda code: code | {"toy_tasks.old": "0"},
         "code: toy_tasks.old is no longer used"),
    ],
)
def test_other_code_is_named(results, here, change, reason):
    (run,) = toys()
    (stored,) = compute([run], executor=here, folder=results)
    stamp = stored.stamp | {"code": change(stored.stamp["code"])}
    store.save(run.path(results), stored.result, stamp)
    now = status(run, results)
    assert (now.state, now.reasons) == ("stale", (reason,))


def test_another_library_is_a_note(results, here):
    (run,) = toys()
    (stored,) = compute([run], executor=here, folder=results)
    versions = stored.stamp["versions"] | {"numpy": "0.1"}
    store.save(
        run.path(results),
        stored.result,
        stored.stamp | {"versions": versions, "hardware": {"cores": 999},
                        "settings": {}},
    )
    now = status(run, results)
    assert (now.state, now.reasons) == ("fresh", ())
    assert len(now.notes) == 1
    assert now.notes[0].startswith("version of numpy was '0.1', is now ")


@pytest.mark.parametrize("stamp", [
    {}, {"config": 3, "code": [], "versions": None, "task": None, "data": 0},
])
def test_a_stamp_of_another_kind_is_stale(results, stamp):
    (run,) = toys()
    store.save(run.path(results), store.Result({}), stamp)
    assert status(run, results).state == "stale"


def test_a_damaged_result_is_missing_and_renewed(results, here):
    (run,) = toys()
    compute([run], executor=here, folder=results)
    run.path(results).write_text("{}")
    now = status(run, results)
    assert now.state == "missing"
    assert "toy-0.json" in now.reasons[0]
    compute([run], executor=here, folder=results)
    assert status(run, results).state == "fresh"


def test_a_task_that_cannot_be_followed_is_refused(results):
    for task in (lambda config: None, ThreadPoolExecutor.submit):
        with pytest.raises(ValueError, match="top-level function"):
            compute([Run("toys", "toy", task, Toy())], folder=results)


def test_two_runs_of_one_name_are_refused(results):
    one = Run("toys", "toy", toy_tasks.square, Toy(1))
    two = Run("toys", "toy", toy_tasks.square, Toy(2))
    with pytest.raises(ValueError, match=r"two different runs .* toys/toy"):
        compute([one, two], folder=results)
    assert not results.exists()


@pytest.mark.parametrize("jobs", [0, -1])
def test_at_least_one_job_is_needed(results, here, jobs):
    for executor in (None, here):
        with pytest.raises(ValueError, match=f"jobs is {jobs}"):
            compute(toys(), jobs=jobs, executor=executor, folder=results)


FRESH = """
import sys
from pathlib import Path
import toy_tasks
from larder import Run
from digits.kept import compute
run = Run("toys", "real", toy_tasks.train_on_fakes, toy_tasks.dense())
compute([Run("toys", "toy-0", toy_tasks.square, toy_tasks.Toy())],
        folder=Path(sys.argv[1]))
loaded = {"tensorflow", "keras", "pandas", "rich"} & set(sys.modules)
print("loaded:", sorted(loaded))
"""


def python(code, *arguments, **options):
    """Start Python on some code, with the tests' own modules in reach."""
    places = [str(Path(toy_tasks.__file__).parent),
              str(Path(data.__file__).parents[1])]
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(places)},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    )


def test_fresh_results_are_read_without_tensorflow(results, here):
    compute(toys(), executor=here, folder=results)
    process = python(FRESH, results)
    output, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, output) == (0, "loaded: []\n"), errors


# DIGITS_TRAIN=never.


def test_never_lets_fresh_results_pass(results, here, monkeypatch):
    runs = toys(2)
    compute(runs, executor=here, folder=results)
    monkeypatch.setenv(LARDER.variable, "never")
    assert len(compute(runs, folder=results)) == 2


def test_never_says_what_why_how_long_and_how(results, here, monkeypatch):
    runs = toys(2)
    (stored,) = compute(runs[:1], executor=here, folder=results)
    stamp = stored.stamp | {"data": "other", "seconds": 83.4}
    store.save(runs[0].path(results), stored.result, stamp)
    before = files_in(results)
    monkeypatch.setenv(LARDER.variable, "never")
    with pytest.raises(TrainingRefused) as caught:
        compute(runs, folder=results)
    text = str(caught.value)
    for part in ("toys/toy-0: stale (data was other", "took 83 s",
                 "toys/toy-1: missing (never computed)",
                 "digits train toys"):
        assert part in text
    assert files_in(results) == before


def test_never_forbids_force(results, here, monkeypatch):
    compute(toys(), executor=here, folder=results)
    monkeypatch.setenv(LARDER.variable, "never")
    with pytest.raises(TrainingRefused, match="toys/toy-0"):
        compute(toys(), folder=results, force=True)


# Executors.


def test_results_do_not_depend_on_the_number_of_workers(tmp_path):
    folders = [tmp_path / name for name in "ab"]
    for jobs, folder in enumerate(folders, start=1):
        compute(toys(5), jobs=jobs, folder=folder)
    one, two = map(files_in, folders)
    assert one == two
    assert len(one) == 15


def test_training_does_not_depend_on_the_number_of_workers(tmp_path):
    runs = [
        Run("real", f"seed-{seed}", toy_tasks.train_on_fakes, toy_tasks.dense(
            hidden_units=(16,), epochs=2, batch_size=32, seed=seed,
            whole_training_set=True, dropout=0.1, keep_weights=True,
        ))
        for seed in (1, 2)
    ]
    for jobs in (1, 2):
        compute(runs, jobs=jobs, folder=tmp_path / f"jobs-{jobs}")
    one, two = (files_in(tmp_path / f"jobs-{jobs}") for jobs in (1, 2))
    assert one == two
    assert one["seed-1.json"]["table"] != one["seed-2.json"]["table"]


def test_a_pool_of_processes_can_be_passed_in(results, marks):
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        compute(toys(3, folder=marks), executor=pool, folder=results)
    workers = {t.name.split("-")[2] for t in traces(marks, "begun")}
    assert str(os.getpid()) not in workers
    assert len(files_in(results)) == 9


def test_a_pool_that_breaks_is_reported_for_each_run(results):
    """A pool of the standard library does not recover from a death."""
    with (
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool,
        pytest.raises(RunsFailed) as caught,
    ):
        compute(
            toys(2, task=toy_tasks.exit_always), executor=pool, folder=results
        )
    assert "toys/toy-0 failed" in str(caught.value)
    assert "toys/toy-1 failed" in str(caught.value)
    assert not list(results.rglob(".*"))


# Failures.


def test_a_dead_worker_is_replaced_once(results, marks):
    runs = toys(task=toy_tasks.killed_once, folder=marks)
    (stored,) = compute(runs, jobs=1, folder=results)
    assert stored.result.metrics == {"square": 0}
    assert len(traces(marks, "begun")) == 2


def test_a_run_that_dies_twice_is_reported_and_the_others_go_on(
    results, marks
):
    runs = toys(4, task=toy_tasks.exit_if_odd, folder=marks)
    with pytest.raises(RunsFailed) as caught:
        compute(runs, jobs=2, folder=results)
    text = str(caught.value)
    for part in ("toys/toy-1 failed twice", "exit code 3", "toys/toy-3 failed",
                 "these are my last words", "Toy(number=1"):
        assert part in text
    assert "toy-0" not in text
    assert [len(traces(marks, "begun", n)) for n in range(4)] == [1, 2, 1, 2]
    states = [status(run, results).state for run in runs]
    assert states == ["fresh", "missing", "fresh", "missing"]
    assert not list(results.rglob(".*"))


def test_an_exception_is_reported_and_not_tried_again(results, marks):
    runs = toys(3, task=toy_tasks.fail_if_odd, folder=marks)
    with pytest.raises(RunsFailed) as caught:
        compute(runs, jobs=1, folder=results)
    text = str(caught.value)
    for part in ("toys/toy-1 failed", "toy number 1 is broken",
                 "ArithmeticError", "Toy(number=1", 'toy_tasks.py", line'):
        assert part in text
    assert len(traces(marks, "begun", 1)) == 1
    assert status(runs[2], results).state == "fresh"


def test_an_exception_in_a_given_executor_has_its_traceback(results, here):
    with pytest.raises(RunsFailed, match=r'toy_tasks\.py", line'):
        compute(toys(task=toy_tasks.fail), executor=here, folder=results)


def test_what_cannot_be_stored_is_reported_and_the_old_result_kept(
    results, here
):
    (run,) = toys()
    (old,) = compute([run], executor=here, folder=results)
    with pytest.raises(RunsFailed, match="square is nan"):
        compute([replace(run, task=toy_tasks.not_a_number)],
                executor=here, folder=results)
    assert store.load(run.path(results)).checksum == old.checksum


# Code that changes.

CHANGING = """
import time
from pathlib import Path
from larder import Result
VALUE = 1
def task(config):
    folder = Path(config.folder)
    (folder / f"begun-{config.number}").touch()
    while not (folder / "go").exists():
        time.sleep(0.02)
    return Result({"value": VALUE})
"""


@pytest.fixture
def changing(tmp_path, monkeypatch):
    """Make a module of tasks that a test can edit."""
    name = f"changing_{tmp_path.name.replace('-', '_')}"
    file = tmp_path / f"{name}.py"
    file.write_text(CHANGING)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    return file, __import__(name)


def computed_while(edit, runs, folder, **options):
    """Compute, and edit when the first run has begun; return the error."""
    errors = []

    def work():
        try:
            compute(runs, folder=folder, **options)
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    traces_folder = Path(runs[0].config.folder)
    wait_until((traces_folder / "begun-0").exists)
    edit()
    (traces_folder / "go").touch()
    thread.join(PATIENCE)
    return errors


def test_code_changed_while_it_ran_is_not_stored(
    results, tmp_path, here, changing
):
    file, module = changing
    runs = [Run("toys", "c", module.task, Toy(folder=str(tmp_path)))]
    (error,) = computed_while(
        lambda: file.write_text(CHANGING.replace("VALUE = 1", "VALUE = 2")),
        runs, results, executor=here,
    )
    assert "code was changed while it ran" in str(error)
    assert status(runs[0], results).state == "missing"


def test_a_worker_with_old_code_stores_nothing_as_new(
    results, tmp_path, changing
):
    """The second run begins after the edit, in a worker from before it."""
    file, module = changing
    runs = [
        Run("toys", f"c-{n}", module.task, Toy(n, str(tmp_path)))
        for n in range(2)
    ]
    computed_while(
        lambda: file.write_text(CHANGING.replace("VALUE = 1", "VALUE = 2")),
        runs, results, jobs=1,
    )
    for run in runs:
        now = status(run, results)
        assert now.state != "fresh" or now.stored.result.metrics == {"value": 2}


def test_a_reworded_comment_meanwhile_is_no_change(
    results, tmp_path, here, changing
):
    file, module = changing
    runs = [Run("toys", "c", module.task, Toy(folder=str(tmp_path)))]
    errors = computed_while(
        lambda: file.write_text(CHANGING + "# A comment.\n"),
        runs, results, executor=here,
    )
    assert errors == []
    assert status(runs[0], results).state == "fresh"


def test_a_task_in_a_package_of_its_own_can_be_followed(
    tmp_path, monkeypatch, results, here
):
    folder = tmp_path / "toy_package" / "inner"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").touch()
    (folder / "__init__.py").write_text(
        "from larder import Result\nK = 1\n"
        "def task(config): return Result({'k': K})\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    module = __import__("toy_package.inner").inner
    (stored,) = compute(
        [Run("toys", "p", module.task, Toy())], executor=here, folder=results
    )
    assert "toy_package.inner.K" in stored.stamp["code"]


# Locks, and several computations at once.

DRIVER = """
import signal
import sys
from pathlib import Path
import toy_tasks
from larder import Run
from digits.kept import compute
# Whoever starts the tests in the background lets them ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)
folder, marks, count, seconds, jobs = sys.argv[1:]
stored = compute(
    [Run("toys", f"toy-{n}", toy_tasks.square,
         toy_tasks.Toy(n, marks, float(seconds))) for n in range(int(count))],
    jobs=int(jobs), folder=Path(folder),
)
print([s.result.metrics["square"] for s in stored])
"""


def test_two_computations_share_the_work(results, marks):
    drivers = [python(DRIVER, results, marks, 6, 0.1, 2) for _ in range(2)]
    for driver in drivers:
        output, errors = driver.communicate(timeout=PATIENCE)
        assert driver.returncode == 0, errors
        assert output == "[0, 1, 4, 9, 16, 25]\n"
    assert [len(traces(marks, "begun", n)) for n in range(6)] == [1] * 6
    assert not list(results.rglob(".*"))


def test_the_lock_file_of_a_dead_process_is_no_obstacle(results, here):
    (run,) = toys()
    path = run.path(results)
    path.parent.mkdir(parents=True)
    path.with_name(f".{path.stem}.lock").write_text("99999999\n")
    compute([run], executor=here, folder=results)
    assert status(run, results).state == "fresh"
    assert not list(results.rglob(".*"))


def processes_of(marks):
    return [int(t.name.split("-")[2]) for t in traces(marks, "begun")]


def interrupted(results, marks, number):
    """Start a computation whose second run never ends; signal it then."""
    first, endless = toys(2, folder=marks)
    code = DRIVER.replace("float(seconds)", f"n * {10 * PATIENCE}")
    driver = python(code, results, marks, 2, 0, 1, start_new_session=True)
    wait_until(
        lambda: status(replace(first, config=Toy(0, marks)), results).stored
        and traces(marks, "begun", 1)
    )
    driver.send_signal(number)
    _, errors = driver.communicate(timeout=PATIENCE)
    wait_until(lambda: not any(map(is_alive, processes_of(marks))))
    assert store.load(first.path(results)).result.metrics["square"] == 0
    assert not endless.path(results).exists()
    assert not traces(marks, "ended", 1)
    return driver.returncode, errors


def test_an_interruption_keeps_what_has_ended_and_leaves_no_process(
    results, marks
):
    code, errors = interrupted(results, marks, signal.SIGINT)
    assert code != 0
    assert "KeyboardInterrupt" in errors
    assert not list(results.rglob(".*"))


def test_a_killed_computation_takes_its_workers_along(results, marks):
    code, _ = interrupted(results, marks, signal.SIGKILL)
    assert code == -signal.SIGKILL
    # What it had locked is free at once.
    runs = toys(2, folder=marks)
    with ThreadPoolExecutor(1) as here:
        found = compute(runs, executor=here, folder=results)
    assert [s.result.metrics["square"] for s in found] == [0, 1]


class Hasty(ThreadPoolExecutor):
    """Has ended each call before anyone can look."""

    def submit(self, *arguments):
        ended = Future()
        ended.set_result(super().submit(*arguments).result())
        return ended


def test_what_has_ended_but_was_not_looked_at_is_kept(results, monkeypatch):
    def nothing_yet(futures, *_):
        raise KeyboardInterrupt

    monkeypatch.setattr(attempts, "wait", nothing_yet)
    with Hasty(1) as executor, pytest.raises(KeyboardInterrupt):
        compute(toys(), executor=executor, folder=results)
    assert status(toys()[0], results).state == "fresh"
    assert not list(results.rglob(".*"))

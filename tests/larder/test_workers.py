"""Worker processes: calls, deaths, renewal, progress."""

import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import CancelledError

import pytest

import toy_tasks
from digits.kept import LARDER
from larder import Context, scratch
from larder.computing import workers
from larder.computing.process import WorkerDied
from larder.computing.workers import LocalExecutor
from toy_tasks import Toy, traces

PATIENCE = 240  # seconds; only a hang lasts so long


def wait_until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{process}/stat") as file:
        return file.read().rpartition(")")[2].split()[0] != "Z"


@pytest.fixture(scope="module")
def shared():
    """Keep two workers for the tests that kill none."""
    executor = LocalExecutor(2, LARDER.environment)
    yield executor
    executor.shutdown()


def test_calls_return_in_their_own_futures(shared):
    futures = [shared.submit(pow, n, 2) for n in range(6)]
    assert [f.result(PATIENCE) for f in futures] == [0, 1, 4, 9, 16, 25]


def test_keywords_are_passed_on(shared):
    assert shared.submit(int, "11", base=2).result(PATIENCE) == 3


def test_a_worker_has_one_thread(shared):
    for name, value in LARDER.environment.pinned.items():
        assert shared.submit(os.getenv, name).result(PATIENCE) == value


def test_an_exception_comes_back_with_its_traceback(shared):
    error = shared.submit(toy_tasks.fail, Toy(5)).exception(PATIENCE)
    assert isinstance(error, ArithmeticError)
    assert "in fail" in "".join(error.__notes__)


def test_an_exception_that_pickle_refuses_is_told_in_words(shared):
    error = shared.submit(toy_tasks.fail_strangely, Toy()).exception(PATIENCE)
    assert "Unpicklable: this and that" in str(error)


def test_what_cannot_be_sent_fails_alone(shared):
    with pytest.raises(Exception, match="pickle"):
        shared.submit(lambda: 1).result(PATIENCE)
    assert shared.submit(abs, -1).result(PATIENCE) == 1


def test_a_worker_serves_one_call_after_another():
    executor = LocalExecutor(1)
    try:
        found = {executor.submit(os.getpid).result(PATIENCE) for _ in "abc"}
    finally:
        executor.shutdown()
    assert len(found) == 1
    assert found != {os.getpid()}
    assert not any(map(is_alive, found))


def test_a_worker_is_renewed_when_it_has_computed_long(monkeypatch):
    monkeypatch.setattr(workers, "RENEW_AFTER", 0)
    executor = LocalExecutor(1)
    try:
        found = [executor.submit(os.getpid).result(PATIENCE) for _ in "ab"]
        assert found[0] != found[1]
        wait_until(lambda: not is_alive(found[0]))
    finally:
        executor.shutdown()


def test_a_death_ends_one_call_and_keeps_its_last_words():
    executor = LocalExecutor(2)
    try:
        dead = executor.submit(toy_tasks.exit_always, Toy())
        alive = executor.submit(toy_tasks.square, Toy(7, seconds=0.2))
        error = dead.exception(PATIENCE)
        assert isinstance(error, WorkerDied)
        assert "exit code 3" in str(error)
        assert "these are my last words" in str(error)
        assert alive.result(PATIENCE).metrics == {"square": 49}
        assert executor.submit(abs, -1).result(PATIENCE) == 1
    finally:
        executor.shutdown()


def report(listener, config):
    return toy_tasks.report_progress(config, Context(listener))


def test_progress_is_told_while_a_call_runs(tmp_path, shared):
    config = Toy(folder=str(tmp_path))
    future = shared.submit_reporting(report, config)
    wait_until(lambda: traces(tmp_path, "reported"))
    assert shared.progress_of(future) == (3, 7)
    (tmp_path / "go").touch()
    assert future.result(PATIENCE).metrics == {"done": 1}


def test_terminate_ends_what_runs_and_drops_what_waits(tmp_path):
    executor = LocalExecutor(1)
    running = executor.submit(
        toy_tasks.square, Toy(1, str(tmp_path), seconds=PATIENCE)
    )
    waiting = executor.submit(toy_tasks.square, Toy(2, str(tmp_path)))
    wait_until(lambda: traces(tmp_path, "begun"))
    (trace,) = traces(tmp_path, "begun")
    executor.terminate()
    executor.shutdown()
    assert isinstance(running.exception(PATIENCE), WorkerDied)
    with pytest.raises(CancelledError):
        waiting.result(PATIENCE)
    assert not is_alive(int(trace.name.split("-")[2]))
    assert not traces(tmp_path, "ended")


@pytest.mark.parametrize("jobs", [0, -1])
def test_at_least_one_worker_is_needed(jobs):
    with pytest.raises(ValueError, match=f"jobs is {jobs}"):
        LocalExecutor(jobs)


# What a killed process leaves behind.


def make_old(file):
    then = time.time() - 2 * scratch.NEW
    os.utime(file, (then, then))


def test_folders_of_the_dead_are_removed_and_of_the_living_kept(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(scratch.tempfile, "tempdir", str(tmp_path))
    orphan = tmp_path / f"{scratch.PREFIX}orphan"
    (orphan / "worker").mkdir(parents=True)
    (orphan / "worker" / "log").write_text("last words")
    (orphan / scratch.IN_USE).touch()
    new = tmp_path / f"{scratch.PREFIX}new"
    shutil.copytree(orphan, new)
    make_old(orphan / scratch.IN_USE)
    (tmp_path / "other").mkdir()
    living = LocalExecutor(1)
    kept = list(tmp_path.iterdir())
    assert orphan not in kept
    assert new in kept
    assert len(kept) == 3
    shutil.rmtree(new)
    kept.remove(new)
    for folder in kept:
        if folder.name != "other":
            make_old(folder / scratch.IN_USE)
    second = LocalExecutor(1)
    assert set(kept) <= set(tmp_path.iterdir())
    assert living.submit(pow, 3, 2).result(PATIENCE) == 9
    for executor in (living, second):
        executor.shutdown()
    assert list(tmp_path.iterdir()) == [tmp_path / "other"]


def test_a_killed_process_leaves_a_folder_that_the_next_removes(
    tmp_path, monkeypatch
):
    script = tmp_path / "script.py"
    script.write_text(
        "import os, signal\n"
        "from larder.computing.workers import LocalExecutor\n"
        "if __name__ == '__main__':\n"
        "    executor = LocalExecutor(1)\n"
        "    executor.submit(pow, 1, 1).result()\n"
        "    os.killpg(0, signal.SIGKILL)\n"
    )
    folder = tmp_path / "temporary"
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, script], start_new_session=True,
        env=os.environ | {"TMPDIR": str(folder)},
    )
    assert done.returncode == -signal.SIGKILL
    (left,) = folder.iterdir()
    make_old(left / scratch.IN_USE)
    monkeypatch.setattr(scratch.tempfile, "tempdir", str(folder))
    LocalExecutor(1).shutdown()
    assert list(folder.iterdir()) == []

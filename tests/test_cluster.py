"""Runs on a real Dask cluster, started on this machine as its users do."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

import project
import toy_tasks
from digits import cli, cluster, data, workers
from digits.cluster import ClusterError, connect
from digits.compute import (
    TRAIN_VARIABLE,
    ComputingStopped,
    RunsFailed,
    compute,
    status,
)
from digits.experiments import baseline
from digits.runs import Run
from test_compute import files_in
from test_workers import wait_until
from toy_tasks import Toy, toys, traces

pytest.importorskip("distributed", reason="needs Dask: the extra [dask]")

# As a user starts processes: TensorFlow, once imported, alters its own, and
# CI forbids training, which these toys are not meant by.
CLEAN = dict(project.ENVIRONMENT)
CLEAN.pop(TRAIN_VARIABLE, None)
DASK = Path(sys.executable).parent / "dask"
TESTS = Path(__file__).parent


class Cluster:
    """A scheduler, and the workers that a test starts."""

    def __init__(self, folder: Path):
        self.folder, self.processes = folder, []
        self.file = folder / "scheduler.json"
        self.scheduler = self._start(
            "scheduler", "--scheduler-file", self.file, "--port", "0",
            "--host", "127.0.0.1", "--no-dashboard", "--no-jupyter",
            PYTHONPATH=str(TESTS),
        )
        wait_until(self.file.exists)
        self.address = json.loads(self.file.read_text())["address"]

    def work(self, count=1, threads=1, path=TESTS, **environment):
        """Start workers; they find the toys under `path`."""
        return self._start(
            "worker", self.address, "--nworkers", str(count),
            "--nthreads", str(threads), "--no-dashboard",
            "--local-directory", self.folder / "local",
            PYTHONPATH=str(path), **environment,
        )

    def _start(self, *words, **environment):
        environment = CLEAN | environment
        environment.pop(data.ENVIRONMENT_VARIABLE, None)
        log = (self.folder / f"{words[0]}.log").open("a")
        process = subprocess.Popen(
            [DASK, *words], env=environment, stdout=log, stderr=log,
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    def end(self):
        for process in reversed(self.processes):
            kill(process)


def kill(process):
    """Kill a process with all that it has started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def empty(tmp_path):
    folder = tmp_path / "cluster"
    folder.mkdir()
    cluster = Cluster(folder)
    yield cluster
    cluster.end()


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """Keep two workers for the tests that harm nothing."""
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    cluster.work(2)
    yield cluster
    cluster.end()


def compute_on(found: Cluster, runs, folder, **options):
    with connect(found.address, runs, lambda _: None) as executor:
        return compute(runs, executor=executor, folder=folder, **options)


# A process of its own that computes in the folder named first, on the cluster
# whose address follows, or here.
COMPUTE = """
import sys
from pathlib import Path
from digits.cluster import connect
from digits.compute import compute
from test_cluster import a_few_runs
if __name__ == "__main__":
    folder, *address = sys.argv[1:]
    runs, folder = a_few_runs(), Path(folder)
    if address:
        with connect(*address, runs, print) as executor:
            compute(runs, executor=executor, folder=folder)
    else:
        compute(runs, jobs=1, folder=folder)
"""


def a_few_runs() -> list[Run]:
    # No training: see the README's limits of a cluster.
    return toys(5)


def test_results_are_those_of_the_local_workers(shared, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(COMPUTE)
    for name, *address in (("local",), ("cluster", shared.address)):
        subprocess.run(
            [sys.executable, script, tmp_path / name, *address], check=True,
            env=CLEAN | {"PYTHONPATH": str(TESTS)},
        )
    here, there = files_in(tmp_path / "local"), files_in(tmp_path / "cluster")
    assert len(here) > 7
    assert here == there


def test_a_run_gets_what_it_needs(shared, results):
    squares = toys(3)
    total = Run("toys", "total", toy_tasks.add, Toy(10), tuple(squares))
    (found,) = compute_on(shared, [total], results)
    assert found.result.metrics == {"square": 15}


def test_a_failure_is_told_as_of_a_local_worker(shared, results):
    with pytest.raises(RunsFailed, match="toy number 0 is broken") as told:
        compute_on(shared, toys(1, toy_tasks.fail), results)
    assert "in fail" in str(told.value)


def test_workers_compute_with_one_thread(shared, results):
    name, value = next(iter(workers.ENVIRONMENT.items()))
    with connect(shared.address, toys(), lambda _: None) as executor:
        assert executor.submit(os.getenv, name).result(60) == value


def test_the_dashboard_is_named(shared):
    said = []
    with connect(shared.address, toys(), said.append):
        pass
    assert len(said) == 1
    assert said[0].startswith("Dask's dashboard: http")


# Workers that come and go.


def test_a_killed_worker_loses_no_run(empty, results, marks):
    empty.work(2)
    wait_for_workers(empty, 2)
    runs = toys(6, folder=marks, seconds=1.0)

    def kill_one():
        wait_until(lambda: traces(marks, "begun"))
        victim = traces(marks, "begun")[0].name.split("-")[2]
        os.kill(int(victim), signal.SIGKILL)

    killer = threading.Thread(target=kill_one)
    killer.start()
    found = compute_on(empty, runs, results)
    killer.join()
    squares = [item.result.metrics["square"] for item in found]
    assert squares == [0, 1, 4, 9, 16, 25]
    assert len(traces(marks, "begun")) >= 7
    assert len(traces(marks, "ended")) == 6
    assert not list(results.rglob(".*"))


def test_a_worker_that_joins_late_is_used(empty, results):
    runs = toys(3)
    late = threading.Timer(1.0, empty.work)
    late.start()
    found = compute_on(empty, runs, results)
    late.join()
    assert [item.result.metrics["square"] for item in found] == [0, 1, 4]


def test_a_killed_scheduler_keeps_what_had_ended(empty, results, marks):
    empty.work(1)
    runs = [*toys(1), *toys(3, folder=marks, seconds=2.0)[1:]]

    def kill_scheduler():
        wait_until(lambda: status(runs[0], results).state == "fresh")
        wait_until(lambda: traces(marks, "begun"))
        kill(empty.scheduler)

    killer = threading.Thread(target=kill_scheduler)
    killer.start()
    with pytest.raises(ComputingStopped, match="computes the rest"):
        compute_on(empty, runs, results)
    killer.join()
    assert status(runs[0], results).state == "fresh"
    fresh = {run for run in runs if status(run, results).state == "fresh"}
    shutil.rmtree(marks)
    compute(runs, jobs=1, folder=results)
    assert len(traces(marks, "begun")) == len(set(runs) - fresh)


# Workers that are not fit.


def test_other_code_is_refused_by_name(empty, tmp_path):
    changed = tmp_path / "changed"
    changed.mkdir()
    text = (TESTS / "toy_tasks.py").read_text()
    (changed / "toy_tasks.py").write_text(
        text.replace("config.number**2},\n        table",
                     "config.number**3},\n        table")
    )
    empty.work(path=changed)
    wait_for_workers(empty, 1)
    with pytest.raises(
        ClusterError, match=r"code of toy_tasks\.square is \w+ here and \w+ "
    ), connect(empty.address, toys(), lambda _: None):
        pass


def test_other_versions_are_refused_by_name(shared, monkeypatch):
    monkeypatch.setattr(
        cluster, "versions", lambda: {"keras": "2.0", "numpy": "1.0"}
    )
    with pytest.raises(
        ClusterError, match=r"version of keras is 2\.0 here and 3"
    ), connect(shared.address, toys(), lambda _: None):
        pass


def test_many_threads_are_refused(empty):
    empty.work(threads=2)
    wait_for_workers(empty, 1)
    with pytest.raises(
        ClusterError, match=r"2 threads.*--nthreads 1"
    ), connect(empty.address, toys(), lambda _: None):
        pass


def wait_for_workers(found: Cluster, count: int):
    from distributed import Client

    with Client(found.address, set_as_default=False) as client:
        client.wait_for_workers(count, timeout=60)


# The dataset.


def test_workers_without_mnist_get_it_once_each(
    empty, results, marks, mnist_file, monkeypatch
):
    monkeypatch.setenv(data.ENVIRONMENT_VARIABLE, str(mnist_file))
    if (data.paths.DATA / "mnist.npz").is_file():
        pytest.skip("the workers would find data/mnist.npz by themselves")
    empty.work(2)
    wait_for_workers(empty, 2)
    runs = toys(6, toy_tasks.locate_mnist, folder=marks)
    found = compute_on(empty, runs, results)
    processes = {item.result.metrics["process"] for item in found}
    files = {mark.name.split("-")[1] for mark in traces(marks, "file-*")}
    assert len(processes) == len(files) == 2


# No cluster.


def test_where_no_scheduler_answers_it_says_so(monkeypatch):
    monkeypatch.setattr(cluster, "TIMEOUT", 1)
    with pytest.raises(
        ClusterError, match="no Dask scheduler answers at tcp://127"
    ), connect("tcp://127.0.0.1:9", toys(), lambda _: None):
        pass


def test_without_dask_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(
        ClusterError, match=r"pip install 'digits\[dask\]'"
    ), connect("tcp://127.0.0.1:9", toys(), lambda _: None):
        pass


# The command.


@pytest.fixture
def asked(monkeypatch, results, shared):
    """Let the baseline be toys, stored in a folder of the test's own."""
    runs = [Run("baseline", f"toy-{n}", toy_tasks.square, Toy(n))
            for n in range(3)]
    monkeypatch.setattr(baseline, "runs", lambda: runs)
    monkeypatch.setattr(cli.paths, "RESULTS", results)
    return runs


@pytest.mark.parametrize("how", ["option", "variable"])
def test_train_takes_the_scheduler(asked, shared, results, how, monkeypatch):
    words = ["train", "baseline"]
    if how == "option":
        words += ["--scheduler", shared.address]
    else:
        monkeypatch.setenv(cluster.ADDRESS_VARIABLE, shared.address)
    done = CliRunner().invoke(cli.main, words)
    assert done.exit_code == 0, done.output
    assert "Dask's dashboard" in done.output
    assert "3 runs are fresh" in done.output
    assert [status(run, results).state for run in asked] == ["fresh"] * 3


def test_train_computes_the_run_of_a_number(asked, results):
    done = CliRunner().invoke(cli.main, ["train", "baseline", "--run", "1"])
    assert done.exit_code == 0, done.output
    states = [status(run, results).state for run in asked]
    assert states == ["missing", "fresh", "missing"]
    listed = CliRunner().invoke(cli.main, ["status", "baseline"]).output
    assert "\n   1 fresh    baseline/toy-1" in listed


def test_a_number_beyond_the_list_is_refused(asked):
    done = CliRunner().invoke(cli.main, ["train", "baseline", "--run", "3"])
    assert done.exit_code == 2
    assert "numbered from 0 to 2" in done.output

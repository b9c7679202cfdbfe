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
from digits import cli, data, paths
from digits.experiments import baseline
from digits.kept import LARDER, compute
from larder import Run
from larder.computing import cluster
from larder.computing.cluster import ClusterError, connect
from larder.computing.errors import ComputingStopped, RunsFailed
from larder.telling import terminal
from test_compute import files_in
from test_workers import PATIENCE, is_alive, wait_until
from toy_tasks import Toy, status, toys, traces

pytest.importorskip("distributed", reason="needs Dask: the extra [dask]")

# As a user starts processes: TensorFlow, once imported, alters its own, and
# CI forbids training, which these toys are not meant by.
CLEAN = dict(project.ENVIRONMENT)
CLEAN.pop(LARDER.variable, None)
DASK = Path(sys.executable).parent / "dask"
TESTS = Path(toy_tasks.__file__).parent
TRAININGS = 2
HOSTS = ("10.213.47.1", "10.213.47.2")


class Cluster:
    """A scheduler, and the workers that a test starts.

    `before` are words to put before the commands that start a process.
    """

    def __init__(self, folder: Path, host: str = "127.0.0.1", before=()):
        self.folder, self.processes = folder, []
        self.file = folder / "scheduler.json"
        self.scheduler = self._start(
            "scheduler", "--scheduler-file", self.file, "--port", "0",
            "--host", host, "--no-dashboard", "--no-jupyter",
            PYTHONPATH=with_package(TESTS), before=before,
        )
        # The scheduler opens its file first and fills it afterwards.
        wait_until(lambda: self.file.exists() and self.file.read_text())
        self.address = json.loads(self.file.read_text())["address"]

    def work(self, count=1, threads=1, path=TESTS, **options):
        """Start workers; they find the toys under `path`."""
        return self._start(
            "worker", self.address, "--nworkers", str(count),
            "--nthreads", str(threads), "--no-dashboard",
            "--local-directory", self.folder / "local",
            PYTHONPATH=with_package(path), **options,
        )

    def _start(self, *words, before=(), **environment):
        environment = CLEAN | environment
        environment.pop(data.ENVIRONMENT_VARIABLE, None)
        log = (self.folder / f"{words[0]}.log").open("a")
        process = subprocess.Popen(
            [*before, DASK, *words], env=environment, stdout=log, stderr=log,
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    def end(self):
        for process in reversed(self.processes):
            kill(process)


def with_package(path) -> str:
    """Let a process find the toys under a path, and this very package."""
    return os.pathsep.join([str(path), str(paths.CODE)])


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
    with connect(LARDER, found.address, runs, lambda _: None) as executor:
        return compute(runs, executor=executor, folder=folder, **options)


# A process of its own that computes in the folder named first, with so many
# trainings, on the cluster whose address follows, or here.
COMPUTE = """
import sys
from pathlib import Path
from larder.computing.cluster import connect
from digits.kept import LARDER, compute
from test_cluster import a_few_runs
if __name__ == "__main__":
    folder, trainings, *address = sys.argv[1:]
    runs, folder = a_few_runs(int(trainings)), Path(folder)
    if address:
        with connect(LARDER, *address, runs, print) as executor:
            compute(runs, executor=executor, folder=folder)
    else:
        compute(runs, jobs=1, folder=folder)
"""


def a_few_runs(trainings: int) -> list[Run]:
    return [*toys(3), *(
        Run("toys", f"trained-{seed}", toy_tasks.train_after_a_pause,
            toy_tasks.dense(hidden_units=(16,), seed=seed, epochs=5,
                            whole_training_set=True, batch_size=10,
                            keep_weights=True))
        for seed in range(trainings)
    )]


def compute_apart(folder: Path, trainings: int, *address: str, before=()):
    """Compute a few runs in a process of its own; read what it stored."""
    script = folder.with_suffix(".py")
    script.write_text(COMPUTE)
    places = [str(Path(__file__).parent), with_package(TESTS)]
    subprocess.run(
        [*before, sys.executable, script, folder, str(trainings), *address],
        check=True, env=CLEAN | {"PYTHONPATH": os.pathsep.join(places)},
    )
    return files_in(folder)


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """Give what a worker of this process's own makes of a few runs."""
    return compute_apart(tmp_path_factory.mktemp("local") / "here", TRAININGS)


def test_results_are_those_of_the_local_workers(shared, local, tmp_path):
    there = compute_apart(tmp_path / "there", TRAININGS, shared.address)
    names = [name for name in local if name.startswith("trained-")]
    assert len(names) == 3 * TRAININGS
    assert local == there


def test_what_a_worker_s_machine_says_changes_nothing(empty, local, tmp_path):
    """Its child computes as a worker here does, where nothing is said."""
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras/keras.json").write_text(json.dumps({
        "floatx": "float16", "image_data_format": "channels_first",
        "epsilon": 0.01, "backend": "jax",
    }))
    empty.work(1, HOME=str(tmp_path), KERAS_BACKEND="jax", KERAS_MAX_EPOCHS="1",
               TF_DETERMINISTIC_OPS="1", TF_ENABLE_ONEDNN_OPTS="0",
               TF_XLA_FLAGS="--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit")
    there = compute_apart(tmp_path / "there", 1, empty.address)
    assert len(there) == 4 * 3
    assert there.items() <= local.items()
    assert "settings" not in there["trained-0.json"]["stamp"]


def test_a_run_gets_what_it_needs(shared, results):
    squares = toys(3)
    total = Run("toys", "total", toy_tasks.add, Toy(10),
                {"needed": tuple(squares)})
    (found,) = compute_on(shared, [total], results)
    assert found.result.metrics == {"square": 15}


def test_a_failure_is_told_as_of_a_local_worker(shared, results):
    with pytest.raises(RunsFailed, match="toy number 0 is broken") as told:
        compute_on(shared, toys(1, toy_tasks.fail), results)
    assert "in fail" in str(told.value)


def test_workers_compute_with_one_thread(shared, results):
    name, value = next(iter(LARDER.environment.pinned.items()))
    with connect(LARDER, shared.address, toys(), lambda _: None) as executor:
        assert executor.submit(os.getenv, name).result(PATIENCE) == value


def test_the_dashboard_is_named(shared):
    said = []
    with connect(LARDER, shared.address, toys(), said.append):
        pass
    assert len(said) == 1
    assert said[0].startswith("Dask's dashboard: http")


class Recorder:
    """Bars that remember what they were told."""

    def __init__(self, total):
        self.told = [("total", total)]

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def begin(self, name, seconds):
        self.told.append(("begin", name))

    def show(self, name, progress):
        self.told.append(("show", name, progress))

    def end(self, name, seconds):
        self.told.append(("end", name))


def test_bars_are_fed_by_the_workers(empty, results, marks, monkeypatch):
    bars = Recorder(0)
    monkeypatch.setattr(terminal, "Bars", lambda total: bars)
    empty.work(1)
    runs = toys(2, toy_tasks.report_progress, folder=marks)
    names = [str(run) for run in runs]

    def let_them_go():
        wait_until(lambda: any(t[-1] == (3, 7) for t in bars.told))
        begun.extend(t[1] for t in bars.told if t[0] == "begin")
        (Path(marks) / "go").touch()

    begun = []
    helper = threading.Thread(target=let_them_go)
    helper.start()
    compute_on(empty, runs, results)
    helper.join()
    assert len(set(begun)) == 1  # the other waits for the worker
    assert sorted(t[1] for t in bars.told if t[0] == "end") == names


# Workers that come and go.


def child_at_work(marks) -> int:
    """Wait until a run has begun; give the process that is at it."""
    wait_until(lambda: traces(marks, "begun"))
    return int(traces(marks, "begun")[0].name.split("-")[2])


def kill_child(found: int) -> None:
    os.kill(found, signal.SIGKILL)


def kill_worker(found: int) -> None:
    os.kill(parent_of(found), signal.SIGKILL)


def parent_of(process: int) -> int:
    stat = Path(f"/proc/{process}/stat").read_text()
    return int(stat.rpartition(")")[2].split()[1])


@pytest.mark.parametrize("how", [
    kill_worker, pytest.param(kill_child, marks=pytest.mark.long),
])
def test_a_killed_worker_loses_no_run(empty, results, marks, how):
    empty.work(2)
    wait_for_workers(empty, 2)
    # Long enough for the victim to be at work when it is killed.
    runs = toys(6, folder=marks, seconds=1.0)
    victims = []

    def kill_one():
        victims.append(child_at_work(marks))
        how(*victims)

    killer = threading.Thread(target=kill_one)
    killer.start()
    found = compute_on(empty, runs, results)
    killer.join()
    wait_until(lambda: not is_alive(*victims))
    squares = [item.result.metrics["square"] for item in found]
    assert squares == [0, 1, 4, 9, 16, 25]
    assert len(traces(marks, "begun")) >= 7
    assert len(traces(marks, "ended")) == 6
    assert not list(results.rglob(".*"))


@pytest.mark.long
def test_a_worker_that_is_ended_takes_its_child_with_it(empty, marks):
    process = empty.work(1)
    runs = toys(1, folder=marks, seconds=PATIENCE)
    with connect(LARDER, empty.address, runs, lambda _: None) as executor:
        executor.submit(runs[0].task, runs[0].config)
        child = child_at_work(marks)
        process.terminate()
        wait_until(lambda: not is_alive(child))
    assert process.wait(PATIENCE) is not None
    assert not traces(marks, "ended")


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
    ), connect(LARDER, empty.address, toys(), lambda _: None):
        pass


def test_other_versions_are_refused_by_name(shared, monkeypatch):
    monkeypatch.setattr(
        cluster, "versions", lambda _: {"keras": "2.0", "numpy": "1.0"}
    )
    with pytest.raises(
        ClusterError, match=r"version of keras is 2\.0 here and 3"
    ), connect(LARDER, shared.address, toys(), lambda _: None):
        pass


def test_many_threads_are_refused(empty):
    empty.work(threads=2)
    wait_for_workers(empty, 1)
    with pytest.raises(
        ClusterError, match=r"2 threads.*--nthreads 1"
    ), connect(LARDER, empty.address, toys(), lambda _: None):
        pass


def wait_for_workers(found: Cluster, count: int):
    from distributed import Client

    with Client(found.address, set_as_default=False) as client:
        client.wait_for_workers(count, timeout=PATIENCE)


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
    marks = traces(marks, "file-*")
    assert len(found) == len(marks) == 6
    assert len({mark.name.split("-")[1] for mark in marks}) == 2


# Two hosts.


@pytest.fixture
def hosts():
    """Give two hosts, in all but their files: network namespaces, linked."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("needs root and ip (iproute2) to make network namespaces")
    names = [f"digits-{os.getpid()}-{side}" for side in "ab"]
    links = [f"dg{os.getpid()}{side}" for side in "ab"]
    try:
        for name in names:
            ip("netns", "add", name)
        ip("link", "add", links[0], "netns", names[0],
           "type", "veth", "peer", links[1], "netns", names[1])
        for name, link, address in zip(names, links, HOSTS, strict=True):
            ip("-n", name, "address", "add", f"{address}/24", "dev", link)
            ip("-n", name, "link", "set", link, "up")
            ip("-n", name, "link", "set", "lo", "up")
        yield [("ip", "netns", "exec", name) for name in names]
    except subprocess.CalledProcessError as error:
        pytest.skip(f"needs network namespaces: {error.stderr.strip()}")
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True)


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


def test_a_worker_on_another_host_does_the_same(hosts, local, tmp_path):
    ours, theirs = hosts
    found = Cluster(tmp_path, HOSTS[0], ours)
    try:
        assert found.address.startswith(f"tcp://{HOSTS[0]}:")
        found.work(before=theirs)
        there = compute_apart(tmp_path / "there", 0, found.address,
                              before=ours)
    finally:
        found.end()
    log = (tmp_path / "worker.log").read_text()
    assert f"tcp://{HOSTS[1]}:" in log
    assert len(there) == 3 * 3
    assert there.items() <= local.items()


# No cluster.


def test_where_no_scheduler_answers_it_says_so(monkeypatch):
    monkeypatch.setattr(cluster, "TIMEOUT", 1)
    with pytest.raises(
        ClusterError, match="no Dask scheduler answers at tcp://127"
    ), connect(LARDER, "tcp://127.0.0.1:9", toys(), lambda _: None):
        pass


def test_without_dask_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(
        ClusterError, match="pip install distributed"
    ), connect(LARDER, "tcp://127.0.0.1:9", toys(), lambda _: None):
        pass


# The command.


@pytest.fixture
def asked(monkeypatch, results, shared):
    """Let the baseline be toys, stored in a folder of the test's own."""
    runs = [Run("baseline", f"toy-{n}", toy_tasks.square, Toy(n))
            for n in range(3)]
    monkeypatch.setattr(baseline, "runs", lambda: runs)
    monkeypatch.setattr(LARDER, "results", results)
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


# An array of jobs; the script of docs/cluster.md: test_cli.


def test_tasks_of_an_array_at_once_compute_each_run_once(asked, results, marks):
    runs = [Run("baseline", f"toy-{n}", toy_tasks.square, Toy(n, marks, 0.5))
            for n in range(2)]
    asked[:] = runs
    words = [["train", "baseline", "--jobs", "1", "--run", str(number)]
             for number in (0, 1, 0)]
    threads = [
        threading.Thread(
            target=cli.main, args=[each], kwargs={"standalone_mode": False}
        )
        for each in words
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [status(run, results).state for run in runs] == ["fresh"] * 2
    assert len(traces(marks, "begun")) == 2

"""What a run costs beside its computing, and what many cost their driver.

Empty runs, through the worker processes of this machine and through a Dask
cluster on it, with a worker a core either way:

    python benchmarks/overhead.py

The driver is the process that hands out runs and stores what comes back: one
of its own for each measurement, which this file is called again for.
"""

import contextlib
import json
import os
import pickle
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import empty

import larder
from digits import paths
from digits.kept import LARDER
from larder.computing import cluster
from larder.computing.attempts import Call

CORES = os.cpu_count()
ROUNDS = 3
FEW, MANY = 1_000, 10_000
LOCAL, DASK = "worker processes", "Dask on loopback"
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(
    filter(None, [str(Path(__file__).parent), os.environ.get("PYTHONPATH")])
)}


def drive(task: str, count: str, address: str = "") -> None:
    """Compute runs in this process; print what it took, as JSON."""
    runs = empty.runs(task, int(count))
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        executor = None
        if address:
            executor = stack.enter_context(
                cluster.connect(LARDER, address, runs, lambda _: None)
            )
        clock, processor = time.monotonic(), time.process_time()
        larder.refresh(LARDER.at(Path(folder)), runs, executor=executor)
        clock = time.monotonic() - clock
        processor = time.process_time() - processor
    memory = Path("/proc/self/status").read_text()
    peak = int(re.search(r"VmHWM:\s+(\d+) kB", memory)[1]) / 1024
    print(json.dumps([clock, processor, peak]))


def measure(task: str, count: int, address: str) -> tuple[float, ...]:
    """Give milliseconds a run, by the clock and by the driver's processor.

    And the driver's peak memory in MiB.
    """
    done = subprocess.run(
        [sys.executable, __file__, task, str(count), address], check=True,
        env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )
    clock, processor, peak = json.loads(done.stdout)
    return 1_000 * clock / count, 1_000 * processor / count, peak


@contextlib.contextmanager
def dask() -> Iterator[str]:
    """Start a scheduler and a worker a core; give the scheduler's address."""
    from distributed import Client

    command = Path(sys.executable).with_name("dask")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "scheduler.json"
        at = ["--scheduler-file", file, "--no-dashboard"]
        processes = [
            subprocess.Popen([command, *words], env=ENVIRONMENT,
                             stderr=subprocess.DEVNULL)
            for words in (
                ["scheduler", *at, "--host", "127.0.0.1", "--port", "0"],
                ["worker", *at, "--nworkers", str(CORES), "--nthreads", "1",
                 "--local-directory", folder],
            )
        ]
        try:
            while not file.exists():
                time.sleep(0.1)
            with Client(scheduler_file=str(file)) as client:
                client.wait_for_workers(CORES)
                address = client.scheduler.address
            yield address
        finally:
            for process in reversed(processes):
                process.terminate()
                process.wait()


def shipped() -> tuple[int, int, int]:
    """Give the bytes of a run of 2D: sent out, sent back, and stored."""
    # Not above, where each worker process would import it, and pandas.
    from digits.experiments import weight_decay

    run = weight_decay.runs()[0]
    found = larder.status(LARDER, run).stored
    files = paths.RESULTS.glob(f"{run}.*")
    return (len(pickle.dumps(Call.of(LARDER, run))),
            len(pickle.dumps(found.result)),
            sum(file.stat().st_size for file in files))


def main() -> None:
    """Measure, and print a table with a row for each kind of run and way."""
    with dask() as address:
        ways = {LOCAL: "", DASK: address}
        found = {
            (task, way): [] for task in ("nothing", "much") for way in ways
        }
        for _ in range(ROUNDS):
            for (task, way), rounds in found.items():
                rounds.append(measure(task, FEW, ways[way]))
                print(task, way, *map(round, rounds[-1]), flush=True)
        rows = [
            (task, way, FEW, *map(statistics.median, zip(*rounds, strict=True)))
            for (task, way), rounds in found.items()
        ]
        rows += [
            ("much", way, MANY, *measure("much", MANY, ways[way]))
            for way in ways
        ]
    print("| Run | Through | Runs | Clock | Driver's processor | Memory |\n"
          "|:---|:---|---:|---:|---:|---:|")
    for task, way, count, clock, processor, peak in rows:
        print(f"| {task} | {way} | {count:,} | {clock:.1f} ms "
              f"| {processor:.1f} ms | {peak:.0f} MiB |")
    sent, back, kept = shipped()
    print(f"A run of 2D: {sent:,} bytes out, {back:,} back, {kept:,} stored")


if __name__ == "__main__":
    drive(*sys.argv[1:]) if sys.argv[1:] else main()

"""What stored results cost as they grow in number: status, loading, memory.

The results are made, not trained: each is the baseline's first with another
seed. Each measurement is a process of its own, started as a user starts it.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from digits import paths
from digits.experiments import baseline
from larder import Run, store

COUNTS = (100, 300, 1_000, 3_000, 10_000)
ROUNDS = 3
# What a process does with the first so many of the results made. The clock of
# `digits status` has to count the start of Python as well, that of loading not.
MEASURED = """
import resource, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from growth import made_runs
from digits import cli
from digits.kept import LARDER, compute
from digits.experiments import baseline
LARDER.results, runs = Path(sys.argv[2]), made_runs(int(sys.argv[3]))
baseline.runs = lambda: runs
clock, work = time.time(), time.process_time()
if sys.argv[4] == "status":
    clock, work = float(sys.argv[5]), 0
    cli.main(["status", "baseline"], standalone_mode=False)
else:
    compute(runs)
print(time.time() - clock, time.process_time() - work,
      resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def made_runs(count: int) -> list[Run]:
    """List runs of the baseline with as many seeds."""
    first = baseline.runs()[0]
    return [
        replace(first, name=f"made-{seed}",
                config=replace(first.config, seed=seed))
        for seed in range(count)
    ]


def make(folder: Path, count: int) -> None:
    """Store a result for each of the runs."""
    os.fsync = lambda _: None  # nothing is lost that is not made in seconds
    runs = made_runs(count)
    stored = store.load(baseline.runs()[0].path(paths.RESULTS))
    for run in runs:
        config = store.config_as_json(run.config)
        stamp = stored.stamp | {"config": config}
        store.save(run.path(folder), stored.result, stamp)


def measured(folder: Path, count: int, what: str) -> list[float]:
    """Give what it cost: seconds on the clock, of the processor, and MiB."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(Path(__file__).parent),
         str(folder), str(count), what, str(time.time())],
        env=os.environ | {"DIGITS_TRAIN": "never"}, check=True, text=True,
        capture_output=True,
    )
    return [float(word) for word in done.stdout.splitlines()[-1].split()]


def main() -> None:
    """Print the curve, as a Markdown table of medians."""
    print("| Results | Way | Clock | Processor | Memory |")
    print("|---:|:---|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as name:
        make(Path(name), max(COUNTS))
        for count in COUNTS:
            for what in ("status", "loading"):
                rounds = [
                    measured(Path(name), count, what) for _ in range(ROUNDS)
                ]
                clock, work, memory = map(
                    statistics.median, zip(*rounds, strict=True)
                )
                print(f"| {count:,} | {what} | {clock:.2f} s | {work:.2f} s "
                      f"| {memory:.0f} MiB |", flush=True)


if __name__ == "__main__":
    main()

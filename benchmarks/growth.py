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

from digits import paths, store
from digits.experiments import baseline
from digits.runs import Run

COUNTS = (100, 300, 1_000, 3_000, 10_000)
ROUNDS = 3
# What a process does with the first so many of the results made.
MEASURED = """
import resource, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from growth import made_runs
from digits import cli, compute, paths
from digits.experiments import baseline
paths.RESULTS, runs = Path(sys.argv[2]), made_runs(int(sys.argv[3]))
baseline.runs = lambda: runs
started = time.perf_counter()
if sys.argv[4] == "status":
    cli.main(["status", "baseline"], standalone_mode=False)
else:
    compute.compute(runs)
print(time.perf_counter() - started,
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


def measured(folder: Path, count: int, what: str) -> tuple[float, ...]:
    """Give what a process cost: its seconds and MiB.

    Of loading, the seconds without starting Python.
    """
    environment = os.environ | {"DIGITS_TRAIN": "never"}
    command = [sys.executable, "-c", MEASURED, str(Path(__file__).parent),
               str(folder), str(count), what]
    started = time.perf_counter()
    done = subprocess.run(
        command, env=environment, check=True, text=True, capture_output=True
    )
    whole = time.perf_counter() - started
    work, memory = map(float, done.stdout.splitlines()[-1].split())
    return (whole if what == "status" else work), memory


def main() -> None:
    """Print the curve, as a Markdown table of medians."""
    print("| Results | status | memory | loading | memory |")
    print("|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as name:
        make(Path(name), max(COUNTS))
        for count in COUNTS:
            cells = []
            for what in ("status", "loading"):
                rounds = [
                    measured(Path(name), count, what) for _ in range(ROUNDS)
                ]
                seconds, memory = map(
                    statistics.median, zip(*rounds, strict=True)
                )
                cells += [f"{seconds:.2f} s", f"{memory:.0f} MiB"]
            print(f"| {count:,} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()

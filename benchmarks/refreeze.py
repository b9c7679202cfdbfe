"""What the freeze's pre-render step costs, on projects made here.

    python benchmarks/refreeze.py

Needs Quarto on PATH. The step is called as Quarto calls it before a render, and
an empty script likewise; what is told is the difference.
"""

import os
import random
import resource
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

STEP = Path(__file__).parents[1] / "_extensions/refreeze/refreeze.ts"
ROUNDS = 5
FILES, LINES = 1_000, 250  # about 10 kB each
PARTS, MEGABYTES = 10, 100
DOCUMENT = """\
---
title: Benchmark
---

```{python}
1 + 1
```
"""
CONFIG = """\
execute:
  freeze: auto
refreeze:
  inputs: [inputs]
"""


def call(folder: Path, script: Path) -> tuple[float, float]:
    """Run a script through Quarto; give seconds by clock and by processor."""
    began, before = time.monotonic(), resource.getrusage(
        resource.RUSAGE_CHILDREN
    )
    subprocess.run(
        ["quarto", "run", str(script)], cwd=folder, check=True,
        capture_output=True,
        env=os.environ | {"QUARTO_PROJECT_INPUT_FILES": "document.qmd"},
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (
        time.monotonic() - began,
        after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
    )


def code(folder: Path) -> None:
    """Write many small Python files."""
    for number in range(FILES):
        lines = (
            f"value_{line} = function({line})  # {number:08}"
            for line in range(LINES)
        )
        (folder / f"module_{number}.py").write_text("\n".join(lines))


def data(folder: Path) -> None:
    """Write a gigabyte of bytes."""
    generator = random.Random(0)
    for number in range(PARTS):
        part = generator.randbytes(1_000_000) * MEGABYTES
        (folder / f"part_{number}.bin").write_bytes(part)


def project(folder: Path, fill) -> None:
    """Make a project, its inputs older than what might yet change."""
    (folder / "_quarto.yml").write_text(CONFIG)
    (folder / "document.qmd").write_text(DOCUMENT)
    (folder / "inputs").mkdir()
    fill(folder / "inputs")
    for file in (*folder.iterdir(), *(folder / "inputs").iterdir()):
        os.utime(file, (1e9, 1e9))


def measure(folder: Path, prepare) -> tuple[float, float]:
    """Give the median costs of the step, less those of an empty script."""
    empty = folder / "empty.ts"
    empty.write_text("")
    costs = []
    for _ in range(ROUNDS):
        nothing = call(folder, empty)
        prepare()
        costs.append([
            step - base for step, base in
            zip(call(folder, STEP), nothing, strict=True)
        ])
    return tuple(map(statistics.median, zip(*costs, strict=True)))


def main() -> None:
    """Print a table."""
    print("| Inputs | Seen | Clock | Processor |\n|:---|:---|---:|---:|")
    for name, fill in {
        "1,000 Python files of 10 kB": code, "1 GB in 10 files": data,
    }.items():
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            project(folder, fill)
            known = folder / ".quarto/refreeze.json"
            one = next((folder / "inputs").iterdir())
            for seen, prepare in {
                "never": lambda known=known: known.unlink(missing_ok=True),
                "one was changed": lambda one=one: os.utime(one),
                "all as they are": lambda: None,
            }.items():
                clock, processor = measure(folder, prepare)
                print(f"| {name} | {seen} | {clock:.2f} s | "
                      f"{processor:.2f} s |", flush=True)


if __name__ == "__main__":
    main()

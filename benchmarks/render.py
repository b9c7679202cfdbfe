"""What rendering costs: from the freeze, without chunks, and executing.

Each way is taken once a round, in turn, so that a noisy machine slows all of
them alike; the ratios are of medians. Needs Quarto and LaTeX on PATH.
"""

import re
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from project import copy, quarto

ROUNDS = 5


def without_chunks(project: Path) -> Path:
    """Take the chunks, the inline code and the pre-render step out."""
    report, settings = project / "report.qmd", project / "_quarto.yml"
    text = re.sub(r"```\{python\}.*?```", "", report.read_text(), flags=re.S)
    report.write_text(re.sub(r"`\{python\}[^`]*`", "0", text))
    kept = [
        line for line in settings.read_text().splitlines()
        if not line.startswith(("jupyter:", "  pre-render:"))
    ]
    settings.write_text("\n".join(kept))
    shutil.rmtree(project / "_freeze")
    return project


def seconds(project: Path, *words: str) -> float:
    """Time one render; stop the benchmark if it fails."""
    started = time.perf_counter()
    done = quarto(project, "render", *words)
    if done.returncode:
        sys.exit(done.stderr)
    return time.perf_counter() - started


def main() -> None:
    """Print the medians and the ratios, as a Markdown table."""
    with tempfile.TemporaryDirectory() as folder:
        frozen = copy(Path(folder) / "frozen")
        bare = without_chunks(copy(Path(folder) / "bare"))
        ways = {
            "without chunks, HTML and PDF": (bare, "--to", "html,pdf"),
            "from the freeze, HTML and PDF": (frozen, "--to", "html,pdf"),
            "from the freeze, PDF": (frozen, "--to", "pdf"),
            "executing, PDF": (frozen, "report.qmd", "--to", "pdf"),
        }
        times = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, way in ways.items():
                times[name].append(seconds(*way))
    medians = {name: statistics.median(found) for name, found in times.items()}
    print("| Way | Median | Fastest | Slowest |\n|:---|---:|---:|---:|")
    for name, found in times.items():
        print(f"| {name} | {medians[name]:.1f} s | {min(found):.1f} s "
              f"| {max(found):.1f} s |")
    bare, both, pdf, executing = medians.values()
    print("\n| Ratio | Measured | Goal |\n|:---|---:|---:|")
    print(f"| freeze / without chunks | {both / bare:.2f} | 1.2 |")
    print(f"| executing PDF / PDF from the freeze | {executing / pdf:.2f} "
          "| 2 |")
    print(f"| executing PDF / HTML and PDF from the freeze "
          f"| {executing / both:.2f} | 2 |")


if __name__ == "__main__":
    main()

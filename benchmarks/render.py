"""What rendering costs: from the freeze, without chunks, and executing.

Each way is taken once a round, in turn, so that a noisy machine slows all of
them alike; the ratios are of medians, of the seconds on the clock and of those
that the processor worked. Needs Quarto and LaTeX on PATH.
"""

import re
import resource
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests/helpers"))
from project import copy, quarto

ROUNDS = 5


def html_and_pdf(project: Path) -> Path:
    """Leave two formats, and let the freeze be that of these settings."""
    settings = project / "_quarto.yml"
    settings.write_text(settings.read_text().partition("\n  gfm:")[0] + "\n")
    seconds(project)
    return project


def without_chunks(project: Path) -> Path:
    """Take the chunks, the inline code and the pre-render step out."""
    report, settings = project / "report.qmd", project / "_quarto.yml"
    text = re.sub(r"```\{python\}.*?```", "", report.read_text(), flags=re.S)
    report.write_text(re.sub(r"`\{python\}[^`]*`", "0", text))
    kept = [
        line for line in settings.read_text().splitlines()
        if not line.startswith("jupyter:")
    ]
    settings.write_text("\n".join(kept))
    shutil.rmtree(project / "_freeze")
    shutil.rmtree(project / "_extensions/refreeze")
    return project


def seconds(project: Path, *words: str) -> tuple[float, float]:
    """Time one render: on the clock, and of the processor's work.

    Stops the benchmark if it fails.
    """
    used, started = _work(), time.perf_counter()
    done = quarto(project, "render", *words)
    if done.returncode:
        sys.exit(done.stderr)
    return time.perf_counter() - started, _work() - used


def _work() -> float:
    """Sum the processor's seconds of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Print the medians and the ratios, as Markdown tables."""
    with tempfile.TemporaryDirectory() as folder:
        frozen = html_and_pdf(copy(Path(folder) / "frozen"))
        bare = without_chunks(html_and_pdf(copy(Path(folder) / "bare")))
        ways = {
            "without chunks, HTML and PDF": (bare,),
            "from the freeze, HTML and PDF": (frozen,),
            "from the freeze, PDF": (frozen, "--to", "pdf"),
            "executing, PDF": (frozen, "report.qmd", "--to", "pdf"),
        }
        times = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, way in ways.items():
                times[name].append(seconds(*way))
    print(f"Medians of {ROUNDS} rounds.\n")
    print("| Way | Clock | Processor |\n|:---|---:|---:|")
    medians = []
    for name, found in times.items():
        clock, work = map(statistics.median, zip(*found, strict=True))
        medians.append((clock, work))
        print(f"| {name} | {clock:.1f} s | {work:.1f} s |")
    bare, both, pdf, executing = medians
    print("\n| Ratio | Clock | Processor | Goal |\n|:---|---:|---:|---:|")
    for name, above, below, goal in (
        ("freeze / without chunks", both, bare, 1.2),
        ("executing PDF / PDF from the freeze", executing, pdf, 2),
    ):
        clock, work = (a / b for a, b in zip(above, below, strict=True))
        print(f"| {name} | {clock:.2f} | {work:.2f} | {goal} |")


if __name__ == "__main__":
    main()

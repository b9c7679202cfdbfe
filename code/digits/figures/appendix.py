"""The tables of the appendices: what was measured, and where it comes from."""

from collections.abc import Sequence

import pandas as pd
from IPython.display import Markdown

from digits.figures.tables import markdown
from digits.stating.benchmarks import (
    ALL,
    LIMIT,
    NAIVE,
    ONE,
    TORCH,
    Benchmark,
    PageBenchmark,
    PicturesRead,
)
from digits.stating.provenance import Origin
from digits.stating.wording import percent


def benchmark(found: Benchmark) -> Markdown:
    """Show the speed of each way to train, beside two of them."""
    names = {
        NAIVE: "a plain loop of `model.fit`",
        ONE: "this project, one worker",
        ALL: f"this project, {found.cores} workers",
        TORCH: "a plain loop of PyTorch",
        LIMIT: "the matrix products alone, in NumPy",
    }
    speed = found.ways["speed"]
    rows = [
        (
            names[row.Index],
            f"{row.speed:.2f}",
            f"{row.speed / speed[NAIVE]:.2f}",
            f"{row.speed / speed[LIMIT]:.2f}",
            f"{row.megabytes:,} MB",
        )
        for row in found.ways.itertuples()
    ]
    header = ("Way", "Networks · epochs / s", "of the loop", "of the limit",
              "Memory")
    return markdown(header, rows, "lrrrr")


def page_benchmark(found: PageBenchmark) -> Markdown:
    """Compare the networks in the page with those that are stored."""
    names = {
        "dense": "dense (2D)",
        "convolutional": "convolutional (3A)",
        "autoencoder": "auto-encoder (4A), pixels",
    }
    rows = [
        (
            names[row.Index], f"{row.parameters:,}",
            f"{row.milliseconds:.1f} ms",
            *("–" if pd.isna(share) else percent(share) for share in (
                row.stored_accuracy, row.accuracy, row.same)),
            f"{row.difference:.3f}", f"{row.seasoned_difference:.3f}",
        )
        for row in found.networks.itertuples()
    ]
    header = ("Network", "Parameters", "A prediction", "Accuracy as stored",
              "in the page", "Read the same", "Largest difference", "seasoned")
    return markdown(header, rows, "lrrrrrrr")


def pictures(found: PicturesRead) -> Markdown:
    """Show what is read rightly, refused and wrong of each kind of picture."""
    rows = [
        (row.Index, row.n, *(
            percent(share / row.n, 1) for share in
            (row.right, row.refused, row.read - row.right, row.sure)
        ))
        for row in found.kinds.rename(columns={"count": "n"}).itertuples()
    ]
    header = ("Pictures", "n", "Right", "Refused", "though read rightly",
              "Wrong, surely")
    return markdown(header, rows, "lrrrrr")


def origins(found: Sequence[Origin]) -> Markdown:
    """Show what each experiment's runs cost, and where they came from.

    Measured numbers link to the rows.
    """
    rows = [
        (f"[{row.experiment.replace('_', ' ')}]{{#origin-{row.experiment}}}",
         row.runs, row.confirmed,
         f"{row.minutes:,.0f}", f"`{row.code[:8]}`", ", ".join(row.days),
         "; ".join(row.processors))
        for row in found
    ]
    total = ("all", sum(row.runs for row in found),
             sum(row.confirmed for row in found),
             f"{sum(row.minutes for row in found):,.0f}", "", "", "")
    header = ("Experiment", "Runs", "Confirmed", "Minutes", "Code", "Days",
              "Processors")
    return markdown(header, [*rows, total], "lrrrlll")

"""The experiments: which runs each question needs, and what they show.

Each module has the same parts: a docstring with the question, the claim and
the measured answer; `runs()`, the runs it needs; `result()`, what the report
shows of them, computing what is missing.
"""

import dataclasses
import importlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from digits.runs import Run
from digits.store import Stored

if TYPE_CHECKING:
    import pandas as pd

NAMES = (
    "preprocessing",
    "architecture",
    "baseline",
    "weight_decay",
    "influences",
    "convolution",
    "comparison",
    "denoising",
    "generation",
    "page",
)


def load(name: str):
    """Import an experiment by its name; `ValueError` if there is none."""
    if name not in NAMES:
        raise ValueError(
            f"there is no experiment {name!r}, only {', '.join(NAMES)}"
        )
    return importlib.import_module(f"{__name__}.{name}")


def all_runs(names: Iterable[str] = NAMES) -> list[Run]:
    """List the runs of the experiments named, of all by default."""
    return [run for name in names for run in load(name).runs()]


def final_frame(runs: list[Run], stored: list[Stored]) -> "pd.DataFrame":
    """Make a table with a row a run: name, config, metrics, seconds."""
    import pandas as pd

    return pd.DataFrame([
        {"run": run.name}
        | dataclasses.asdict(run.config)
        | item.result.metrics
        | {"seconds": item.stamp["seconds"]}
        for run, item in zip(runs, stored, strict=True)
    ])


def table_frame(runs: list[Run], stored: list[Stored]) -> "pd.DataFrame":
    """Make a tidy table with a row a run and epoch (or whatever rows are).

    Beside the results' own columns, it has the run's name and config.
    """
    import pandas as pd

    return pd.concat(
        [
            pd.DataFrame(item.result.table).assign(
                run=run.name,
                **{
                    key: [value] * len(next(iter(item.result.table.values())))
                    for key, value in dataclasses.asdict(run.config).items()
                },
            )
            for run, item in zip(runs, stored, strict=True)
        ],
        ignore_index=True,
    )

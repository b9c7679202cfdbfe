"""Stored results as tables, a row a run, or a row a row of theirs."""

from typing import TYPE_CHECKING

from larder.runs import Run, flat
from larder.store import Stored

if TYPE_CHECKING:
    import pandas as pd


def final_frame(runs: list[Run], stored: list[Stored]) -> "pd.DataFrame":
    """Make a table with a row a run: name, config, metrics, seconds.

    The config is seen flat, as `runs.flat` does.
    """
    import pandas as pd

    return pd.DataFrame([
        {"run": run.name}
        | flat(run.config)
        | item.result.metrics
        | {"seconds": item.stamp["seconds"]}
        for run, item in zip(runs, stored, strict=True)
    ])


def table_frame(runs: list[Run], stored: list[Stored]) -> "pd.DataFrame":
    """Make a tidy table with a row a run and epoch (or whatever rows are).

    Beside the results' own columns, which come first, it has the run's name
    and the fields of its config, as `runs.flat` gives them.
    """
    import pandas as pd

    frames = []
    for run, item in zip(runs, stored, strict=True):
        table = item.result.table
        rows = len(next(iter(table.values())))
        given = flat(run.config) | {"run": run.name}
        frames.append(pd.DataFrame(table | {
            name: [value] * rows for name, value in given.items()
            if name not in table
        }))
    return pd.concat(frames, ignore_index=True)

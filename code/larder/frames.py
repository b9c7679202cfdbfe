"""Stored results as tables, a row a run, or a row a row of theirs."""

import dataclasses
from typing import TYPE_CHECKING

from larder.runs import Run
from larder.store import Stored

if TYPE_CHECKING:
    import pandas as pd


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

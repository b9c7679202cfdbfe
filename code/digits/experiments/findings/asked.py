"""What was asked of the experiments' results, noted as it is asked.

    >>> percent(curves.test.mean)

knows nothing of where its number comes from. But `curves` does: it is one of
`Findings`, and notes that `test` was asked of the experiment `baseline`, that
this is "Accuracy on the test images, over the seeds.", and of which runs the
table is from which it was made. Who prints the number then takes the notes
(`taken`).
"""

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import wraps
from types import FunctionType
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from digits.statistics import Summary


@dataclass(frozen=True)
class Source:
    """Where a number comes from: a finding of an experiment.

    `finding` is written as code asks for it, without quotes, and `what` is the
    first line of its docstring. `runs` are names, or how names begin, with `*`
    at the end; none stands for all of the experiment. `count` is that of the
    replicates that are summarised, if they are.
    """

    experiment: str
    finding: str
    what: str
    runs: tuple[str, ...]
    count: int | None

    def __str__(self) -> str:
        return f"{self.experiment}.{self.finding}"

    def among(self, runs: Iterable[str]) -> list[str]:
        """Pick out of an experiment's runs, by name, those it is made of."""
        return [
            run for run in runs
            if any(fnmatchcase(run, name) for name in self.runs or ("*",))
        ]


_asked: dict[Source, None] = {}  # in order, each once
# For each finding that is being worked out, the runs of what it is made of: by
# the table they are those of, or under None where that is known already.
_made_of: list[dict[int | None, set[str]]] = []


def taken() -> tuple[Source, ...]:
    """Give what was asked since this was called last, in order."""
    found = tuple(_asked)
    _asked.clear()
    return found


def made_of(*runs: str, what: str = "") -> Any:
    """Make a field of `Findings` that names the runs it is made of.

    With `*` at the end, a name stands for all runs that begin so. A table with
    a column `run` needs none of this. `what` says what it is.
    """
    return dataclasses.field(metadata={"runs": runs, "what": what})


def rows_where(table: pd.DataFrame, **values: Any) -> pd.DataFrame:
    """Give the rows that have these values; a finding is made of their runs."""
    rows = table[np.logical_and.reduce([
        table[column] == value for column, value in values.items()
    ])]
    if _made_of and _made_of[-1].pop(id(table), None):
        _made_of[-1].setdefault(None, set()).update(rows["run"])
    return rows


class Findings:
    """Notes what is asked of it: fields, properties and methods.

    Those with names that begin with an underscore are its own business. The
    experiment has the name of the module; `_runs` are those that all is made
    of, where nothing else tells, and `_which` tells it from others of its
    class.
    """

    _runs: ClassVar[tuple[str, ...]] = ()
    _which = ""

    def __getattribute__(self, name: str) -> Any:
        """Give what is asked for, and note it."""
        give = super().__getattribute__
        if name.startswith("_"):
            return give(name)
        if not isinstance(getattr(type(self), name, None), FunctionType):
            return _note(self, name, name, lambda: give(name))
        method = give(name)

        @wraps(method)
        def noted(*given: Any, **named: Any) -> Any:
            words = ", ".join(map(str, [*given, *named.values()]))
            return _note(
                self, name, f"{name}({words})", lambda: method(*given, **named)
            )

        return noted


def _note(
    result: Findings, name: str, finding: str, give: Callable[[], Any]
) -> Any:
    """Give what is asked for; note it, unless for another finding."""
    field = type(result).__dataclass_fields__.get(name)
    declared = field.metadata.get("runs", result._runs) if field else ()
    _made_of.append({None: set(declared)})
    try:
        found = give()
    finally:
        met = _made_of.pop()
    if field and isinstance(found, pd.DataFrame) and "run" in found:
        met[id(found)] = set(found["run"])
    if _made_of:
        for table, runs in met.items():
            _made_of[-1].setdefault(table, set()).update(runs)
        return found
    _asked[Source(
        type(result).__module__.rpartition(".")[2],
        f"{result._which}.{finding}" if result._which else finding,
        field.metadata.get("what", "") if field
        else _first_line(getattr(type(result), name)),
        tuple(sorted(set().union(*met.values()))),
        found.count if isinstance(found, Summary) else None,
    )] = None
    return found


def _first_line(documented: Any) -> str:
    return (documented.__doc__ or "").strip().partition("\n")[0]

"""Runs: what is to be computed.

A task is a pure top-level function of one frozen dataclass, its config, that
returns a `store.Result`. A run is a task with a config and a name. The name,
not the config, says where the result lies, so that a run whose config was
changed is stale, and does not just vanish among the missing. A run may need
others, as an evaluation needs a training: then the task gets their results by
name, and the run is stale when one of them has changed. A config may be put
together of others.
"""

import inspect
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from larder import store
from larder.context import Context


@dataclass(frozen=True)
class Run:
    """A task with a config, the name of its result, and what it needs.

    `inputs` are runs, or tuples of runs, by the name of the task's argument
    that gets their results.
    """

    experiment: str
    name: str
    task: Callable[..., store.Result]
    config: Any
    inputs: Mapping[str, "Run | tuple[Run, ...]"] = ()

    def __post_init__(self):
        """Keep the inputs as pairs, so that runs can be compared."""
        object.__setattr__(self, "inputs", tuple(dict(self.inputs).items()))

    def __str__(self) -> str:
        return f"{self.experiment}/{self.name}"

    @property
    def needs(self) -> tuple["Run", ...]:
        """All runs that this one needs, in order."""
        return tuple(
            run for _, some in self.inputs
            for run in (some if isinstance(some, tuple) else (some,))
        )

    @property
    def task_name(self) -> str:
        """The dotted name of the task."""
        return f"{self.task.__module__}.{self.task.__qualname__}"

    @property
    def classes(self) -> tuple[str, ...]:
        """The dotted names of the classes of the config and those within.

        Of the task's own package: another one counts by its version.
        """
        package = self.task.__module__.partition(".")[0]
        found = {type(value) for value in _configs_in(self.config)}
        return tuple(sorted(
            f"{kind.__module__}.{kind.__qualname__}" for kind in found
            if kind.__module__.partition(".")[0] == package
            and kind.__qualname__ == kind.__name__
        ))

    @property
    def kind(self) -> tuple:
        """What runs have in common that are of the same code."""
        return self.task, self.classes

    def path(self, folder: Path) -> Path:
        """Say where the result lies under the folder of results."""
        return store.path_of(folder, self.experiment, self.name)

    def call(self, config: Any, results: list, context: Context) -> Any:
        """Call the task with a config and the results of all it needs.

        It gets the context as well, if it asks for one.
        """
        waiting: Iterator = iter(results)
        given = {
            name: tuple(next(waiting) for _ in some)
            if isinstance(some, tuple) else next(waiting)
            for name, some in self.inputs
        }
        if "context" in inspect.signature(self.task).parameters:
            given["context"] = context
        return self.task(config, **given)


def _configs_in(config: Any) -> Iterator[Any]:
    """List a config and the configs that are its fields, theirs too."""
    if is_dataclass(config):
        yield config
        for value in vars(config).values():
            yield from _configs_in(value)


def after_needs(runs: Iterable[Run]) -> list[Run]:
    """List runs with all that they need, each after what it needs."""
    found: dict[Run, None] = {}

    def add(run: Run) -> None:
        if run not in found:
            for need in run.needs:
                add(need)
            found[run] = None

    for run in runs:
        add(run)
    return list(found)


def flat(config: Any) -> dict[str, Any]:
    """Give the fields of a config and of the configs within it, by name.

    Of fields with the same name, the least deep one is meant; if there are
    several of these, none is given.
    """
    own, within = {}, []
    for name, value in vars(config).items():
        if is_dataclass(value):
            within.append(flat(value))
        else:
            own[name] = value
    counts = Counter(name for inner in within for name in inner)
    return own | {
        name: value for inner in within for name, value in inner.items()
        if counts[name] == 1 and name not in own
    }


def varied(config: Any, **changes: Any) -> Any:
    """Give a config with fields changed, its own or those of configs within.

    Raises `TypeError` for a name that no field has, or several have that are
    not the config's own.
    """
    own = {
        field.name: changes.pop(field.name)
        for field in fields(config) if field.name in changes
    }
    inner = vars(config) | own
    changed: dict[str, dict[str, Any]] = {}
    for name, value in changes.items():
        homes = [
            home for home, one in inner.items()
            if is_dataclass(one) and name in flat(one)
        ]
        if len(homes) != 1:
            raise TypeError(
                f"{type(config).__name__} has {len(homes)} fields {name!r}"
            )
        changed.setdefault(homes[0], {})[name] = value
    # All of one config at once, which may refuse some without the others.
    return replace(config, **own | {
        home: varied(inner[home], **some) for home, some in changed.items()
    })

"""Runs: what is to be computed.

A task is a pure top-level function of one frozen dataclass, its config, that
returns a `store.Result`. A run is a task with a config and a name. The name,
not the config, says where the result lies, so that a run whose config was
changed is stale, and does not just vanish among the missing. A run may need
others, as an evaluation needs a training: then the task gets their results
after the config, in order, and the run is stale when one of them has changed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from larder import store


@dataclass(frozen=True)
class Run:
    """A task with a config, the name of its result, and what it needs."""

    experiment: str
    name: str
    task: Callable[..., store.Result]
    config: Any
    needs: tuple["Run", ...] = ()

    def __str__(self) -> str:
        return f"{self.experiment}/{self.name}"

    @property
    def task_name(self) -> str:
        """The dotted name of the task."""
        return f"{self.task.__module__}.{self.task.__qualname__}"

    def path(self, folder: Path) -> Path:
        """Say where the result lies under the folder of results."""
        return store.path_of(folder, self.experiment, self.name)

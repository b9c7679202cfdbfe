"""What the engine must be told by whoever keeps results with it."""

import dataclasses
import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from larder.machine import Environment
from larder.runs import Run
from larder.store import Result


def _nothing() -> dict:
    return {}


def _none() -> list[str]:
    return []


def _accept(result: Result) -> None:
    """Find nothing wrong with a result."""


@dataclass(eq=False)
class Larder:
    """Where results lie, what they depend on, and where their code is.

    `root` is a git repository, `code` the folder in it that has `package`,
    and `results` that of the results. The package has a module
    `experiments.NAME` for each of `experiments`, whose `runs()` lists its
    runs. `command` is what a user types, as messages name it, and `variable`
    the environment variable that forbids computing if it is "never".

    What a result depends on besides its code: `data` gives a digest of the
    data, `libraries` names the distributions whose versions a stamp has, and
    `environment` is what a worker's is made before a library is imported.
    `accelerators` names what makes it better to compute one run at a time,
    `hardware` what a stamp says of the machine besides, and `settings` which
    of a library's, where a run was computed, were not those that are pinned.

    `files` gives, for each environment variable that tells tasks where their
    data lie, that file, or None: a worker elsewhere that has none is given
    it. `prepare` is called before anything is rehearsed, and may fetch the
    data. `refuse` raises an exception for a result not worth keeping.
    `rehearsal` is the script whose `in_small` lets a rehearsal find less
    data; see `confirming.rehearse`.
    """

    root: Path
    code: Path
    results: Path
    package: str
    experiments: tuple[str, ...]
    command: str
    variable: str
    data: Callable[[], str]
    libraries: tuple[str, ...] = ()
    environment: Environment = field(default_factory=Environment)
    accelerators: Callable[[], list[str]] = _none
    hardware: Callable[[], dict] = _nothing
    settings: Callable[[], dict] = _nothing
    files: Callable[[], dict[str, Path | None]] = _nothing
    prepare: Callable[[], object] = _nothing
    refuse: Callable[[Result], None] = _accept
    rehearsal: Path | None = None

    def at(self, folder: Path | None) -> "Larder":
        """Give the same with another folder of results; this one if None."""
        if folder is None:
            return self
        return dataclasses.replace(self, results=folder)

    def experiment(self, name: str) -> ModuleType:
        """Import an experiment by name; `ValueError` if there is none."""
        if name not in self.experiments:
            raise ValueError(
                f"there is no experiment {name!r}, only "
                f"{', '.join(self.experiments)}"
            )
        return importlib.import_module(f"{self.package}.experiments.{name}")

    def runs(self, names: Iterable[str] | None = None) -> list[Run]:
        """List the runs of the experiments named, of all by default."""
        return [
            run for name in names or self.experiments
            for run in self.experiment(name).runs()
        ]

"""Runs: what is to be computed, and whether what is stored still holds.

A task is a pure top-level function of one frozen dataclass, its config, that
returns a `store.Result`. A run is a task with a config and a name. The name,
not the config, says where the result lies, so that a run whose config was
changed is stale, and does not just vanish among the missing. A run may need
others, as an evaluation needs a training: then the task gets their results
after the config, in order, and the run is stale when one of them has changed.
"""

import contextlib
import importlib.metadata
import inspect
import os
import platform
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from digits import data, fingerprint, paths, store
from digits.formerly import differences

GPUS = Path("/proc/driver/nvidia/gpus")
LIBRARIES = ("tensorflow", "tensorflow-cpu", "keras", "numpy")
# What a stamp says besides, and the report of it.
STAMPED = {
    "seconds": int | float, "finished": str, "versions": dict, "hardware": dict,
}


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


@dataclass(frozen=True)
class Status:
    """How a run stands: "fresh", "stale" or "missing", and why.

    `reasons` are in words. `notes` tell what differs without making a result
    stale: versions of libraries. `stored` is what lies there, if readable: the
    result, or where many are looked through, its stamp alone.
    """

    run: Run
    state: str
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    stored: store.Stored | store.Stamped | None = None

    @property
    def confirmed(self) -> bool:
        """Whether the result is of older code, and was confirmed since."""
        return bool(self.stored and "confirmed" in self.stored.stamp)

    @property
    def seconds(self) -> float | None:
        """What the run cost when it was last computed."""
        cost = self.stored.stamp.get("seconds") if self.stored else None
        return cost if isinstance(cost, int | float) else None


def status(run: Run, folder: Path | None = None) -> Status:
    """Compare a run's stored result with its task, config and data."""
    return _Look(folder, store.load).status(run)


def statuses(
    runs: Iterable[Run], folder: Path | None = None
) -> Iterator[Status]:
    """Compare many runs as `status` does, with the code as it is now."""
    look = _Look(folder, store.load)
    return map(look.status, runs)


def survey(
    runs: Iterable[Run], folder: Path | None = None
) -> Iterator[Status]:
    """Compare as many runs as there are, and unpack no result.

    Every byte of a result is verified, but of what is stored only its stamp
    is given, so that thousands are looked through in a second.
    """
    look = _Look(folder, store.inspect)
    return map(look.status, runs)


class _Look:
    """One look at runs: what they are compared with is asked for once.

    Of a task, that is its code; of a run that others need, how it stands.
    `read` is `store.load` or `store.inspect`.
    """

    def __init__(self, folder: Path | None, read: Callable):
        self.folder, self.read = folder or paths.RESULTS, read
        self.data = data.digest()
        self._codes: dict[Callable, dict[str, str]] = {}
        self._needed: dict[Run, Status] = {}
        self._outcomes: dict[Run, str] = {}

    def status(self, run: Run) -> Status:
        return self._compared(run, self.read)

    def _compared(self, run: Run, read: Callable) -> Status:
        try:
            stored = read(run.path(self.folder))
        except FileNotFoundError:
            return Status(run, "missing", ("never computed",))
        except (store.DamagedResult, OSError) as error:
            return Status(run, "missing", (str(error),))
        stamp, now = stored.stamp, self.identity(run)
        reasons = [
            *differences("config: ", stamp.get("config"), now["config"]),
            *_changed_code(stamp.get("code"), now["code"]),
            *self._needs_not_fresh(run),
            *differences("what it needs: ", stamp.get("needs"), now["needs"]),
            *(
                f"{key} was {stamp.get(key)}, is now {now[key]}"
                for key in ("task", "data")
                if stamp.get(key) != now[key]
            ),
            *(
                f"its stamp has no {key}"
                for key, kind in STAMPED.items()
                if not isinstance(stamp.get(key), kind)
            ),
        ]
        notes = differences("version of ", stamp.get("versions"), versions())
        state = "stale" if reasons else "fresh"
        return Status(run, state, tuple(reasons), tuple(notes), stored)

    def identity(self, run: Run) -> dict[str, Any]:
        return {
            "task": run.task_name,
            "config": store.config_as_json(run.config),
            "code": self._code(run.task),
            "data": self.data,
            "needs": {str(need): self._outcome(need) for need in run.needs},
        }

    def _needs_not_fresh(self, run: Run) -> list[str]:
        for need in run.needs:
            if need not in self._needed:
                self._needed[need] = self._compared(need, store.inspect)
        found = [self._needed[need] for need in run.needs]
        return [
            f"needs {item.run}, which is {item.state}"
            for item in found if item.state != "fresh"
        ]

    def _outcome(self, run: Run) -> str:
        if run not in self._outcomes:
            try:
                found = store.outcome(run.path(self.folder))
            except (store.DamagedResult, OSError):
                found = "absent"
            self._outcomes[run] = found
        return self._outcomes[run]

    def _code(self, task: Callable) -> dict[str, str]:
        if task not in self._codes:
            self._codes[task] = code_of(task)
        return self._codes[task]


def identity(run: Run, folder: Path) -> dict[str, Any]:
    """Give the part of a stamp that decides about freshness.

    Of what a run needs it holds a digest of the outcome, without the stamp:
    who trains anew and gets the same weights need not evaluate anew.
    """
    return _Look(folder, store.inspect).identity(run)


def code_of(task: Callable) -> dict[str, str]:
    """Fingerprint a task; raise `ValueError` unless it can be followed."""
    if task.__qualname__ != task.__name__ or task.__name__ == "<lambda>":
        raise ValueError(f"a task is a top-level function, not {task!r}")
    file = Path(inspect.getsourcefile(task)).resolve()
    depth = task.__module__.count(".") + (file.stem == "__init__")
    root = file.parents[depth]
    files = tuple(sorted((root / task.__module__.split(".")[0]).rglob("*.py")))
    times = tuple(path.stat().st_mtime_ns for path in (*files, file))
    return _reached(root, task.__module__, task.__name__, times)


@lru_cache(maxsize=64)
def _reached(root: Path, module: str, name: str, times: tuple) -> dict:
    """Remember a fingerprint as long as no file has changed."""
    return fingerprint.reached(root, module, name)


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """Name the versions of Python and of the libraries that compute."""
    versions = {"python": platform.python_version()}
    for library in LIBRARIES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            # The CPU build is the same library under another name.
            name = library.removesuffix("-cpu")
            versions[name] = importlib.metadata.version(library)
    return versions


def hardware() -> dict[str, Any]:
    """Name the processor and the number of its cores; and the GPUs, if used.

    Those are `gpus`, where TensorFlow was imported and has found any.
    """
    found = {"processor": _processor(), "cores": os.cpu_count()}
    if tensorflow := sys.modules.get("tensorflow"):
        config = tensorflow.config
        details = config.experimental.get_device_details
        names = [
            details(device).get("device_name", device.name)
            for device in config.list_physical_devices("GPU")
        ]
        found |= {"gpus": names} if names else {}
    return found


@lru_cache(maxsize=1)
def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def gpus() -> list[str]:
    """Name NVIDIA's GPUs that TensorFlow may find here, without asking it.

    They are none where it was built without them, or they are hidden.
    """
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    if hidden or _has_distribution("tensorflow-cpu"):
        return []
    return sorted(folder.name for folder in GPUS.glob("*"))


def _has_distribution(name: str) -> bool:
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        return bool(importlib.metadata.version(name))
    return False


def _changed_code(then: Any, now: dict[str, str]) -> list[str]:
    if then == now:
        return []
    then = then if isinstance(then, dict) else {}
    changed = [name for name in now if name in then and then[name] != now[name]]
    return [
        f"code: {name} {how}"
        for how, names in (
            ("was changed", changed),
            ("is new", sorted(now.keys() - then.keys())),
            ("is no longer used", sorted(then.keys() - now.keys())),
        )
        for name in names
    ]

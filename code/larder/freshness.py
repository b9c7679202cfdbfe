"""Whether what is stored of a run still holds, and if not, why.

Fresh is a result whose config, code, data and needs are those of its stamp.
Another version of a library is told, and makes nothing stale.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from larder import fingerprint, store
from larder.larder import Larder
from larder.machine import versions
from larder.runs import Run

# What a stamp says besides, and the report of it.
STAMPED = {
    "seconds": int | float, "finished": str, "versions": dict, "hardware": dict,
}


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


def status(larder: Larder, run: Run) -> Status:
    """Compare a run's stored result with its task, config and data."""
    return _Look(larder, store.load).status(run)


def statuses(larder: Larder, runs: Iterable[Run]) -> Iterator[Status]:
    """Compare many runs as `status` does, with the code as it is now."""
    look = _Look(larder, store.load)
    return map(look.status, runs)


def survey(larder: Larder, runs: Iterable[Run]) -> Iterator[Status]:
    """Compare as many runs as there are, and unpack no result.

    Every byte of a result is verified, but of what is stored only its stamp
    is given, so that thousands are looked through in a second.
    """
    look = _Look(larder, store.inspect)
    return map(look.status, runs)


class _Look:
    """One look at runs: what they are compared with is asked for once.

    Of a kind of run, that is its code; of one that others need, how it stands.
    `read` is `store.load` or `store.inspect`.
    """

    def __init__(self, larder: Larder, read: Callable):
        self.folder, self.read = larder.results, read
        self.data, self.libraries = larder.data(), larder.libraries
        self._codes: dict[tuple, dict[str, str]] = {}
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
        notes = [
            *differences("version of ", stamp.get("versions"),
                         versions(self.libraries)),
            *_odd_settings(stamp.get("settings")),
        ]
        state = "stale" if reasons else "fresh"
        return Status(run, state, tuple(reasons), tuple(notes), stored)

    def identity(self, run: Run) -> dict[str, Any]:
        return {
            "task": run.task_name,
            "config": store.config_as_json(run.config),
            "classes": list(run.classes),
            "code": self._code(run),
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

    def _code(self, run: Run) -> dict[str, str]:
        if run.kind not in self._codes:
            self._codes[run.kind] = code_of(run)
        return self._codes[run.kind]


def identity(larder: Larder, run: Run) -> dict[str, Any]:
    """Give the part of a stamp that decides about freshness.

    Of what a run needs it holds a digest of the outcome, without the stamp:
    who trains anew and gets the same weights need not evaluate anew.
    """
    return _Look(larder, store.inspect).identity(run)


def code_of(run: Run) -> dict[str, str]:
    """Fingerprint what a run's task and the classes of its config reach.

    Raises `ValueError` for a task that can't be followed.
    """
    task = run.task
    if task.__qualname__ != task.__name__ or task.__name__ == "<lambda>":
        raise ValueError(f"a task is a top-level function, not {task!r}")
    file = Path(inspect.getsourcefile(task)).resolve()
    depth = task.__module__.count(".") + (file.stem == "__init__")
    root = file.parents[depth]
    files = tuple(sorted((root / task.__module__.split(".")[0]).rglob("*.py")))
    times = tuple(path.stat().st_mtime_ns for path in (*files, file))
    return _reached(
        root, task.__module__, task.__name__, run.classes, times
    )


@lru_cache(maxsize=64)
def _reached(
    root: Path, module: str, name: str, classes: tuple, times: tuple
) -> dict:
    """Remember a fingerprint as long as no file has changed."""
    return fingerprint.reached(root, module, name, classes)


def _odd_settings(settings: Any) -> list[str]:
    """Tell what was not as it is pinned, where a result was computed."""
    if not (isinstance(settings, dict) and settings):
        return []
    return ["computed where " + " and ".join(
        f"{name} was {value}" for name, value in sorted(settings.items())
    )]


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


def differences(kind: str, then: Any, now: dict) -> list[str]:
    """Say in words which values of two dicts differ, inner dicts' as well."""
    if then == now:
        return []
    then = then if isinstance(then, dict) else {}
    found = []
    for key in sorted(then.keys() | now.keys()):
        before, after = (side.get(key, "absent") for side in (then, now))
        if isinstance(before, dict) and isinstance(after, dict):
            found += differences(f"{kind}{key}.", before, after)
        elif before != after:
            found.append(f"{kind}{key} was {before!r}, is now {after!r}")
    return found

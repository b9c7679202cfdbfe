"""What computed a stored result, and where that code is to be found."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from larder.confirming import rehearsing
from larder.confirming.formerly import Formerly
from larder.confirming.history import History, HistoryError, code_digest
from larder.larder import Larder
from larder.runs import Run


@dataclass(frozen=True)
class Origin:
    """The code that a result belongs to, in a commit.

    `place` is the folder where it was laid aside, and `formerly` the run's
    config as that code knows it.
    """

    commit: str
    place: Path
    code: str
    formerly: Formerly


class Origins:
    """Looks for the commits whose code computed results.

    `aside` is a folder where their code is laid.
    """

    def __init__(self, larder: Larder, aside: Path):
        """Look for nothing yet."""
        self._larder, self._aside = larder, aside
        self._history: History | None = None
        self._found: dict[str, None] = {}
        self._listed: dict[tuple[str, str], dict] = {}

    def find(self, run: Run, stamp: dict[str, Any], file: Path) -> Origin:
        """Find the code that a run's stamp names, or that it was computed by.

        Raises `HistoryError`, which says why there is none.
        """
        problems = []
        for origin in known(stamp):
            formerly = Formerly(run.config, origin["config"])
            if formerly.differences:
                problems += formerly.differences
                continue
            for commit in self._commits(file):
                if self._has(commit, run, origin):
                    self._found.setdefault(commit)
                    place = self._history.code(commit)
                    return Origin(commit, place, origin["code"], formerly)
            problems.append(
                f"no commit has a run like it with the code {origin['code']} "
                f"of its stamp{self._history.limit}"
            )
        raise HistoryError("; ".join(problems))

    def _commits(self, file: Path) -> list[str]:
        """List commits, the likeliest first."""
        if self._history is None:
            self._history = History(self._larder, self._aside)
        stored = self._history.stored_by(file)
        return list(dict.fromkeys(
            [*self._found, *stored, *self._history.commits]
        ))

    def _has(self, commit: str, run: Run, origin: dict[str, Any]) -> bool:
        """Tell whether a commit has a run with this code, task and config."""
        digest = self._history.digest(
            commit, origin["task"], origin.get("classes", ())
        )
        if digest is None or digest != origin["code"]:
            return False
        key = commit, run.experiment
        if key not in self._listed:
            place = self._history.code(commit)
            try:
                self._listed[key] = rehearsing.listed(
                    self._larder, place, run.experiment
                )
            except RuntimeError as error:
                raise HistoryError(
                    f"the code of commit {commit[:10]}, which computed it, "
                    f"can't run here: {error}"
                ) from None
        return self._listed[key].get(run.name) == {
            name: origin[name] for name in ("task", "config")
        }


def known(stamp: dict[str, Any]) -> list[dict[str, Any]]:
    """List what a stamp says of code: its own, and what it was computed by."""
    own = {
        "task": stamp["task"],
        "config": stamp["config"],
        # None in stamps from before classes counted.
        "classes": stamp.get("classes", []),
        "code": code_digest(stamp["code"]),
    }
    confirmed = stamp.get("confirmed")
    return [own, confirmed["computed_by"]] if confirmed else [own]

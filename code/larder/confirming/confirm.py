"""Carrying results over a refactoring, by evidence.

Where nothing but code has changed since a result was computed, its run is
rehearsed (see `rehearsal`) twice on this machine: with the code that computed
it, found in git, and with the code that is here. If every bit that comes out
is the same, the result's stamp gets the code that is here, and keeps under
`confirmed` what computed it and what was compared. What was computed stays as
it is.

A rehearsal is evidence and no proof: code that does something else only in a
part of the full run that the rehearsal does not reach is not noticed. How
often that happens is measured by benchmarks/confirm.py.
"""

import datetime
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from larder import store
from larder.computing.driver import at_once
from larder.computing.locks import release, try_lock
from larder.confirming import comparing, rehearse
from larder.confirming.history import HistoryError, code_digest
from larder.confirming.origins import Origin, Origins, known
from larder.confirming.rehearsals import Rehearsals
from larder.confirming.rehearsing import perform
from larder.freshness import (
    STAMPED,
    Status,
    identity,
    survey,
)
from larder.larder import Larder
from larder.machine import hardware, versions
from larder.runs import Run, after_needs
from larder.scratch import ScratchFolder

OUTCOMES = CONFIRMED, REFUSED, IMPOSSIBLE = (
    "confirmed", "refused", "impossible"
)


@dataclass(frozen=True)
class Verdict:
    """What became of a stale run, and why.

    "confirmed": its stamp was renewed, or would be; "refused": rehearsed, it
    came out differently; "impossible": it could not be rehearsed.
    """

    run: Run
    outcome: str
    why: str


@dataclass(frozen=True)
class _Candidate:
    """A stale run that can be rehearsed: as it is now, and as it was."""

    status: Status
    now: dict[str, Any]
    origin: Origin


def confirm(
    larder: Larder,
    runs: Iterable[Run],
    *,
    jobs: int | None = None,
    dry_run: bool = False,
) -> list[Verdict]:
    """Confirm stale runs by rehearsing them; give a verdict of each.

    `jobs` rehearsals are computed at once, as many as there are cores if None.
    With `dry_run`, no stamp is renewed. Without the history in git, nothing
    can be confirmed. Raises what the larder's `prepare` does without the data.
    """
    if jobs is not None and jobs < 1:
        raise ValueError(f"jobs is {jobs}: at least 1 is needed")
    larder.prepare()
    with ScratchFolder() as folder:
        confirmation = _Confirmation(larder, runs, folder)
        return confirmation.verdicts(jobs or at_once(larder), dry_run)


class _Confirmation:
    """One look at stale runs, and what becomes of them."""

    def __init__(self, larder: Larder, runs: Iterable[Run], folder: Path):
        self.larder, self.folder = larder, folder
        self.results = larder.results
        self.origins = Origins(larder, folder / "aside")
        self.stale = [
            status for status in survey(larder, after_needs(runs))
            if status.state != "fresh"
        ]
        self.candidates: dict[Run, _Candidate] = {}
        self.found: dict[Run, Verdict] = {}

    def verdicts(self, jobs: int, dry_run: bool) -> list[Verdict]:
        """Consider all, rehearse those that differ, and judge."""
        for status in self.stale:
            self._consider(status)
        pairs = Rehearsals(self.larder, {
            run: candidate.origin for run, candidate in self.candidates.items()
        }).pairs()
        answers = perform(
            self.larder, {part for pair in pairs.values() for part in pair},
            self.folder, jobs,
        )
        for run in (status.run for status in self.stale):
            if lacking := self._lacking(run):
                self._say(run, IMPOSSIBLE, lacking)
            elif run in self.candidates:
                pair = pairs[run]
                self._judge(run, pair, *(answers[part] for part in pair))
                if not dry_run and self.found[run].outcome == CONFIRMED:
                    self._renew(run, pair, answers[pair[1]])
            elif run not in self.found:
                self._say(run, CONFIRMED, "only what it needs was stale")
        return [self.found[status.run] for status in self.stale]

    def _say(self, run: Run, outcome: str, why: str) -> None:
        self.found[run] = Verdict(run, outcome, why)

    def _consider(self, status: Status) -> None:
        """See whether a run can be rehearsed with the code that computed it."""
        run = status.run
        if status.stored is None:
            self._say(run, IMPOSSIBLE, "; ".join(status.reasons))
            return
        stamp, now = status.stored.stamp, identity(self.larder, run)
        if obstacles := _obstacles(stamp, now):
            self._say(run, IMPOSSIBLE, "; ".join(obstacles))
        elif any(stamp[key] != now[key] for key in ("task", "code", "config")):
            try:
                origin = self.origins.find(run, stamp, run.path(self.results))
            except HistoryError as error:
                self._say(run, IMPOSSIBLE, str(error))
            else:
                self.candidates[run] = _Candidate(status, now, origin)

    def _lacking(self, run: Run) -> str | None:
        """Say which of a run's needs stays stale, if one does."""
        for need in run.needs:
            verdict = self.found.get(need)
            if verdict and verdict.outcome != CONFIRMED:
                return f"needs {need}, which is not confirmed"
        return None

    def _judge(self, run: Run, pair, then: dict, now: dict) -> None:
        commit = self.candidates[run].origin.commit[:10]
        if "error" in then:
            self._say(run, IMPOSSIBLE, f"the code of commit {commit}, which "
                      f"computed it, can't run here: {then['error']}")
        elif "error" in now:
            self._say(run, REFUSED, f"the code here fails: {now['error']}")
        elif differs := comparing.difference(then, now):
            self._say(run, REFUSED, f"{differs}, since commit {commit}")
        else:
            shared = "" if pair[0].name == run.name else f" for {pair[0].name}"
            self._say(run, CONFIRMED,
                      f"the same bits as in commit {commit}{shared}")

    def _renew(self, run: Run, pair, outcome: dict) -> None:
        """Write a run's new stamp, or say why it can't be."""
        candidate, path = self.candidates[run], run.path(self.results)
        stored = candidate.status.stored
        lock = try_lock(path)
        if lock is None:
            self._say(run, IMPOSSIBLE, "another computation is at it")
            return
        try:
            now = identity(self.larder, run)
            if now != candidate.now:
                raise store.DamagedResult("its code was changed meanwhile")
            store.restamp(path, stored.checksum, stored.stamp | now | {
                "confirmed": self._evidence(run, pair, outcome)
            })
        except (store.DamagedResult, OSError) as error:
            self._say(run, IMPOSSIBLE, str(error))
        finally:
            release(lock)

    def _evidence(self, run: Run, pair, outcome: dict) -> dict[str, Any]:
        """Give what a stamp says of its confirmation."""
        candidate, (part, _) = self.candidates[run], pair
        stamp = candidate.status.stored.stamp
        commit = candidate.origin.commit
        *_, computed_by = known(stamp)
        now = datetime.datetime.now(datetime.UTC)
        return {
            "computed_by": {"commit": commit} | computed_by,
            "compared_with": {"commit": commit, "code": candidate.origin.code},
            "rehearsal": {
                "run": f"{part.experiment}/{part.name}",
                "changes": json.loads(part.changes),
                "data": json.loads(part.data),
                "same": [name for name in rehearse.PARTS if outcome[name]],
            },
            "code": code_digest(candidate.now["code"]),
            "finished": now.isoformat(timespec="seconds"),
            "versions": versions(self.larder.libraries),
            "hardware": hardware() | self.larder.hardware(),
        }


def _obstacles(stamp: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Say what but code and config differs, or is not told."""
    found = [
        f"its stamp has no {key}"
        for key, kind in (STAMPED | {
            "task": str, "config": dict, "code": dict
        }).items()
        if not isinstance(stamp.get(key), kind)
    ]
    if not _is_evidence(stamp.get("confirmed")):
        found.append("its stamp does not say how it was confirmed")
    if stamp.get("data") != now["data"]:
        found.append("it was computed on other data")
    if (stamp.get("needs") or {}) != now["needs"]:
        found.append("what it needs was computed anew")
    return found


def _is_evidence(confirmed: Any) -> bool:
    """Tell whether a stamp says, if anything, how it was confirmed."""
    if confirmed is None:
        return True
    origin = isinstance(confirmed, dict) and confirmed.get("computed_by")
    return isinstance(origin, dict) and set(origin) >= {
        "task", "config", "code"
    }

"""Which rehearsals show that runs come out as they did."""

import json
from pathlib import Path
from typing import Any

from larder import store
from larder.confirming.formerly import Formerly, changes_here
from larder.confirming.origins import Origin
from larder.confirming.rehearsing import Part
from larder.larder import Larder
from larder.runs import Run


class Rehearsals:
    """The rehearsals of runs: with the code that was, and that is.

    `larder` knows the code that is, and `origins` tell of runs what
    computed them. What others need is rehearsed with the code that computed
    it, or if it is of no other, with that which is here.
    """

    def __init__(self, larder: Larder, origins: dict[Run, Origin]):
        """Take the origins of the runs to be rehearsed."""
        self.here, self.origins = larder.code, origins

    def pairs(self) -> dict[Run, tuple[Part, Part]]:
        """Give each run its two rehearsals; like runs share theirs."""
        shared: dict[str, tuple[Part, Part]] = {}
        found = {}
        for run in self.origins:
            likeness = self.likeness(run)
            if likeness not in shared:
                shared[likeness] = (
                    self.part(run, self._place(run)),
                    self.part(run, self.here, resume=True),
                )
            found[run] = shared[likeness]
        return found

    def likeness(self, run: Run) -> str:
        """Write what a run's rehearsal depends on, but for seeds.

        Runs that differ in these alone share their rehearsal.
        """
        small = store.config_as_json(self._small(run))
        return json.dumps([
            run.task_name, str(self._place(run)), _seedless(small),
            *map(self.likeness, run.needs),
        ])

    def part(
        self, run: Run, place: Path, resume: bool = False,
        given: dict[str, Any] | None = None,
    ) -> Part:
        """Give a run's rehearsal with the code of a place.

        Of its data, what is `given` by the run that needs it goes before.
        """
        rehearsal, small = run.config.rehearsal(), self._small(run)
        given = rehearsal.needs | (given or {})
        changes = (
            changes_here(run.config, small) if place == self.here
            else self._formerly(run).changes(small)
        )
        return Part(
            place, run.experiment, run.name, json.dumps(changes),
            json.dumps(rehearsal.data | given),
            tuple(
                self.part(need, self._place(need), given=given)
                for need in run.needs
            ),
            resume,
        )

    def _place(self, run: Run) -> Path:
        """Say where the code is that computed what is stored of a run."""
        return self.origins[run].place if run in self.origins else self.here

    def _formerly(self, run: Run) -> Formerly:
        if run in self.origins:
            return self.origins[run].formerly
        return Formerly(run.config, store.config_as_json(run.config))

    def _small(self, run: Run) -> Any:
        return self._formerly(run).small(run.config.rehearsal().config)


def _seedless(value: Any) -> Any:
    """Leave the seeds out of a config's JSON."""
    if not isinstance(value, dict):
        return value
    return {
        key: _seedless(inner) for key, inner in value.items()
        if key != "seed" and not key.endswith("_seed")
    }

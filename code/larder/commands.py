"""The commands of whoever keeps results: train, status, confirm, results."""

import contextlib
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial, wraps

import click

from larder.computing import cluster
from larder.computing.driver import refresh
from larder.computing.errors import (
    ComputingStopped,
    RunsFailed,
    TrainingRefused,
)
from larder.confirming import confirm
from larder.freshness import Status, statuses, survey
from larder.larder import Larder
from larder.looking import diff, graph
from larder.looking.frames import final_frame

# What a user can mend gets one line; anything else is a bug and a traceback.
EXPECTED = (
    cluster.ClusterError, ComputingStopped, RunsFailed, TrainingRefused,
    OSError,
)


class Group(click.Group):
    """Turns expected errors into one line and exit code 1."""

    expected: tuple[type[Exception], ...] = EXPECTED

    def invoke(self, context: click.Context):
        """Invoke a command; see `click.Group.invoke`."""
        try:
            return super().invoke(context)
        except self.expected as error:
            raise click.ClickException(str(error)) from error


def by_name(larder: Larder) -> Callable:
    """Let a command take experiments; it gets their runs, `wanted`."""
    def decorate(command):
        @click.argument("names", nargs=-1, metavar="[EXPERIMENT]...",
                        type=click.Choice(larder.experiments))
        @wraps(command)
        def chosen(names: tuple[str, ...], **options):
            return command(wanted=larder.runs(names), **options)
        return chosen
    return decorate


def add(
    group: click.Group, larder: Larder, choosing: Callable | None = None,
    differing: Callable[[str], Iterable[str]] | None = None,
) -> None:
    """Add the commands for a larder to a group.

    `choosing` decorates those that compute and list runs, as `by_name` does.
    `differing` says in lines what else differs from a commit, for `diff`.
    """
    choosing = choosing or by_name(larder)
    for command in (
        _train(larder, choosing), _status(larder, choosing),
        _confirm(larder), _results(larder),
        diff.command(larder, differing), graph.command(larder),
    ):
        group.add_command(command)


def _train(larder: Larder, choosing: Callable) -> click.Command:
    @click.command()
    @choosing
    @click.option(
        "--jobs",
        type=click.IntRange(min=1),
        help="Runs at once. If not given, as many as there are cores, or one "
        "where there is a GPU.",
    )
    @click.option("--force", is_flag=True, help="Compute fresh runs as well.")
    @click.option(
        "--scheduler",
        envvar=cluster.ADDRESS_VARIABLE,
        show_envvar=True,
        metavar="ADDRESS",
        help="Compute on the Dask cluster of this scheduler: "
        "tcp://HOST:8786, say.",
    )
    @click.option(
        "--run",
        "number",
        type=click.IntRange(min=0),
        help="Compute only the run of this number in the list of `status`.",
    )
    def train(wanted, jobs, force, scheduler, number) -> None:
        """Compute the missing and stale runs of EXPERIMENT, or of all."""
        if number is not None:
            if number >= len(wanted):
                raise click.BadParameter(
                    f"{number}: the runs are numbered from 0 to "
                    f"{len(wanted) - 1}", param_hint="--run",
                )
            wanted = [wanted[number]]
        try:
            with contextlib.ExitStack() as stack:
                executor = None
                if scheduler:
                    say = partial(click.echo, err=True)
                    executor = stack.enter_context(
                        cluster.connect(larder, scheduler, wanted, say)
                    )
                refresh(larder, wanted, jobs=jobs, force=force,
                        executor=executor)
        except KeyboardInterrupt:
            click.echo("Interrupted; what had ended is stored.", err=True)
            sys.exit(130)
        click.echo(f"{len(wanted)} runs are fresh.")
    return train


def _status(larder: Larder, choosing: Callable) -> click.Command:
    @click.command()
    @choosing
    @click.option("--json", "as_json", is_flag=True, help="Write JSON.")
    def status(wanted, as_json: bool) -> None:
        """Say of each run whether it is fresh, stale or missing, and why."""
        found = survey(larder, wanted)
        if as_json:
            click.echo(json.dumps([*map(_as_row, found)], indent=1))
            return
        # One after the other: thousands of stamps would take hundreds of MB.
        counts, seconds, lines = Counter(), 0.0, []
        for number, item in enumerate(found):
            state = item.state
            if state == "fresh" and item.confirmed:
                state = "fresh, confirmed by rehearsal"
            counts[state] += 1
            seconds += item.seconds or 0
            cost = "" if item.seconds is None else f"{item.seconds:.1f} s"
            lines += [
                f"{number:4} {item.state:8} {item.run!s:42} {cost:>9}"
                + state.removeprefix(item.state),
                *(f"         - {reason}" for reason in item.reasons),
                *(f"         ({note})" for note in item.notes),
            ]
        click.echo("\n".join(lines))
        click.echo(
            "; ".join(f"{counts[state]} {state}" for state in sorted(counts))
            + f"; computed in {seconds / 60:.1f} minutes of one core"
        )
    return status


def _as_row(item: Status) -> dict:
    return {
        "experiment": item.run.experiment,
        "run": item.run.name,
        "state": item.state,
        "confirmed": item.confirmed,
        "reasons": item.reasons,
        "notes": item.notes,
        "seconds": item.seconds,
    }


def _confirm(larder: Larder) -> click.Command:
    @click.command("confirm")
    @by_name(larder)
    @click.option("--dry-run", is_flag=True,
                  help="Rehearse, and write nothing.")
    @click.option("--jobs", type=click.IntRange(min=1),
                  help="Rehearsals at once: as many as there are cores if not "
                  "given.")
    def confirm_results(wanted, dry_run: bool, jobs: int | None) -> None:
        """Carry stale results over a change of code alone, by evidence.

        Each run is rehearsed in small, with the code that computed it, from
        git, and with the code that is here. Where every bit is the same, the
        result is fresh again; where not, it stays stale. Of all that
        EXPERIMENT needs, too, or of all experiments. Exits with 1 if a result
        stays stale.
        """
        verdicts = confirm.confirm(larder, wanted, jobs=jobs, dry_run=dry_run)
        if not verdicts:
            click.echo("No result is stale.")
            return
        for item in verdicts:
            click.echo(f"{item.outcome:10} {item.run}: {item.why}")
        counts = Counter(item.outcome for item in verdicts)
        click.echo(", ".join(
            f"{counts[outcome]} {outcome}" for outcome in confirm.OUTCOMES
        ) + (" (dry run: no stamp was written)" if dry_run else ""))
        if counts.total() > counts[confirm.CONFIRMED]:
            raise click.ClickException(
                "some results stay stale. To compute them: "
                f"{larder.command} train"
            )
    return confirm_results


def _results(larder: Larder) -> click.Command:
    @click.command()
    @click.argument("name", metavar="EXPERIMENT",
                    type=click.Choice(larder.experiments))
    @click.option("--format", "form", type=click.Choice(["csv", "json"]),
                  default="csv", show_default=True)
    def results(name: str, form: str) -> None:
        """Write the results of EXPERIMENT: a row a run, with its config."""
        wanted = larder.runs([name])
        found = list(statuses(larder, wanted))
        lacking = [str(item.run) for item in found if item.state != "fresh"]
        if lacking:
            raise click.ClickException(
                f"not fresh: {', '.join(lacking)}; compute with: "
                f"{larder.command} train {name}"
            )
        frame = final_frame(wanted, [item.stored for item in found])
        if form == "csv":
            click.echo(frame.to_csv(index=False), nl=False)
        else:
            click.echo(frame.to_json(orient="records", indent=1))
    return results


def problems(larder: Larder, computed: bool = False) -> tuple[list[str], int]:
    """Say which results are not fresh, or with `computed` were not computed.

    And how many of them all were confirmed by rehearsal.
    """
    found = list(survey(larder, larder.runs()))
    told = [
        f"{item.run}: {item.state} ({'; '.join(item.reasons)})"
        for item in found if item.state != "fresh"
    ]
    if told:
        told.append(f"To compute them: {larder.command} train; where only "
                    f"code was rewritten: {larder.command} confirm")
    confirmed = [str(item.run) for item in found if item.confirmed]
    if computed and confirmed:
        told += [
            *(f"{run}: confirmed by rehearsal" for run in confirmed),
            f"To compute them anew: {larder.command} train --force",
        ]
    return told, len(confirmed)

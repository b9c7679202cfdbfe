"""The `digits` command."""

import contextlib
import json
import sys
from collections import Counter
from functools import partial
from pathlib import Path

import click

import handin
from digits import (
    cluster,
    compute,
    confirm,
    data,
    experiments,
    handwriting,
    paths,
    prediction,
    provenance,
    runs,
)
from digits.experiments import generation, weight_decay
from digits.runs import statuses, survey

# What a user can mend gets one line; anything else is a bug and a traceback.
EXPECTED = (
    cluster.ClusterError,
    compute.ComputingStopped,
    compute.RunsFailed,
    compute.TrainingRefused,
    data.DataError,
    handin.GitError,
    handin.ReadingError,
    handin.RenderError,
    handin.SubmissionError,
    OSError,
)


class _Group(click.Group):
    """Turns expected errors into one line and exit code 1."""

    def invoke(self, context: click.Context):
        try:
            return super().invoke(context)
        except EXPECTED as error:
            raise click.ClickException(str(error)) from error


@click.group(
    cls=_Group, context_settings={"help_option_names": ["-h", "--help"]}
)
def main() -> None:
    """Compute, check and show the results of the report.

    Results are stored under data/results. A run is computed again only where
    its config, its code or the data have changed.
    """


def _experiments(command):
    """Let a command take experiments, and a finer grid of one of them."""
    for decorate in (
        click.option(
            "--replicates",
            type=click.IntRange(1, 1_000),
            help="Seeds a factor, for weight_decay alone: 10 if not given.",
        ),
        click.option(
            "--factors",
            type=click.IntRange(2, weight_decay.FINEST),
            help="Factors, for weight_decay alone: 5 if not given.",
        ),
        click.argument(
            "names",
            nargs=-1,
            metavar="[EXPERIMENT]...",
            type=click.Choice(experiments.NAMES),
        ),
    ):
        command = decorate(command)
    return command


def _runs(
    names: tuple[str, ...], factors: int | None, replicates: int | None
) -> list[runs.Run]:
    """List the runs of the experiments named, or those of a finer grid."""
    if factors is None and replicates is None:
        return experiments.all_runs(names or experiments.NAMES)
    if names != (weight_decay.NAME,):
        raise click.UsageError(
            "--factors and --replicates ask for a grid of weight_decay: "
            f"name that experiment alone, not {' '.join(names) or 'all'}"
        )
    return weight_decay.sweep_runs(
        weight_decay.grid(factors) if factors else weight_decay.FACTORS,
        range(replicates) if replicates else weight_decay.SEEDS,
    )


@main.command()
@_experiments
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
    help="Compute on the Dask cluster of this scheduler: tcp://HOST:8786, say.",
)
@click.option(
    "--run",
    "number",
    type=click.IntRange(min=0),
    help="Compute only the run of this number in the list of `digits status`.",
)
def train(
    names: tuple[str, ...], factors: int | None, replicates: int | None,
    jobs: int | None, force: bool, scheduler: str | None, number: int | None,
) -> None:
    """Compute the missing and stale runs of EXPERIMENT, or of all."""
    wanted = _runs(names, factors, replicates)
    if number is not None:
        if number >= len(wanted):
            raise click.BadParameter(
                f"{number}: the runs are numbered from 0 to {len(wanted) - 1}",
                param_hint="--run",
            )
        wanted = [wanted[number]]
    try:
        with contextlib.ExitStack() as stack:
            executor = None
            if scheduler:
                say = partial(click.echo, err=True)
                executor = stack.enter_context(
                    cluster.connect(scheduler, wanted, say)
                )
            compute.compute(wanted, jobs=jobs, force=force, executor=executor)
    except KeyboardInterrupt:
        click.echo("Interrupted; what had ended is stored.", err=True)
        sys.exit(130)
    click.echo(f"{len(wanted)} runs are fresh.")


@main.command()
@_experiments
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def status(
    names: tuple[str, ...], factors: int | None, replicates: int | None,
    as_json: bool,
) -> None:
    """Say of each run whether it is fresh, stale or missing, and why."""
    found = survey(_runs(names, factors, replicates))
    if as_json:
        rows = [
            {
                "experiment": item.run.experiment,
                "run": item.run.name,
                "state": item.state,
                "confirmed": item.confirmed,
                "reasons": item.reasons,
                "notes": item.notes,
                "seconds": item.seconds,
            }
            for item in found
        ]
        click.echo(json.dumps(rows, indent=1))
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


@main.command("confirm")
@click.argument("names", nargs=-1, metavar="[EXPERIMENT]...",
                type=click.Choice(experiments.NAMES))
@click.option("--dry-run", is_flag=True, help="Rehearse, and write nothing.")
@click.option("--jobs", type=click.IntRange(min=1),
              help="Rehearsals at once: as many as there are cores if not "
              "given.")
def confirm_results(
    names: tuple[str, ...], dry_run: bool, jobs: int | None
) -> None:
    """Carry stale results over a change of code alone, by evidence.

    Each run is rehearsed in small, with the code that computed it, from git,
    and with the code that is here. Where every bit is the same, the result is
    fresh again; where not, it stays stale. Of all that EXPERIMENT needs, too,
    or of all experiments. Exits with 1 if a result stays stale.
    """
    verdicts = confirm.confirm(
        experiments.all_runs(names or experiments.NAMES),
        jobs=jobs, dry_run=dry_run,
    )
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
            "some results stay stale. To compute them: digits train"
        )


@main.command()
@click.option("--computed", is_flag=True,
              help="Refuse results that were confirmed, not computed.")
def check(computed: bool) -> None:
    """Exit with 1 unless all results are fresh and the freeze is theirs."""
    runs = experiments.all_runs()
    found = [
        (item.run, item.state, item.confirmed, "; ".join(item.reasons))
        for item in survey(runs)
    ]
    problems = [
        f"{run}: {state} ({why})" for run, state, _, why in found
        if state != "fresh"
    ]
    if problems:
        problems.append("To compute them: digits train; where only code was "
                        "rewritten: digits confirm")
    confirmed = [str(run) for run, _, carried_over, _ in found if carried_over]
    if computed and confirmed:
        problems += [
            *(f"{run}: confirmed by rehearsal" for run in confirmed),
            "To compute them anew: digits train --force",
        ]
    frozen = provenance.freeze_problems()
    if frozen:
        problems += [*frozen, "To execute the report again: quarto render"]
    if problems:
        raise click.ClickException("not all is fresh:\n" + "\n".join(problems))
    click.echo(
        f"All {len(runs)} results are fresh, and the freeze is theirs"
        + (f"; {len(confirmed)} were confirmed by rehearsal."
           if confirmed else ".")
    )


@main.command()
@click.argument("name", metavar="EXPERIMENT",
                type=click.Choice(experiments.NAMES))
@click.option("--format", "form", type=click.Choice(["csv", "json"]),
              default="csv", show_default=True)
def results(name: str, form: str) -> None:
    """Write the results of EXPERIMENT: a row a run, with its config."""
    wanted = experiments.load(name).runs()
    found = list(statuses(wanted))
    lacking = [str(item.run) for item in found if item.state != "fresh"]
    if lacking:
        raise click.ClickException(
            f"not fresh: {', '.join(lacking)}; compute with: "
            f"digits train {name}"
        )
    frame = experiments.final_frame(wanted, [item.stored for item in found])
    if form == "csv":
        click.echo(frame.to_csv(index=False), nl=False)
    else:
        click.echo(frame.to_json(orient="records", indent=1))


@main.command()
@click.argument("pictures", nargs=-1, required=True, metavar="PICTURE...",
                type=click.Path(path_type=Path))
@click.option("--single", is_flag=True, help="Each PICTURE shows one digit.")
@click.option("--strict", is_flag=True,
              help="Exit with 3 where a picture has no answer.")
@click.option("--format", "form", type=click.Choice(prediction.FORMATS),
              default="table", show_default=True)
@click.option("--show", metavar="FILE.png",
              type=click.Path(path_type=Path, dir_okay=False),
              help="Draw what the networks saw beside each picture.")
def predict(
    pictures: tuple[Path, ...], single: bool, strict: bool, form: str,
    show: Path | None,
) -> None:
    """Read the digits in each PICTURE, a file, a folder or a glob.

    PNG, JPEG, WebP, GIF, BMP or TIFF; dark on light or light on dark; one
    digit or several apart, left to right and line by line. Prints the
    likeliest of each and the probabilities of all ten, as the mean of the
    convolutional networks of Question 3; or ? where nothing is found that
    looks like a digit of MNIST's.
    """
    _check_png(show)
    paths_, problems = prediction.collect(pictures)
    try:
        found, unread = prediction.predict(paths_, single)
    except ValueError as error:  # weights that are not the networks'
        raise click.ClickException(str(error)) from error
    if found:
        click.echo(prediction.told(found, form))
        if show:
            prediction.show(found, show)
    if problems or unread:
        raise click.ClickException("\n".join([*problems, *unread]))
    if strict and prediction.doubtful(found):
        sys.exit(3)


def _check_png(path: Path | None) -> None:
    if path is not None and path.suffix.lower() != ".png":
        raise click.BadParameter(
            f"{path}: the name of a picture to write ends in .png"
        )


@main.command()
@click.argument("digit", type=click.IntRange(0, 9))
@click.option("--count", type=click.IntRange(1, 1_000), default=16,
              show_default=True, help="How many.")
@click.option("--seed", type=click.IntRange(min=0), default=0,
              show_default=True, help="Another seed gives others.")
@click.option("--out", required=True, metavar="FILE.png",
              type=click.Path(path_type=Path, dir_okay=False),
              help="Where to write them, side by side.")
def generate(digit: int, count: int, seed: int, out: Path) -> None:
    """Make pictures of DIGIT with the decoder of Question 4.

    Needs MNIST, whose codes the pictures are to resemble.
    """
    _check_png(out)
    handwriting.write_grid(generation.generate(digit, count, seed), out)
    click.echo(f"{out}: {count} pictures of a {digit}, seed {seed}")


@main.command("data")
def fetch_data() -> None:
    """Fetch MNIST where it is not at hand, verify it, say where it lies."""
    path = data.locate() or data.fetch()
    data.read_file(path)
    click.echo(f"{path}: MNIST, all four arrays verified by SHA-256.")


@main.command()
def render() -> None:
    """Build report.html and report.pdf, with Quarto where it can be had."""
    for path in handin.render(click.echo):
        click.echo(path.relative_to(paths.ROOT))


@main.command()
@click.option("--draft", is_flag=True,
              help="Build whatever is missing, and mark each page as a draft.")
@click.option("--with-weights", is_flag=True,
              help="Hand in weights and large arrays as well: 80 MB more.")
def submit(draft: bool, with_weights: bool) -> None:
    """Check the report, then build the zip file and the PDF to hand in.

    Renders the report, goes through the assignment's self-check, and writes
    to the folder submission/. Exits with 1 if anything is missing.
    """
    rendering = []
    try:
        handin.render(click.echo)
    except handin.RenderError as error:
        rendering = [str(error)]
    checks = handin.self_check(paths.ROOT, rendering)
    for found in checks:
        click.echo(f"{'MISSING' if found.problems else 'ok':8} {found.name}")
        for problem in found.problems:
            click.echo(f"         - {problem}")
        for line in found.told:
            click.echo(f"         {line}")
    failed = [found.name for found in checks if found.problems]
    if rendering:
        raise click.ClickException(
            "the report can't be rendered, so there is nothing to hand in"
        )
    if failed and not draft:
        raise click.ClickException(
            f"not ready to hand in: {', '.join(failed)}. Mend what is listed "
            "above, or build a marked draft: digits submit --draft"
        )
    files, contents = handin.build(paths.ROOT, draft, with_weights)
    for line in contents.summary():
        click.echo(line)
    for path in files:
        size = path.stat().st_size / 1e6
        click.echo(f"{path.relative_to(paths.ROOT).as_posix()} ({size:.1f} MB)")

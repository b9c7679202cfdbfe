"""The `digits` command."""

import sys
from functools import wraps
from pathlib import Path

import click

import handin
from digits import data, handwriting, paths
from digits.experiments import generation, weight_decay
from digits.handwriting import prediction
from digits.kept import LARDER
from digits.stating import statements
from handin import freeze
from larder import Run, commands


class _Group(commands.Group):
    expected = (
        *commands.EXPECTED, data.DataError, handin.GitError,
        handin.ReadingError, handin.RenderError, handin.SubmissionError,
    )


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
    @click.option(
        "--replicates",
        type=click.IntRange(1, 1_000),
        help="Seeds a factor, for weight_decay alone: 10 if not given.",
    )
    @click.option(
        "--factors",
        type=click.IntRange(2, weight_decay.FINEST),
        help="Factors, for weight_decay alone: 5 if not given.",
    )
    @click.argument(
        "names",
        nargs=-1,
        metavar="[EXPERIMENT]...",
        type=click.Choice(LARDER.experiments),
    )
    @wraps(command)
    def chosen(names, factors, replicates, **options):
        return command(wanted=_runs(names, factors, replicates), **options)
    return chosen


def _runs(
    names: tuple[str, ...], factors: int | None, replicates: int | None
) -> list[Run]:
    """List the runs of the experiments named, or those of a finer grid."""
    if factors is None and replicates is None:
        return LARDER.runs(names)
    if names != (weight_decay.NAME,):
        raise click.UsageError(
            "--factors and --replicates ask for a grid of weight_decay: "
            f"name that experiment alone, not {' '.join(names) or 'all'}"
        )
    return weight_decay.sweep_runs(
        weight_decay.grid(factors) if factors else weight_decay.FACTORS,
        range(replicates) if replicates else weight_decay.SEEDS,
    )


commands.add(main, LARDER, choosing=_experiments,
             differing=statements.moved_since)


@main.command()
@click.option("--computed", is_flag=True,
              help="Refuse results that were confirmed, not computed.")
def check(computed: bool) -> None:
    """Exit with 1 unless all results are fresh and the freeze is theirs."""
    problems, confirmed = commands.problems(LARDER, computed)
    frozen = freeze.freeze_problems()
    if frozen:
        problems += [*frozen, "To execute the report again: quarto render"]
    if problems:
        raise click.ClickException("not all is fresh:\n" + "\n".join(problems))
    click.echo(
        f"All {len(LARDER.runs())} results are fresh, and the freeze is theirs"
        + (f"; {confirmed} were confirmed by rehearsal."
           if confirmed else ".")
    )


@main.command()
@click.argument("wanted", metavar="NUMBER-OR-LABEL")
def trace(wanted: str) -> None:
    """Say which runs are behind what the report shows.

    NUMBER-OR-LABEL is a number as it is printed ("97.31 %"), the label of a
    figure or a table (fig-decay), or a finding (baseline.test).
    """
    from digits.stating import tracing  # with IPython, which takes a while

    try:
        for line in tracing.trace(wanted):
            click.echo(line)
    except tracing.NothingShown as error:
        raise click.ClickException(str(error)) from None


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

"""What changed in the results since a commit, in units that mean something.

Runs that differ in seeds alone are replicates, and are told together: the mean
of a metric then and now, and their difference in standard deviations of the
replicates that are here.
"""

import io
import json
import re
import statistics
import subprocess
import tarfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from larder.larder import Larder

# (experiment, run) -> a result's JSON document.
Documents = dict[tuple[str, str], dict[str, Any]]


class RevisionError(Exception):
    """Git has no such commit, or there is no git."""


def command(
    larder: Larder, further: Callable[[str], Iterable[str]] | None = None
) -> click.Command:
    """Make the command that tells; what is `further` to say, where anything
    differs, comes after it.
    """
    @click.command()
    @click.argument("revision", metavar="[REV]", default="HEAD")
    def diff(revision: str) -> None:
        """Say how the results here differ from those of the commit REV.

        Runs that differ in seeds alone are told together, each metric with its
        difference in standard deviations of theirs.
        """
        try:
            lines = told(larder, revision)
            if lines and further:
                lines += ["", *further(revision)]
        except RevisionError as error:
            raise click.ClickException(str(error)) from None
        click.echo("\n".join(lines) or f"The results are those of {revision}.")
    return diff


def told(larder: Larder, revision: str) -> list[str]:
    """Say in lines how the results here differ from those of a commit.

    Raises `RevisionError` where the commit can't be read.
    """
    then, now = _stored_in(larder, revision), _stored(larder)
    lines = [
        f"{experiment}/{run}: {what}"
        for what, names in (("is new", now.keys() - then.keys()),
                            ("is gone", then.keys() - now.keys()))
        for experiment, run in sorted(names)
    ]
    shared = sorted(then.keys() & now.keys())
    for key in shared:
        lines += [
            f"{'/'.join(key)}: config: {change}"
            for change in _changes(_config(then[key]), _config(now[key]))
        ]
    return lines + list(_moved(then, now, shared))


def _moved(then: Documents, now: Documents, shared: list) -> Iterator[str]:
    """Yield a line for each metric of replicates that has another value."""
    groups = defaultdict(list)
    for experiment, run in shared:
        groups[experiment, _seedless(run)].append((experiment, run))
    for (experiment, name), keys in groups.items():
        metrics = {m for key in keys for m in now[key]["metrics"]}
        for metric in sorted(metrics):
            pairs = [
                (then[key]["metrics"].get(metric), now[key]["metrics"][metric])
                for key in keys if metric in now[key]["metrics"]
            ]
            if all(before == after for before, after in pairs):
                continue
            yield f"{experiment}/{name}: {metric} {_compared(pairs)}"


def _compared(pairs: list[tuple[float | None, float | None]]) -> str:
    whole = [pair for pair in pairs if None not in pair]
    if not whole:
        return f"was {pairs[0][0]}, is {pairs[0][1]}"
    before, after = (
        statistics.fmean(side) for side in zip(*whole, strict=True)
    )
    text = f"{before:.6g} → {after:.6g}"
    values = [value for _, value in whole]
    if len(values) > 1 and (spread := statistics.stdev(values)):
        text += f" ({(after - before) / spread:+.1f} standard deviations"
        return f"{text} of {len(values)} runs)"
    return f"{text} ({after - before:+.2g})"


def _changes(then: dict, now: dict) -> list[str]:
    return [
        f"{name} was {then.get(name, 'absent')!r}, "
        f"is {now.get(name, 'absent')!r}"
        for name in sorted(then.keys() | now.keys())
        if then.get(name, "absent") != now.get(name, "absent")
    ]


def _config(document: dict[str, Any]) -> dict[str, Any]:
    return document["stamp"].get("config", {})


def _seedless(run: str) -> str:
    return re.sub(r"[_.-]seed-\d+", "", run)


def _stored(larder: Larder) -> Documents:
    return dict(
        _read(file.relative_to(larder.results), file.read_bytes())
        for file in larder.results.glob("*/*.json")
    )


def _stored_in(larder: Larder, revision: str) -> Documents:
    return dict(
        _read(path, content)
        for path, content in _files_of(larder, revision, "*/*.json")
    )


def write_results(larder: Larder, revision: str, folder: Path) -> None:
    """Write the results of a commit to a folder, whole as they are there.

    Raises `RevisionError` where the commit can't be read.
    """
    for path, content in _files_of(larder, revision, "*/*"):
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(content)


def _files_of(
    larder: Larder, revision: str, pattern: str
) -> Iterator[tuple[Path, bytes]]:
    """Give the files of a commit's results, as seen from their folder."""
    place = larder.results.relative_to(larder.root).as_posix()
    done = subprocess.run(
        ["git", "archive", "--format=tar", revision, "--",
         f":(glob){place}/{pattern}"],
        cwd=larder.root, capture_output=True, stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        raise RevisionError(f"no results of {revision!r}: {said}")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        for member in archive:
            if member.isfile():
                yield (Path(member.name).relative_to(place),
                       archive.extractfile(member).read())


def _read(path: Path, content: bytes) -> tuple[tuple[str, str], dict]:
    return (path.parent.name, path.stem), json.loads(content)

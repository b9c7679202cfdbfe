"""Where the document comes from: its results, and the code.

The report prints a digest of each, by which `digits check` knows whether a
freeze is theirs (see `handin.freeze`).
"""

import ast
import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from digits import paths
from digits.experiments import weight_decay
from digits.kept import LARDER, survey
from digits.stating import benchmarks
from larder import store
from larder.fingerprint.statements import normalised


@dataclass(frozen=True)
class Origin:
    """What runs of an experiment came from.

    `confirmed` of the `runs` were computed by older code, and carried over by
    a rehearsal; `minutes` are those of one core in all; `code` digests what
    the runs' tasks reach; `days`, `processors` and `tensorflow` (its versions)
    are all that there were, and so are `seeds`.
    """

    experiment: str
    runs: int
    confirmed: int
    minutes: float
    code: str
    days: tuple[str, ...]
    processors: tuple[str, ...]
    tensorflow: tuple[str, ...]
    seeds: tuple[int, ...] = ()


def results_digest(folder: Path | None = None) -> str:
    """Digest the checksums of all runs and of the benchmarks.

    Gives 16 hexadecimal digits. A result that is not there counts as missing,
    and gives another digest; of a finer grid, what is there counts.
    """
    runs = dict.fromkeys(
        [*LARDER.runs(), *weight_decay.stored_sweep(folder)]
    )
    lines = [
        f"{item.run} {item.stored.checksum if item.stored else item.state}"
        for item in survey(runs, folder)
    ]
    for name in benchmarks.STATED:
        file = benchmarks.path(folder or paths.RESULTS, name)
        try:
            measured = store.load(file).checksum
        except (store.DamagedResult, OSError):
            measured = "missing"
        lines.append(f"benchmark {name} {measured}")
    return _digest(sorted(lines))


def code_digest(folder: Path | None = None) -> str:
    """Digest the code's modules without comments, docstrings and layout.

    The pre-render step notices whatever this does, and more (`handin.frozen`).
    """
    folder = folder or paths.CODE
    lines = []
    for file in sorted(folder.rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        lines += [file.relative_to(folder).as_posix(), normalised(tree)]
    return _digest(lines)


def origins() -> list[Origin]:
    """Tell of each experiment what its stored runs came from."""
    return [
        origin(name, stamps_of(name).values())
        for name in LARDER.experiments
    ]


@cache
def stamps_of(experiment: str) -> dict[str, dict]:
    """Give the stamps of an experiment's stored runs, or of `benchmarks`.

    They are read once: `stamps_of.cache_clear()` has them read again.
    """
    if experiment == benchmarks.NAME:
        return benchmarks.stamps()
    return {
        item.run.name: item.stored.stamp
        for item in survey(LARDER.runs([experiment])) if item.stored
    }


def origin(experiment: str, stamps: Collection[dict]) -> Origin:
    """Say what runs with these stamps came from."""
    code = {
        f"{part} {digest}"
        for stamp in stamps for part, digest in stamp.get("code", {}).items()
    }
    return Origin(
        experiment, len(stamps), sum("confirmed" in stamp for stamp in stamps),
        sum(stamp.get("seconds", 0) for stamp in stamps) / 60,
        _digest(sorted(code)) if code else "", *(
            tuple(sorted({of(stamp) for stamp in stamps} - {None}))
            for of in (
                lambda stamp: stamp["finished"][:10],
                lambda stamp: stamp["hardware"]["processor"],
                lambda stamp: stamp["versions"].get("tensorflow"),
                lambda stamp: stamp.get("config", {}).get("seed"),
            )
        ),
    )


def hours(experiment: str) -> float:
    """Tell what an experiment's stored runs cost, in hours of one core."""
    return origin(experiment, stamps_of(experiment).values()).minutes / 60


def _digest(lines: list[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]

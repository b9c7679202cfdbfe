"""Where the document comes from, and whether the freeze still belongs to it.

The report prints two digests: of its results and of the package's code. Each
format is frozen by an execution of its own, so `digits check` compares what
each frozen format printed with what the digests are now.
"""

import ast
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from digits import benchmark, experiments, frozen, paths, store
from digits.experiments import weight_decay
from digits.runs import survey
from digits.source import normalised

# As Quarto names them after the files that they become.
FORMATS = ("html", "tex", "md")
# What the page carries: see code/quarto/live.ts.
NETWORKS = Path("page/networks.npz")


@dataclass(frozen=True)
class Origin:
    """What the runs of an experiment came from.

    `confirmed` of the `runs` were computed by older code, and carried over by
    a rehearsal; `minutes` are those of one core in all; `code` digests what
    the runs' tasks reach; `days`, `processors` and `tensorflow` (its versions)
    are all that there were.
    """

    experiment: str
    runs: int
    confirmed: int
    minutes: float
    code: str
    days: tuple[str, ...]
    processors: tuple[str, ...]
    tensorflow: tuple[str, ...]


def results_digest(folder: Path | None = None) -> str:
    """Digest the checksums of all runs and of the benchmarks.

    Gives 16 hexadecimal digits. A result that is not there counts as missing,
    and gives another digest; of a finer grid, what is there counts.
    """
    runs = dict.fromkeys(
        [*experiments.all_runs(), *weight_decay.stored_sweep(folder)]
    )
    lines = [
        f"{item.run} {item.stored.checksum if item.stored else item.state}"
        for item in survey(runs, folder)
    ]
    for name in ("train", "page", "pictures"):
        file = benchmark.path(folder or paths.RESULTS, name)
        try:
            measured = store.load(file).checksum
        except (store.DamagedResult, OSError):
            measured = "missing"
        lines.append(f"benchmark {name} {measured}")
    return _digest(sorted(lines))


def code_digest(folder: Path | None = None) -> str:
    """Digest the code's modules without comments, docstrings and layout.

    The pre-render step notices whatever this does, and more (`frozen`).
    """
    folder = folder or paths.CODE
    lines = []
    for file in sorted(folder.rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        lines += [file.relative_to(folder).as_posix(), normalised(tree)]
    return _digest(lines)


def source_digest(root: Path | None = None) -> str:
    """Digest report.qmd as Quarto does, whatever its line ends."""
    source = ((root or paths.ROOT) / "report.qmd").read_bytes()
    return hashlib.md5(source.replace(b"\r\n", b"\n")).hexdigest()


def origins() -> list[Origin]:
    """Tell of each experiment what its stored runs came from."""
    found = []
    for name in experiments.NAMES:
        stamps = [
            item.stored.stamp
            for item in survey(experiments.load(name).runs()) if item.stored
        ]
        code = {
            f"{part} {digest}"
            for stamp in stamps for part, digest in stamp["code"].items()
        }
        found.append(Origin(
            name, len(stamps), sum("confirmed" in stamp for stamp in stamps),
            sum(stamp["seconds"] for stamp in stamps) / 60,
            _digest(sorted(code)), *(
                tuple(sorted({of(stamp) for stamp in stamps}))
                for of in (
                    lambda stamp: stamp["finished"][:10],
                    lambda stamp: stamp["hardware"]["processor"],
                    lambda stamp: stamp["versions"]["tensorflow"],
                )
            ),
        ))
    return found


def _digest(lines: list[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def freeze_problems(root: Path | None = None) -> list[str]:
    """Say in words why the freeze does not belong to what is here, if so.

    A frozen format belongs if it was made from this report.qmd, if it prints
    the digests that results and code have now, and if the pre-render step
    finds what the report was executed with as it was then.
    """
    root = root or paths.ROOT
    wanted = {
        "report.qmd": source_digest(root),
        "the results": results_digest(root / "data/results"),
        "the code": code_digest(root / "code"),
    }
    problems = []
    for name in FORMATS:
        file = root / f"_freeze/report/execute-results/{name}.json"
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            text = content["hash"] + content["result"]["markdown"]
        except (OSError, ValueError, LookupError, TypeError,
                RecursionError) as error:
            problems.append(f"{name}: not frozen, or not whole ({error})")
            continue
        problems += [
            f"{name}: {what} changed since it was frozen"
            for what, digest in wanted.items()
            if digest not in text
        ]
    changes = [
        f"{change} since the report was executed"
        for change in frozen.changes(root)
    ]
    return problems + changes + page_problems(root)


def page_problems(root: Path) -> list[str]:
    """Say if report.html has other networks than those that are stored.

    A plain one has none; and where nothing is rendered, nothing is wrong.
    """
    page, stored = root / "report.html", root / "data/results" / NETWORKS
    if not (page.is_file() and stored.is_file()):
        return []
    found = re.search(
        r'id="live-networks" data-sha256="(\w+)"',
        page.read_text(encoding="utf-8"),
    )
    digest = hashlib.sha256(stored.read_bytes()).hexdigest()
    if found is None or found[1] == digest:
        return []
    return ["report.html: its networks are not the stored ones; render anew"]

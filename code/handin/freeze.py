"""Whether the freeze belongs to the report, the results and the code.

The report prints two digests: of its results and of the code. Each format is
frozen by an execution of its own, so `digits check` compares what each frozen
format printed with what the digests are now.
"""

import hashlib
import json
import re
from pathlib import Path

from digits import paths
from digits.stating.provenance import code_digest, results_digest
from handin import frozen

# As Quarto names them after the files that they become.
FORMATS = ("html", "tex", "md")
# What the page carries: see code/quarto/live.ts.
NETWORKS = Path("page/networks.npz")


def source_digest(root: Path | None = None) -> str:
    """Digest report.qmd as Quarto does, whatever its line ends."""
    source = ((root or paths.ROOT) / "report.qmd").read_bytes()
    return hashlib.md5(source.replace(b"\r\n", b"\n")).hexdigest()


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

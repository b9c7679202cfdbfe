"""Where the report's numbers come from, told to its reader.

A number is followed through the report as a span of Pandoc's Markdown that
names the findings it is made of; code/quarto/measured.lua makes of it a link to
its experiment in Appendix B, and the page shows on hover, focus or a tap what
this module says of them. The last chunk writes that down (`told`), since the
figures' findings are known by then as well.
"""

import html
import json

from IPython import get_ipython
from IPython.display import Markdown

from digits import paths
from digits.experiments.findings import Source, taken
from digits.stating import claims
from digits.stating.chunks import chunks
from digits.stating.provenance import Origin, origin, stamps_of

SEPARATOR = "; "

_stated: dict[Source, None] = {}  # by numbers, in order
_shown: dict[str, tuple[Source, ...]] = {}  # by figures and tables
_labels: dict[str, str] = {}  # of these, by what Quarto executes of their chunk


def mark(text: str, sources: tuple[Source, ...]) -> str:
    """Write a text as a span that names its findings; plainly if none."""
    if not sources:
        return text
    _stated.update(dict.fromkeys(sources))
    names = html.escape(SEPARATOR.join(map(str, sources)))
    return f'[{text}]{{.measured of="{names}"}}'


def watch() -> None:
    """From now on, note which findings each figure and table shows.

    And forget what other chunks ask for, which is no number's source. Outside
    of Jupyter there are no chunks.
    """
    _stated.clear()
    _shown.clear()
    _labels.clear()
    stamps_of.cache_clear()
    report = (paths.ROOT / claims.REPORT).read_text(encoding="utf-8")
    _labels.update(
        (chunk.executed, chunk.label) for chunk in chunks(report)
        if chunk.shows
    )
    shell = get_ipython()
    if shell is not None:  # registered twice, it is called once
        shell.events.register("post_run_cell", _note)


def _note(executed) -> None:
    """Note what a chunk asked for, by its label.

    Which the report has to tell: Quarto leaves it out of what it executes.
    """
    asked = taken()
    label = _labels.get((executed.info.raw_cell or "").strip())
    if asked and label:
        _shown[label] = asked


def told() -> Markdown:
    """Give what the page says of each finding, for HTML alone."""
    asked = dict.fromkeys([
        *_stated, *(one for some in _shown.values() for one in some)
    ])
    content = json.dumps({
        "findings": {
            str(source): describe(source, stamps_of(source.experiment))
            for source in asked
        },
        "figures": {
            label: SEPARATOR.join(map(str, some))
            for label, some in _shown.items()
        },
    }, ensure_ascii=False, indent=0).replace("<", "\\u003c")
    return Markdown(
        "::: {.content-visible when-format=\"html\"}\n```{=html}\n"
        f'<script type="application/json" id="findings">{content}</script>\n'
        "```\n:::"
    )


def describe(source: Source, stamps: dict[str, dict]) -> dict[str, str]:
    """Say in words what a finding is and where it comes from.

    `stamps` are those of its experiment's runs, by name. Gives lines by name:
    what it `is`, of which `runs`, how they were `computed`, and the `command`
    that prints their values.
    """
    found = origin(source.experiment, [
        stamps[name] for name in source.among(stamps)
    ])
    runs = "1 run" if found.runs == 1 else f"{found.runs} runs"
    seed = "seed" if len(found.seeds) == 1 else "seeds"
    seeds = f", {seed} {_span(found.seeds)}" if found.seeds else ""
    mean = f"mean of {source.count}, " if source.count else ""
    return {
        "is": source.what or f"Results: {source.finding.replace('_', ' ')}.",
        "runs": f"{source.experiment.replace('_', ' ')}: {mean}{runs}{seeds}",
        "computed": _computed(found),
        "command": f'digits trace "{source}"',
    }


def _computed(found: Origin) -> str:
    """Say when, on what, by which code, and whether that was confirmed."""
    confirmed = {0: "", found.runs: ", confirmed by rehearsal"}.get(
        found.confirmed, f", {found.confirmed} confirmed by rehearsal"
    )
    code = f"; code {found.code[:8]}" if found.code else ""
    return (
        f"computed {_span(found.days)} on {' and '.join(found.processors)}"
        f"{confirmed}{code}"
    )


def _span(values: tuple) -> str:
    """Write the first and the last of sorted values."""
    first, last = str(values[0]), str(values[-1])
    return first if first == last else f"{first} to {last}"

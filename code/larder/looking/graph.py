"""The experiments, their runs and what they need, as a picture in Mermaid."""

from collections import Counter, defaultdict
from collections.abc import Iterable

import click

from larder.larder import Larder
from larder.runs import Run

# Runs of one experiment by one task are drawn together.
Group = tuple[str, str]


def command(larder: Larder) -> click.Command:
    """Make the command that draws."""
    @click.command()
    def graph() -> None:
        """Draw all runs and what they need, as text for Mermaid."""
        click.echo(mermaid(larder.runs()))
    return graph


def mermaid(runs: Iterable[Run]) -> str:
    """Draw runs, grouped by experiment and task, and what they need."""
    counts: Counter[Group] = Counter()
    arrows: set[tuple[Group, Group]] = set()
    waiting, seen = list(runs), set()
    for run in waiting:
        if run in seen:
            continue
        seen.add(run)
        waiting += run.needs
        counts[_group(run)] += 1
        arrows |= {(_group(need), _group(run)) for need in run.needs}
    rooms = defaultdict(list)
    for group in counts:
        rooms[group[0]].append(group)
    names = {group: f"n{number}" for number, group in enumerate(counts)}
    lines = ["flowchart LR"]
    for experiment, groups in rooms.items():
        lines.append(f"  subgraph {experiment}")
        lines += [
            f'    {names[group]}["{group[1]} × {counts[group]}"]'
            for group in groups
        ]
        lines.append("  end")
    lines += [
        f"  {names[before]} --> {names[after]}"
        for before, after in sorted(arrows)
    ]
    return "\n".join(lines)


def _group(run: Run) -> Group:
    return run.experiment, run.task.__name__

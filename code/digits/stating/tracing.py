"""The runs behind what the report shows: a number, a figure, a table."""

import difflib
import re
from collections.abc import Collection, Iterator

import pandas as pd
from matplotlib import pyplot

from digits import paths
from digits.experiments.findings import Source, taken
from digits.kept import as_stored, results
from digits.stating import sources, statements
from digits.stating.chunks import Chunk
from digits.stating.claims import REPORT
from digits.stating.provenance import stamps_of
from digits.stating.statements import Statement, Worked
from larder import store

MOST_RUNS = 12  # whose values are listed one by one
_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?(?:e-?\d+)?(?: %)?")
_FINDING = re.compile(r"[a-z_]+\.")
# A table that is written in the text has its label below its rows.
_WRITTEN = re.compile(r"((?:^\|.*\n)+)\n: .*\{#(tbl-[\w-]+)", re.MULTILINE)


class NothingShown(Exception):
    """The report shows no such number, figure, table or finding."""


def trace(wanted: str) -> Iterator[str]:
    """Say in lines where the report states a number, and of what it is made.

    Or of what the figure or table is made that has this label, or a finding,
    by the name that the page gives it. Results are taken as they are stored.
    Raises `NothingShown`, which names what comes nearest.
    """
    source = (paths.ROOT / REPORT).read_text(encoding="utf-8")
    parts = statements.parse(source)
    with as_stored():
        if wanted in _labels(parts):
            found = dict.fromkeys(_drawn(parts, [wanted])[wanted])
            if not found:
                yield f"{wanted} shows no finding of an experiment."
        else:
            worked = statements.work_out(parts, {})
            stated = _in_table(source, wanted, worked) or [
                statement for statement, text in worked.texts.items()
                if states(text, wanted)
            ]
            yield from _places(stated, worked)
            found = {one: None for statement in stated
                     for one in worked.sources[statement]}
            if not stated:
                found = {_named(wanted, parts, worked): None}
        for one in found:
            yield from _told(one)


def _labels(parts: list[Chunk | Statement]) -> list[str]:
    return [part.label for part in parts
            if isinstance(part, Chunk) and part.shows]


def _places(stated: list[Statement], worked: Worked) -> Iterator[str]:
    """Say where statements stand, and of what those are that say no more."""
    for statement in stated:
        yield f"{REPORT}:{statement.line}: {worked.texts[statement]}"
        yield f"    {worked.filled(statement.sentence)}"
        made_of = ", ".join(map(str, worked.sources.get(statement, ())))
        yield f"    {statement.expression}: {made_of or 'of no result'}"


def _told(source: Source) -> Iterator[str]:
    """Say what a finding is, of which runs, and what these have measured."""
    stamps = stamps_of(source.experiment)
    about = sources.describe(source, stamps)
    yield ""
    yield f"{source}: {about['is']}"
    yield f"    {about['runs']}"
    yield f"    {about['computed']}"
    values = pd.DataFrame({
        name: store.load(
            store.path_of(results(), source.experiment, name)
        ).result.metrics
        for name in source.among(stamps)
    }).T.dropna(axis="columns", how="all").astype(float)
    if len(values) > MOST_RUNS:
        values = values.agg(["min", "mean", "max"])
    yield from (f"    {line}" for line in values.to_string().splitlines())


def _drawn(
    parts: list[Chunk | Statement], labels: Collection[str]
) -> dict[str, tuple[Source, ...]]:
    """Execute chunks in order, of those that draw the ones named.

    Gives the findings that each of these asked for.
    """
    namespace, found = {}, {}
    for part in parts:
        if isinstance(part, Statement):
            continue
        if part.binds:
            statements.work_out([part], namespace)
        elif part.label in labels:
            taken()
            exec(part.code, namespace)
            found[part.label] = taken()
            pyplot.close("all")
    return found


def _in_table(source: str, label: str, worked: Worked) -> list[Statement]:
    """List the statements in the rows of a table that the text has."""
    for table in _WRITTEN.finditer(source):
        if table[2] == label:
            first = source.count("\n", 0, table.start()) + 1
            lines = range(first, first + table[1].count("\n"))
            return [one for one in worked.texts if one.line in lines]
    return []


def states(text: str, wanted: str) -> bool:
    """Tell whether a text has the number that is wanted, digit by digit."""
    number = _plain(wanted)
    return bool(re.search(r"\d", number) and re.search(
        rf"(?<![\w.,-]){re.escape(number)}(?!\w|[.,]\d)", _plain(text)
    ))


def _plain(text: str) -> str:
    return " ".join(text.replace("−", "-").split())


def _named(
    wanted: str, parts: list[Chunk | Statement], worked: Worked
) -> Source:
    """Find a finding by its name, or raise `NothingShown`."""
    labels = _labels(parts)
    asked = {str(one): one for some in worked.sources.values() for one in some}
    if wanted not in asked and _FINDING.match(wanted):
        for some in _drawn(parts, labels).values():
            asked |= {str(one): one for one in some}
    if wanted in asked:
        return asked[wanted]
    near = _near_numbers(wanted, worked) or difflib.get_close_matches(
        wanted, [*labels, *asked], cutoff=0.4
    )
    raise NothingShown(
        f"the report shows no {wanted}"
        + (f"; nearest: {', '.join(near)}" if near else "")
    )


def _near_numbers(wanted: str, worked: Worked) -> list[str]:
    """List the three numbers in the report that are nearest to one."""
    if not _NUMBER.fullmatch(_plain(wanted)):
        return []
    shown = dict.fromkeys(
        number for text in worked.texts.values()
        for number in _NUMBER.findall(_plain(text))
        if number.endswith("%") or not wanted.endswith("%")
    )
    return sorted(shown, key=lambda one: abs(_value(one) - _value(wanted)))[:3]


def _value(number: str) -> float:
    return float(_plain(number).removesuffix("%").replace(",", ""))

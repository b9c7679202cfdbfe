"""The report's statements, worked out in plain Python, with any results.

Chunks with `include: false` bind the names that sentences use; others draw, and
are not needed, but for the claims with which they begin. So the numbers in
sentences can be had without Quarto, with any folder of results, and those of
two folders can be compared.
"""

import ast
import re
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from digits import paths
from digits.experiments.findings import Source, taken
from digits.kept import LARDER, as_stored
from digits.stating.chunks import CHUNK, Chunk, chunks
from digits.stating.claims import REPORT
from larder.looking import diff

_EXPRESSION = re.compile(r"(?<!`)`\{python\}\s+([^`]+)`")
# What stands between two sentences: a space after one, before a row or an item
# of a list, and between paragraphs.
_BETWEEN = re.compile(
    r"(?<=[.!?])\*{0,2}\s+(?=[A-Z@*(`\0])|\n(?=\s*(?:[-|]|\d\.\s))|\n\s*\n"
)


@dataclass(frozen=True)
class Sentence:
    """A sentence of the report, or a row of a table, and where it begins."""

    line: int
    text: str


@dataclass(frozen=True)
class Statement:
    """An expression that is worked out within a sentence."""

    line: int
    expression: str
    sentence: Sentence


@dataclass
class Worked:
    """What statements say, in order, and in a line each what can't be had.

    `sources` are the findings that a statement is made of; where it asks for
    none itself, those of the names in it, as chunks `bound` them: of names that
    were bound together, all of these.
    """

    texts: dict[Statement, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    sources: dict[Statement, tuple[Source, ...]] = field(default_factory=dict)
    bound: dict[str, tuple[Source, ...]] = field(default_factory=dict)

    def filled(self, sentence: Sentence) -> str:
        """Write a sentence with its values, or … where there is none."""
        found = {
            statement.expression: text
            for statement, text in self.texts.items()
            if statement.sentence == sentence
        }
        return _EXPRESSION.sub(
            lambda match: found.get(match[1], "…"), sentence.text
        )


def parse(source: str) -> list[Chunk | Statement]:
    """List a report's chunks and statements in their order."""
    # Code is no sentence, but what comes after it keeps its line.
    prose = CHUNK.sub(lambda match: "\n" * match[0].count("\n"), source)
    return sorted(
        [*chunks(source), *_statements(prose)], key=lambda part: part.line
    )


def work_out(parts: list[Chunk | Statement], namespace: dict) -> Worked:
    """Work out statements, each with the names that are bound before it.

    They are left in the namespace. Whatever is raised, and a claim that does
    not hold, is told, and what rests on it has no text.
    """
    worked = Worked()
    taken()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for part in parts:
            if isinstance(part, Statement):
                _state(part, namespace, worked)
                continue
            for node in _needed(part):
                _execute(node, part, namespace, worked)
    return worked


def as_stored_in(folder: Path | None = None) -> Worked:
    """Work out the report's statements with the results in a folder.

    Those that are there, fresh or not; nothing is computed.
    """
    source = (paths.ROOT / REPORT).read_text(encoding="utf-8")
    with as_stored(folder):
        return work_out(parse(source), {})


def moved_since(revision: str) -> Iterator[str]:
    """Say in lines which sentences state what a commit's results do not.

    Raises `RevisionError` where the commit can't be read.
    """
    with tempfile.TemporaryDirectory() as folder:
        diff.write_results(LARDER, revision, Path(folder))
        then, now = as_stored_in(Path(folder)), as_stored_in()
    moved = [
        (statement, then.texts[statement], text)
        for statement, text in now.texts.items()
        if then.texts.get(statement, text) != text
    ]
    if moved:
        yield f"The report states it in {len(moved)} places; to be read again:"
    for number, (statement, before, after) in enumerate(moved):
        yield f"{REPORT}:{statement.line}: {before} → {after}"
        following = moved[number + 1:number + 2]
        if not (following and following[0][0].sentence == statement.sentence):
            yield f"    {now.filled(statement.sentence)}"
    for side, worked in ((revision, then), ("here", now)):
        yield from (f"{side}: {problem}" for problem in worked.problems)


def _statements(prose: str) -> Iterator[Statement]:
    # A full stop within an expression ends no sentence.
    hidden = _EXPRESSION.sub(
        lambda match: "\0" + "_" * (len(match[0]) - 1), prose
    )
    ends = (match.end() for match in _BETWEEN.finditer(hidden))
    for start, end in pairwise([0, *ends, len(prose)]):
        text = prose[start:end]
        sentence = Sentence(_line(prose, start), " ".join(text.split()))
        for match in _EXPRESSION.finditer(text):
            line = _line(prose, start + match.start())
            yield Statement(line, match[1], sentence)


def _needed(chunk: Chunk) -> list[ast.stmt]:
    """List what is to be executed of a chunk: all, or down to its claims."""
    nodes = ast.parse(chunk.code).body
    if chunk.binds:
        return nodes
    last = max((number for number, node in enumerate(nodes, 1)
                if "claim" in _names(node, ast.Load)), default=0)
    return nodes[:last]


def _execute(
    node: ast.stmt, chunk: Chunk, namespace: dict, worked: Worked
) -> None:
    try:
        code = compile(ast.Module([node], []), REPORT, "exec")
        exec(code, namespace)
        asked = taken()
        worked.bound |= dict.fromkeys(_names(node, ast.Store), asked)
    except Exception as error:
        # What it was to bind is not what was bound before.
        for name in _names(node, ast.Store):
            namespace.pop(name, None)
        line = chunk.line + node.lineno - 1
        worked.problems.append(_problem(line, ast.unparse(node), error))


def _state(statement: Statement, namespace: dict, worked: Worked) -> None:
    try:
        text = eval(statement.expression, namespace)
        worked.texts[statement] = text
        names = _names(ast.parse(statement.expression), ast.Load)
        worked.sources[statement] = getattr(text, "sources", ()) or tuple(
            dict.fromkeys(one for name in sorted(names)
                          for one in worked.bound.get(name, ()))
        )
    except AssertionError as error:
        worked.texts[statement] = f"({_said(error)})"
    except NameError:
        return  # told where it was to be bound
    except Exception as error:
        worked.problems.append(
            _problem(statement.line, statement.expression, error)
        )


def _problem(line: int, code: str, error: Exception) -> str:
    said = _said(error)
    if not isinstance(error, AssertionError):
        said = f"can't be had ({type(error).__name__}: {said})"
    return f"{REPORT}:{line}: {code.partition(chr(10))[0]}: {said}"


def _said(error: Exception) -> str:
    """Give an error's first line; its place is told beside it."""
    first = str(error).partition("\n")[0]
    return re.sub(rf"^{REPORT}, line \d+: ", "", first)


def _names(node: ast.AST, kind: type) -> set[str]:
    return {
        inner.id for inner in ast.walk(node)
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, kind)
    }


def _line(source: str, place: int) -> int:
    return source.count("\n", 0, place) + 1

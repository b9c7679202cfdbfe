"""Mutants of a package: its modules with one small change each.

A mutant changes a definition that a task reaches. Left out is what cannot
change a result whatever it says: texts, annotations, what is raised, how far a
run is, and checks, which let a run begin or go on or not.
"""

import ast
import copy
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

COMPARISONS = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot,
    ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}
OPERATORS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}
LEFT_OUT = {"__post_init__", "rehearsal", "refuse_unless", "whole"}
LEFT_OUT_CALLS = {"ignored", "context.report", "context.save"}


@dataclass(frozen=True)
class Mutant:
    """A module with a change: of what kind, where, and its whole text.

    `lines` are those of the innermost statement that it is in. Python says of
    a statement of several lines that it executes some of them.
    """

    kind: str
    module: str
    definition: str
    lines: range
    place: str
    was: str
    now: str
    text: str

    @property
    def name(self) -> str:
        """Name the mutant the same way each time, by what it changes."""
        return (f"{self.module}.{self.definition} {self.place}: "
                f"{self.was} -> {self.now}")


def mutants(code: Path, reached: set[str], seed: int) -> Iterator[Mutant]:
    """Yield mutants of the definitions reached, one kind after the other.

    Each kind's are in a random order. `reached` are dotted names.
    """
    found: dict[str, list[Mutant]] = {}
    modules = sorted({name.rpartition(".")[0] for name in reached})
    for module in modules:
        file = code.joinpath(*module.split(".")).with_suffix(".py")
        if file.is_file():
            for mutant in _of_module(module, file.read_text(), reached):
                found.setdefault(mutant.kind, []).append(mutant)
    for kind in found.values():
        random.Random(seed).shuffle(kind)
    while found:
        for kind in sorted(found):
            yield found[kind].pop()
            if not found[kind]:
                del found[kind]


def _of_module(module: str, text: str, reached: set[str]) -> Iterator[Mutant]:
    tree = ast.parse(text)
    for statement in tree.body:
        names = _names(statement)
        name = next((n for n in names if f"{module}.{n}" in reached), None)
        if name is None:
            continue
        around = _statements_around(statement)
        for node in _mutable(statement):
            for kind, changed in _changes(node):
                inner = around[id(node)]
                yield Mutant(
                    kind, module, name,
                    range(inner.lineno, inner.end_lineno + 1),
                    f"+{node.lineno - statement.lineno}:{node.col_offset}",
                    _short(node), _short(changed),
                    _replaced(tree, node, changed),
                )


def _statements_around(statement: ast.stmt) -> dict[int, ast.stmt]:
    """Give the innermost statement of each node in one, by the node's id."""
    found = {}
    for outer in ast.walk(statement):  # outer ones first
        if isinstance(outer, ast.stmt):
            found.update((id(node), outer) for node in ast.walk(outer))
    return found


def _names(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Assign):
        return [t.id for t in ast.walk(statement) if isinstance(t, ast.Name)
                and isinstance(t.ctx, ast.Store)]
    return []


def _mutable(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what may be changed in a definition, also inside."""
    if isinstance(node, ast.Raise | ast.JoinedStr) or (
        getattr(node, "name", None) in LEFT_OUT
        or (isinstance(node, ast.Call) and _left_out(node))
    ):
        return
    yield node
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list"):
            continue
        for item in value if isinstance(value, list) else [value]:
            if getattr(item, "arg", None) == "strict":
                continue
            if isinstance(item, ast.AST):
                yield from _mutable(item)


def _changes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Yield each change of a node with its kind."""
    if isinstance(node, ast.Constant):
        yield from _constants(node)
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
        yield "comparison", _with(node, ops=[
            COMPARISONS[type(node.ops[0])](), *node.ops[1:]
        ])
    elif isinstance(node, ast.BinOp | ast.AugAssign) and (
        type(node.op) in OPERATORS
    ):
        yield "arithmetic", _with(node, op=OPERATORS[type(node.op)]())
    elif isinstance(node, ast.BoolOp):
        other = ast.Or if isinstance(node.op, ast.And) else ast.And
        yield "condition", _with(node, op=other())
    elif isinstance(node, ast.UnaryOp) and isinstance(
        node.op, ast.Not | ast.USub
    ):
        yield "condition", node.operand
    elif isinstance(node, ast.IfExp):
        yield "condition", _with(node, body=node.orelse, orelse=node.body)
    elif isinstance(node, ast.Call):
        yield from _calls(node)
    elif isinstance(node, ast.Subscript) and isinstance(
        node.slice, ast.Slice
    ):
        yield "slice", node.value
    elif isinstance(node, ast.AugAssign) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
        and not _left_out(node.value)
    ):
        yield "dropped statement", ast.copy_location(ast.Pass(), node)
    elif isinstance(node, ast.If):
        yield "condition", _with(
            node, test=ast.UnaryOp(ast.Not(), node.test)
        )


def _left_out(call: ast.Call) -> bool:
    return _short(call.func) in LEFT_OUT_CALLS


def _constants(node: ast.Constant) -> Iterator[tuple[str, ast.AST]]:
    value = node.value
    if isinstance(value, bool):
        yield "constant", _with(node, value=not value)
    elif isinstance(value, int):
        yield "constant", _with(node, value=value + 1)
    elif isinstance(value, float):
        yield "constant", _with(node, value=value * 1.5 + 0.001)


def _calls(node: ast.Call) -> Iterator[tuple[str, ast.AST]]:
    if len(node.args) > 1 and not any(
        isinstance(arg, ast.Starred) for arg in node.args[:2]
    ):
        one, two, *rest = node.args
        yield "swapped arguments", _with(node, args=[two, one, *rest])
    for number in range(len(node.keywords)):
        if node.keywords[number].arg not in (None, "strict"):
            rest = node.keywords[:number] + node.keywords[number + 1:]
            yield "dropped argument", _with(node, keywords=rest)


def _with(node: ast.AST, **fields) -> ast.AST:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def _replaced(tree: ast.Module, node: ast.AST, changed: ast.AST) -> str:
    path = _path(tree, node)
    twin = copy.deepcopy(tree)
    parent = twin
    for field, index in path[:-1]:
        parent = getattr(parent, field)
        parent = parent if index is None else parent[index]
    field, index = path[-1]
    if index is None:
        setattr(parent, field, changed)
    else:
        getattr(parent, field)[index] = changed
    return ast.unparse(ast.fix_missing_locations(twin))


def _path(tree: ast.AST, node: ast.AST) -> list[tuple[str, int | None]]:
    """Say how to come from a tree to a node in it."""
    waiting = [(tree, [])]
    while waiting:
        here, path = waiting.pop()
        if here is node:
            return path
        for field, value in ast.iter_fields(here):
            if isinstance(value, ast.AST):
                waiting.append((value, [*path, (field, None)]))
            elif isinstance(value, list):
                waiting += [
                    (item, [*path, (field, index)])
                    for index, item in enumerate(value)
                    if isinstance(item, ast.AST)
                ]
    raise LookupError("the node is not in the tree")


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 70 else f"{text[:67]}..."

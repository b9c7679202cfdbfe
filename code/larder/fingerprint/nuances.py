"""What counts in a definition besides its text and the names it uses.

The order of bindings, where a name is bound more than once; docstrings, where
they are data; and classes that their base is told of when they are defined.
Each is rare, and a definition without any of them has no trace of this here.
"""

import ast
from collections.abc import Callable, Iterator

from larder.fingerprint.source import EFFECTS, Module, Target, dotted

# Give what a dotted name in a module may stand for.
Meanings = Callable[[str, list[str]], set[Target]]


def rebound(content: Module) -> dict[str, dict[int, str]]:
    """Tell of each name that is bound to different things where, and to what.

    The keys of the inner dictionaries are lines, in their order.
    """
    places = {
        name: dict(lines) for name, lines in content.import_lines.items()
    }
    for name, statements in content.definitions.items():
        for number, statement in enumerate(statements):
            lines = places.setdefault(name, {})
            lines.setdefault(statement.lineno, f"statement {number}")
    return {
        name: dict(sorted(lines.items())) for name, lines in places.items()
        if len(set(lines.values())) > 1 and name != EFFECTS
    }


def binding_order(
    rebound: dict[str, dict[int, str]], statement: ast.stmt
) -> Iterator[str]:
    """Yield, of each name bound more than once, its bindings as they come.

    And how many of them come before `statement`, which may run at once.
    """
    names = {
        node.id for node in ast.walk(statement) if isinstance(node, ast.Name)
    }
    for name in sorted(names & rebound.keys()):
        before = sum(line < statement.lineno for line in rebound[name])
        yield f"{name} is {list(rebound[name].values())}, {before} before"


def documented(
    content: Module, statement: ast.stmt, meanings: Meanings
) -> Iterator[Target]:
    """Yield what has its docstring used as data by `statement`."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and node.id == "__doc__":
            yield content.name, None
        elif isinstance(node, ast.Attribute) and node.attr == "__doc__":
            found = meanings(content.name, dotted(node)[:-1])
            # `self.__doc__`, say: then of all that this statement defines.
            yield from found or {
                (content.name, name)
                for name, statements in content.definitions.items()
                if statement in statements
            }


def docstrings(content: Module, name: str | None) -> Iterator[str]:
    """Yield all docstrings in a definition, or that of the module."""
    if name is None:
        yield repr(content.docstring)
        return
    for statement in content.definitions[name]:
        for node in ast.walk(statement):
            if isinstance(
                node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
            ):
                yield repr(ast.get_docstring(node, clean=False))


def bases(statement: ast.stmt) -> Iterator[tuple[list[str], bool]]:
    """Yield the dotted name of each base of a class, and of its metaclass.

    With it, whether it is the metaclass.
    """
    if not isinstance(statement, ast.ClassDef):
        return
    for base in statement.bases:
        if isinstance(base, ast.Name | ast.Attribute):
            yield dotted(base), False
    for item in statement.keywords:
        if item.arg == "metaclass" and isinstance(
            item.value, ast.Name | ast.Attribute
        ):
            yield dotted(item.value), True


def hears_of_subclasses(statement: ast.stmt) -> bool:
    """Tell whether a class is told of each class that is derived from it."""
    return isinstance(statement, ast.ClassDef) and any(
        getattr(node, "name", None) == "__init_subclass__"
        for node in statement.body
    )

"""Source text as a set of definitions: what one module binds, and to what.

A definition is whatever a module binds at its top level: a function, a class,
a constant, an imported name.
"""

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from larder.fingerprint.statements import (
    SCOPES,
    bound_names,
    has_effect,
    run_on_import,
)

# The decorator whose functions are not followed.
# As it is imported here; and as it was when the engine was part of `digits`,
# for older commits.
IGNORED = {
    "larder.ignored", "larder.fingerprint.ignored",
    "larder.fingerprint.reach.ignored", "digits.fingerprint.ignored",
}

# A module and a name in it, or None for the module itself.
Target = tuple[str, str | None]

# What a module does besides binding names belongs to all that it defines.
EFFECTS = "<statements>"

@dataclass
class Module:
    """The definitions and imports of one file."""

    name: str
    is_package: bool
    # Usually one statement each.
    definitions: dict[str, list[ast.stmt]] = field(default_factory=dict)
    # Local name -> all that it may stand for.
    imports: dict[str, list[Target]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    # Dotted names in full, of modules or of names in them.
    runs: list[str] = field(default_factory=list)
    docstring: str | None = None
    uses_docstrings: bool = False
    # Local name -> the line of each import, and what it imports.
    import_lines: dict[str, dict[int, str]] = field(default_factory=dict)

    def read(self, text: str) -> "Module":
        """Take in the source text of the module; return the module."""
        tree = ast.parse(text)
        self.docstring = ast.get_docstring(tree, clean=False)
        self.uses_docstrings = "__doc__" in text
        statements = list(run_on_import(tree.body))
        for statement in statements:
            if not isinstance(statement, SCOPES):
                self._add_imports(statement)
        for statement in statements:
            if isinstance(statement, ast.ClassDef):
                self._leave_out_ignored(statement)
            for name in self._binds(statement):
                self.definitions.setdefault(name, []).append(statement)
        return self

    def _leave_out_ignored(self, statement: ast.ClassDef) -> None:
        """Take the methods out of a class that are not to be followed."""
        statement.body = [
            item for item in statement.body
            if not any(map(self._is_ignored,
                           getattr(item, "decorator_list", [])))
        ]

    def _binds(self, statement: ast.stmt) -> set[str]:
        """Name what the statement defines; imports of our own are followed."""
        if isinstance(statement, ast.Import | ast.ImportFrom):
            return {
                EFFECTS if name == "*" else name
                for name, (origin, _) in self.imported(statement)
                if not within(self.name, origin)
            }
        names = bound_names(statement)
        if not names or has_effect(statement) or self._registers(statement):
            names.add(EFFECTS)
        return names

    def _registers(self, statement: ast.stmt) -> bool:
        """Tell whether a decorator of our own may do more than decorate."""
        return any(
            within(self.name, origin) and not self._is_ignored(decorator)
            for decorator in getattr(statement, "decorator_list", [])
            for origin in self._origins(decorator)
        )

    def ignores(self, name: str) -> bool:
        """Tell whether a definition is marked as not to be followed."""
        return any(
            self._is_ignored(decorator)
            for statement in self.definitions[name]
            for decorator in getattr(statement, "decorator_list", [])
        )

    def _is_ignored(self, decorator: ast.expr) -> bool:
        origins = self._origins(decorator)
        return len(origins) == 1 and IGNORED.issuperset(origins)

    def _origins(self, decorator: ast.expr) -> list[str]:
        """Name in full what a decorator may be."""
        if isinstance(decorator, ast.Call):
            decorator = decorator.func
        if not isinstance(decorator, ast.Name | ast.Attribute):
            return [self.name]
        first, *rest = dotted(decorator)
        if first not in self.imports:
            return [] if hasattr(builtins, first) else [f"{self.name}.{first}"]
        return [
            ".".join(filter(None, (*target, *rest)))
            for target in self.imports[first]
        ]

    def _add_imports(self, statement: ast.stmt) -> None:
        self.runs += self.run_by(statement)
        for name, target in self.imported(statement):
            if name == "*":
                self.stars.append(target[0])
            else:
                self.imports.setdefault(name, []).append(target)
                lines = self.import_lines.setdefault(name, {})
                lines[statement.lineno] = ".".join(filter(None, target))

    def imported(
        self, tree: ast.AST
    ) -> Iterator[tuple[str, Target]]:
        """Yield each local name that the imports in `tree` bind, and to what.

        The meaning is a module and a name in it, or None for all of it.
        """
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for item in node.names:
                    top = item.name.partition(".")[0]
                    target = item.name if item.asname else top
                    yield item.asname or top, (target, None)
            elif isinstance(node, ast.ImportFrom):
                origin = self._origin(node)
                for item in node.names:
                    yield item.asname or item.name, (origin, item.name)

    def run_by(self, tree: ast.AST) -> Iterator[str]:
        """Yield in full what the imports in `tree` name, and so run."""
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                origin = (
                    f"{self._origin(node)}."
                    if isinstance(node, ast.ImportFrom) else ""
                )
                yield from (f"{origin}{item.name}" for item in node.names)

    def _origin(self, node: ast.ImportFrom) -> str:
        """Name the module imported from, relative imports made absolute."""
        if not node.level:
            return node.module
        parts = self.name.split(".")
        parts = parts[: len(parts) - node.level + self.is_package]
        return ".".join(parts + ([node.module] if node.module else []))


def within(package: str, module: str) -> bool:
    """Tell whether two dotted names begin with the same package."""
    return package.partition(".")[0] == module.partition(".")[0]


def dotted(node: ast.Name | ast.Attribute) -> list[str]:
    """Split `a.b.c` into its names; of `f(x).b.c`, an unknown base is ""."""
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    names.append(node.id if isinstance(node, ast.Name) else "")
    return names[::-1]


@lru_cache(maxsize=256)
def parse(name: str, is_package: bool, text: str) -> Module:
    """Read the text of the module `name`; remembered, so do not change it."""
    return Module(name, is_package).read(text)

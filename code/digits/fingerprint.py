"""What a result depends on: the definitions that a task reaches by name.

A definition is whatever a module binds at its top level: a function, a class,
a constant, an imported name. Starting from a task, the names that occur in a
definition are followed, through as many modules of the same package as it
takes; each definition reached is hashed after its syntax tree has lost
comments, docstrings and layout. So a reworded comment changes nothing, and an
edited helper three imports away is noticed.

Names are followed in the source text alone: nothing is imported, so asking
what a result depends on costs milliseconds and no TensorFlow. Where a name
can't be followed (a module used as a value, `globals()`, a star import), the
whole module counts: too much rather than too little. A local variable that
shares its name with a definition counts as that definition, for that reason.
"""

import ast
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

Function = TypeVar("Function", bound=Callable)

# Module and name in it.
_Key = tuple[str, str]

# A definition that uses one of these can reach any name of its module,
# and one of those any module of the package.
_DYNAMIC = {"globals", "vars", "eval", "exec"}
_IMPORTERS = {"import_module", "__import__"}

# What a module does besides binding names belongs to all that it defines.
_EFFECTS = "<statements>"

_SCOPES = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def ignored(reason: str) -> Callable[[Function], Function]:
    """Mark a function that cannot influence a result: it is not followed.

    `reason` says why it cannot; it is read by people only. Use it where
    something else vouches for the outcome, such as a checksum.
    """
    if not reason:
        raise ValueError("ignored() needs the reason, got an empty string")
    return lambda function: function


def reached(root: Path, module: str, name: str) -> dict[str, str]:
    """Hash each definition that `module`.`name` reaches, itself included.

    `root` is the folder that holds the package, `module` a dotted name such as
    `digits.training`. Returns qualified names with 16 hexadecimal digits of
    SHA-256 each, sorted. Raises `LookupError` where there is no such name.
    """
    package = _Package(root, module.partition(".")[0])
    start = package.resolve(module, name)
    if not start:
        raise LookupError(f"no definition of {name} in {module} under {root}")
    hashes: dict[str, str] = {}
    waiting = list(start)
    while waiting:
        here = waiting.pop()
        found = package.module(here[0]).definitions[here[1]]
        if here not in hashes and not found.ignored:
            hashes[here] = found.hash()
            waiting += package.references(here)
    return {".".join(key): hashes[key] for key in sorted(hashes)}


def normalised(node: ast.AST) -> str:
    """Write a syntax tree as text, without comments, docstrings and layout.

    Unlike `ast.dump`, the text is the same in every version of Python that
    gives the tree the same meaning: empty fields are left out.
    """
    parts = [type(node).__name__]
    for key, value in ast.iter_fields(node):
        if key in ("kind", "type_comment", "ctx"):
            continue
        if isinstance(value, list):
            if value and isinstance(value[0], ast.stmt):
                value = [item for item in value if not _is_text(item)]
            value = [normalised(v) if isinstance(v, ast.AST) else repr(v)
                     for v in value]
            if value:
                parts.append(f"{key}=[{','.join(value)}]")
        elif isinstance(value, ast.AST):
            parts.append(f"{key}={normalised(value)}")
        elif value is not None or isinstance(node, ast.Constant):
            parts.append(f"{key}={value!r}")
    return f"({' '.join(parts)})"


def _is_text(node: ast.AST) -> bool:
    """Tell whether a statement is a bare string, as docstrings are."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


@dataclass
class _Definition:
    """What a module binds to one name: usually one statement."""

    statements: list[ast.stmt] = field(default_factory=list)

    @property
    def ignored(self) -> bool:
        return any(
            isinstance(decorator, ast.Call)
            and getattr(decorator.func, "id", None) == ignored.__name__
            for statement in self.statements
            for decorator in getattr(statement, "decorator_list", [])
        )

    def hash(self) -> str:
        text = "\n".join(normalised(node) for node in self.statements)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass
class _Module:
    """The definitions and imports of one file."""

    name: str
    is_package: bool
    definitions: dict[str, _Definition] = field(default_factory=dict)
    # Local name -> (module, name in it, or None for the module itself).
    imports: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)

    def read(self, text: str) -> "_Module":
        for statement in ast.parse(text).body:
            if _is_text(statement) or _is_main_guard(statement):
                continue
            if not isinstance(statement, _SCOPES):
                self._add_imports(statement)
            for name in self._binds(statement):
                definition = self.definitions.setdefault(name, _Definition())
                definition.statements.append(statement)
        return self

    def _binds(self, statement: ast.stmt) -> set[str]:
        """Name what the statement defines; imports of our own are followed."""
        if isinstance(statement, ast.Import | ast.ImportFrom):
            return {
                name
                for name, (origin, _) in self.imported(statement)
                if not _within(self.name, origin) and name != "*"
            }
        return _bound_names(statement) or {_EFFECTS}

    def _add_imports(self, statement: ast.stmt) -> None:
        for name, target in self.imported(statement):
            if name == "*":
                self.stars.append(target[0])
            else:
                self.imports[name] = target

    def imported(
        self, tree: ast.AST
    ) -> Iterator[tuple[str, tuple[str, str | None]]]:
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

    def _origin(self, node: ast.ImportFrom) -> str:
        """Name the module imported from, relative imports made absolute."""
        if not node.level:
            return node.module
        parts = self.name.split(".")
        parts = parts[: len(parts) - node.level + self.is_package]
        return ".".join(parts + ([node.module] if node.module else []))


class _Package:
    """The modules of one package, read as they are asked for."""

    def __init__(self, root: Path, name: str):
        self.root, self.name = root, name
        self._modules: dict[str, _Module] = {}

    def module(self, name: str) -> _Module:
        if name not in self._modules:
            file = self._file(name)
            text = file.read_text(encoding="utf-8")
            self._modules[name] = _parse(name, file.stem == "__init__", text)
        return self._modules[name]

    def resolve(self, module: str, name: str) -> list[_Key]:
        """List the definitions that `name` of `module` stands for."""
        if not self._file(module):
            return []
        content = self.module(module)
        if name in content.definitions:
            return [(module, name)]
        if name in content.imports:
            target = content.imports[name]
            return [] if self._as_module(target) else self.resolve(*target)
        return [
            key for star in content.stars for key in self.resolve(star, name)
        ]

    def references(self, key: _Key) -> list[_Key]:
        """List the definitions that the definition at `key` names."""
        module, name = key
        content = self.module(module)
        found = [(module, _EFFECTS)] * (_EFFECTS in content.definitions)
        for statement in content.definitions[name].statements:
            found += self._named_in(statement, content)
        return found

    def _named_in(self, tree: ast.stmt, content: _Module) -> list[_Key]:
        imports = dict(content.imports)
        found = []
        for alias, target in content.imported(tree):
            imports[alias] = target
            found += (
                self._whole(target[0]) if alias == "*"
                else self._through(target)
            )
        nodes = list(ast.walk(tree))
        bases = {id(n.value) for n in nodes if isinstance(n, ast.Attribute)}
        for node in nodes:
            if not isinstance(node, ast.Name | ast.Attribute):
                continue
            first, *rest = _dotted(node)
            if first in _DYNAMIC:
                found += self._whole(content.name)
            if _IMPORTERS & {first, *rest}:
                found += self._everything()
            found += self.resolve(content.name, first)
            if first in imports:
                found += self._follow(imports[first], rest, id(node) in bases)
        return found

    def _follow(self, target, rest: list[str], is_base: bool) -> list[_Key]:
        """Follow a dotted name through modules to what it stands for.

        A module that is not the base of a longer dotted name is used as a
        value: all of it counts.
        """
        module = self._as_module(target)
        if module is None:
            return self._through(target)
        for name in rest:
            if not self._file(f"{module}.{name}"):
                return self.resolve(module, name)
            module = f"{module}.{name}"
        return [] if is_base else self._whole(module)

    def _through(self, target: tuple[str, str | None]) -> list[_Key]:
        """List the definitions an imported name stands for, if no module."""
        return [] if self._as_module(target) else self.resolve(*target)

    def _as_module(self, target: tuple[str, str | None]) -> str | None:
        """Name the module of this package that an import binds, if any."""
        name = ".".join(filter(None, target))
        return name if self._file(name) else None

    def _whole(self, module: str) -> list[_Key]:
        if not self._file(module):
            return []
        return [(module, name) for name in self.module(module).definitions]

    def _everything(self) -> list[_Key]:
        files = (self.root / self.name).rglob("*.py")
        names = (file.relative_to(self.root).with_suffix("") for file in files)
        return [
            key
            for name in names
            for key in self._whole(".".join(name.parts))
        ]

    def _file(self, module: str) -> Path | None:
        if not _within(self.name, module):
            return None
        path = self.root.joinpath(*module.split("."))
        for file in (path / "__init__.py", path.with_suffix(".py")):
            if file.is_file():
                return file
        return None


def _within(package: str, module: str) -> bool:
    """Tell whether two dotted names begin with the same package."""
    return package.partition(".")[0] == module.partition(".")[0]


def _dotted(node: ast.Name | ast.Attribute) -> list[str]:
    """Split `a.b.c` into its names; of `f(x).b.c`, an unknown base is ""."""
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    names.append(node.id if isinstance(node, ast.Name) else "")
    return names[::-1]


def _bound_names(statement: ast.stmt) -> set[str]:
    """Name what a top-level statement binds, also inside if, try and with."""
    if isinstance(statement, _SCOPES):
        return {statement.name}
    if isinstance(statement, ast.Expr | ast.AugAssign | ast.Delete):
        return set()
    names = set()
    for node in ast.walk(statement):
        if isinstance(node, _SCOPES):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.alias):
            names.add((node.asname or node.name).partition(".")[0])
    return names


def _is_main_guard(statement: ast.stmt) -> bool:
    """Tell `if __name__ == "__main__":`, which an import never runs."""
    return isinstance(statement, ast.If) and "__main__" in normalised(
        statement.test
    )


@lru_cache(maxsize=256)
def _parse(name: str, is_package: bool, text: str) -> _Module:
    return _Module(name, is_package).read(text)

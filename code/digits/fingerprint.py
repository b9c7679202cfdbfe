"""What a result depends on: the definitions that a task reaches by name.

A definition is whatever a module binds at its top level: a function, a class,
a constant, an imported name. Starting from a task, the names that occur in a
definition are followed, through as many modules of the same package as it
takes; each definition reached is hashed after its syntax tree has lost
comments, docstrings and layout. So a reworded comment changes nothing, and an
edited helper three imports away is noticed.

Names are followed in the source text alone: nothing is imported, so asking
what a result depends on costs milliseconds and no TensorFlow. Where a name
can't be followed (a module used as a value, `globals()`), the whole module
counts, with all that it imports: too much rather than too little. A local
variable that shares its name with a definition counts as that definition, for
that reason. Not seen are a class that is known by its base class alone
(`__subclasses__`), and a library's registry filled by a decorator.
"""

import ast
import builtins
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

Function = TypeVar("Function", bound=Callable)

# Module and name in it.
_Key = tuple[str, str]
# The same, or None as the name for the module itself.
_Target = tuple[str, str | None]

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
    waiting = package.resolve(module, name)
    if not waiting:
        raise LookupError(f"no definition of {name} in {module} under {root}")
    links: dict[_Key, set[tuple[str, _Key]]] = {}
    while waiting:
        here = waiting.pop()
        if here not in links and not package.ignores(here):
            keys, links[here] = package.references(here)
            waiting += keys
    namesakes = Counter(name for _, name in links)
    hashes = {}
    for here in sorted(links):
        # Where a name alone does not tell which definition is meant, what it
        # stands for is hashed as well.
        meant = sorted(
            f"{written}={'.'.join(key)}"
            for written, key in links[here]
            if key in links and (
                written.rpartition(".")[2] != key[1] or namesakes[key[1]] > 1
            )
        )
        hashes[".".join(here)] = package.hash(here, meant)
    return hashes


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
class _Module:
    """The definitions and imports of one file."""

    name: str
    is_package: bool
    # Usually one statement each.
    definitions: dict[str, list[ast.stmt]] = field(default_factory=dict)
    # Local name -> all that it may stand for.
    imports: dict[str, list[_Target]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    # Dotted names in full, of modules or of names in them.
    runs: list[str] = field(default_factory=list)

    def read(self, text: str) -> "_Module":
        statements = list(_run_on_import(ast.parse(text).body))
        for statement in statements:
            if not isinstance(statement, _SCOPES):
                self._add_imports(statement)
        for statement in statements:
            for name in self._binds(statement):
                self.definitions.setdefault(name, []).append(statement)
        return self

    def _binds(self, statement: ast.stmt) -> set[str]:
        """Name what the statement defines; imports of our own are followed."""
        if isinstance(statement, ast.Import | ast.ImportFrom):
            return {
                _EFFECTS if name == "*" else name
                for name, (origin, _) in self.imported(statement)
                if not _within(self.name, origin)
            }
        names = _bound_names(statement)
        if not names or _has_effect(statement) or self._registers(statement):
            names.add(_EFFECTS)
        return names

    def _registers(self, statement: ast.stmt) -> bool:
        """Tell whether a decorator of our own may do more than decorate."""
        return any(
            _within(self.name, origin) and not self._is_ignored(decorator)
            for decorator in getattr(statement, "decorator_list", [])
            for origin in self._origins(decorator)
        )

    def ignores(self, name: str) -> bool:
        return any(
            self._is_ignored(decorator)
            for statement in self.definitions[name]
            for decorator in getattr(statement, "decorator_list", [])
        )

    def _is_ignored(self, decorator: ast.expr) -> bool:
        return self._origins(decorator) == [f"{__name__}.{ignored.__name__}"]

    def _origins(self, decorator: ast.expr) -> list[str]:
        """Name in full what a decorator may be."""
        if isinstance(decorator, ast.Call):
            decorator = decorator.func
        if not isinstance(decorator, ast.Name | ast.Attribute):
            return [self.name]
        first, *rest = _dotted(decorator)
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

    def imported(
        self, tree: ast.AST
    ) -> Iterator[tuple[str, _Target]]:
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


class _Package:
    """The modules of one package, read as they are asked for."""

    def __init__(self, root: Path, name: str):
        self.root, self.name = root, name
        self._modules: dict[str, _Module] = {}
        self._known_effects: dict[str, list[_Key]] = {}

    def module(self, name: str) -> _Module:
        if name not in self._modules:
            file = self._file(name)
            text = file.read_text(encoding="utf-8")
            self._modules[name] = _parse(name, file.stem == "__init__", text)
        return self._modules[name]

    def resolve(self, module: str, name: str) -> list[_Key]:
        """List the definitions that `name` of `module` may stand for."""
        return [key for key in self._meanings((module, name)) if key[1]]

    def ignores(self, key: _Key) -> bool:
        return self.module(key[0]).ignores(key[1])

    def hash(self, key: _Key, meant: list[str]) -> str:
        statements = self.module(key[0]).definitions[key[1]]
        text = "\n".join([*map(normalised, statements), *meant])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def references(self, key: _Key) -> tuple[list[_Key], set]:
        """List what the definition at `key` names.

        And the names as written, each with what it stands for elsewhere.
        """
        content = self.module(key[0])
        found, links = list(self._effects(key[0])), set()
        for statement in content.definitions[key[1]]:
            found += self._named_in(statement, content, links)
        return found, links

    def _named_in(
        self, tree: ast.stmt, content: _Module, links: set
    ) -> list[_Key]:
        imports: dict[str, list[_Target]] = {}
        found = []
        for alias, target in content.imported(tree):
            imports.setdefault(alias, []).append(target)
            if alias == "*":
                found += self._whole(target[0])
            else:
                found += [key for key in self._meanings(target) if key[1]]
            if target[1] in _IMPORTERS:
                found += self._whole(self.name)
        for module in content.run_by(tree):
            found += self._effects(module)
        nodes = list(ast.walk(tree))
        looked_up = {id(n.value) for n in nodes if isinstance(n, ast.Subscript)}
        bases = {id(n.value) for n in nodes if isinstance(n, ast.Attribute)}
        for node in nodes:
            if not isinstance(node, ast.Name | ast.Attribute):
                continue
            first, *rest = _dotted(node)
            if first in _DYNAMIC:
                found += self._whole(content.name)
            if _IMPORTERS & {first, *rest} or (
                rest == ["modules"] and id(node) in looked_up | bases
            ):
                found += self._whole(self.name)
            meanings = self._meanings((content.name, first))
            for target in imports.get(first, []):
                meanings |= self._meanings(target)
            named = self._follow(meanings, rest, found, id(node) in bases)
            found += named
            written = ".".join((first, *rest))
            links |= {(written, k) for k in named if k[0] != content.name}
        return found

    def _follow(
        self, meanings: set[_Target], rest: list[str], found: list[_Key],
        is_base: bool,
    ) -> list[_Key]:
        """Follow a dotted name through modules to what it stands for.

        A module that is not the base of a longer dotted name is used as a
        value, and of an attribute that is not in the source nothing is known:
        then all of the module counts, and is added to `found`.
        """
        for name in rest:
            named = {key for key in meanings if key[1]}
            for module, _ in meanings - named:
                following = self._meanings((module, name))
                if not following:
                    found += self._whole(module)
                named |= following
            meanings = named
        if not is_base:
            for module, name in meanings:
                if name is None:
                    found += self._whole(module)
        return [key for key in meanings if key[1]]

    def _meanings(
        self, target: _Target, seen: set[_Target] | None = None
    ) -> set[_Target]:
        """Give all definitions and modules that a name may stand for."""
        module, name = target
        seen = set() if seen is None else seen
        if target in seen or not self._file(module):
            return set()
        seen.add(target)
        if name is None:
            return {target}
        content = self.module(module)
        found = {target} if name in content.definitions else set()
        if self._file(f"{module}.{name}"):
            found.add((f"{module}.{name}", None))
        stars = [(star, name) for star in content.stars]
        for further in content.imports.get(name, []) + stars:
            found |= self._meanings(further, seen)
        return found

    def _whole(self, module: str) -> list[_Key]:
        """List all that can be had from a module, its imports included."""
        found, waiting, seen = [], [(module, None)], set()
        while waiting:
            here = waiting.pop()
            if here in seen or not self._file(here[0]):
                continue
            seen.add(here)
            if here[1] is not None:
                found.append(here)
                continue
            content = self.module(here[0])
            waiting += [(here[0], name) for name in content.definitions]
            waiting += [(star, None) for star in content.stars]
            waiting += [(inner, None) for inner in self._inside(here[0])]
            for targets in content.imports.values():
                for target in targets:
                    waiting += self._meanings(target)
        return found

    def _inside(self, module: str) -> list[str]:
        """List the modules that lie in a package."""
        if not self.module(module).is_package:
            return []
        folder = self._file(module).parent
        return [
            f"{module}.{file.stem}"
            for file in folder.iterdir()
            if (file.suffix == ".py" and file.stem != "__init__")
            or (file / "__init__.py").is_file()
        ]

    def _effects(self, name: str) -> list[_Key]:
        """List what the modules do that run when `name` is imported."""
        if name not in self._known_effects:
            waiting, seen = self._modules_in(name), set()
            while waiting:
                here = waiting.pop()
                if here not in seen:
                    seen.add(here)
                    for imported in self.module(here).runs:
                        waiting += self._modules_in(imported)
            self._known_effects[name] = [
                (module, _EFFECTS)
                for module in sorted(seen)
                if _EFFECTS in self.module(module).definitions
            ]
        return self._known_effects[name]

    def _modules_in(self, name: str) -> list[str]:
        """List the modules in a dotted name: packages come first."""
        parts = name.split(".")
        names = (".".join(parts[:n]) for n in range(1, len(parts) + 1))
        return [name for name in names if self._file(name)]

    def _file(self, module: str) -> Path | None:
        parts = module.split(".")
        if parts[0] != self.name or not all(parts):
            return None
        path = self.root.joinpath(*parts)
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


def _has_effect(statement: ast.stmt) -> bool:
    """Tell whether a top-level statement does more than to bind names."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, _SCOPES | ast.Lambda) or _is_text(node):
            continue
        if isinstance(node, ast.Expr | ast.AugAssign | ast.Delete):
            return True
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(
            node.ctx, ast.Store
        ):
            return True
        waiting += ast.iter_child_nodes(node)
    return False


def _run_on_import(statements: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Leave out bare strings and what is under `__name__ == "__main__"`."""
    guard = normalised(ast.parse('__name__ == "__main__"', mode="eval").body)
    for statement in statements:
        if isinstance(statement, ast.If) and (
            normalised(statement.test) == guard
        ):
            yield from _run_on_import(statement.orelse)
        elif not _is_text(statement):
            yield statement


@lru_cache(maxsize=256)
def _parse(name: str, is_package: bool, text: str) -> _Module:
    return _Module(name, is_package).read(text)

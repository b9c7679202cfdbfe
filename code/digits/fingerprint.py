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
import hashlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from digits.source import EFFECTS, Module, Target, dotted, normalised, parse

Function = TypeVar("Function", bound=Callable)

# Module and name in it.
_Key = tuple[str, str]

# A definition that uses one of these can reach any name of its module,
# and one of those any module of the package.
_DYNAMIC = {"globals", "vars", "eval", "exec"}
_IMPORTERS = {"import_module", "__import__"}

def ignored(reason: str) -> Callable[[Function], Function]:
    """Mark a function that cannot influence a result: it is not followed.

    So for a method of a class, which is then left out of it. `reason` says why
    it cannot; it is read by people only. Use it where something else vouches
    for the outcome, such as a checksum.
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


class _Package:
    """The modules of one package, read as they are asked for."""

    def __init__(self, root: Path, name: str):
        self.root, self.name = root, name
        self._modules: dict[str, Module] = {}
        self._files: dict[str, Path | None] = {}
        self._known_effects: dict[str, list[_Key]] = {}

    def module(self, name: str) -> Module:
        if name not in self._modules:
            file = self._file(name)
            text = file.read_text(encoding="utf-8")
            self._modules[name] = parse(name, file.stem == "__init__", text)
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
        self, tree: ast.stmt, content: Module, links: set
    ) -> list[_Key]:
        imports: dict[str, list[Target]] = {}
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
            # A name that is only bound, as that of a field is, is no use of it.
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                continue
            first, *rest = dotted(node)
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
        self, meanings: set[Target], rest: list[str], found: list[_Key],
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
        self, target: Target, seen: set[Target] | None = None
    ) -> set[Target]:
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
                (module, EFFECTS)
                for module in sorted(seen)
                if EFFECTS in self.module(module).definitions
            ]
        return self._known_effects[name]

    def _modules_in(self, name: str) -> list[str]:
        """List the modules in a dotted name: packages come first."""
        parts = name.split(".")
        names = (".".join(parts[:n]) for n in range(1, len(parts) + 1))
        return [name for name in names if self._file(name)]

    def _file(self, module: str) -> Path | None:
        if module not in self._files:
            self._files[module] = self._look_for(module)
        return self._files[module]

    def _look_for(self, module: str) -> Path | None:
        parts = module.split(".")
        if parts[0] != self.name or not all(parts):
            return None
        path = self.root.joinpath(*parts)
        for file in (path / "__init__.py", path.with_suffix(".py")):
            if file.is_file():
                return file
        return None

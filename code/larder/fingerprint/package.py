"""A package as source text: its modules, and what names in them stand for."""

import ast
from pathlib import Path

from larder.fingerprint import nuances
from larder.fingerprint.source import EFFECTS, Module, Target, parse

# Module and name in it.
Key = tuple[str, str]


class Package:
    """The modules of one package, read as they are asked for.

    `root` is the folder that holds the package, `name` its dotted name.
    """

    def __init__(self, root: Path, name: str):
        """Begin with no module read."""
        self.root, self.name = root, name
        self._modules: dict[str, Module] = {}
        self._files: dict[str, Path | None] = {}
        self._known_effects: dict[str, list[Key]] = {}

    def module(self, name: str) -> Module:
        """Read a module of the package, given its dotted name."""
        if name not in self._modules:
            file = self.file(name)
            text = file.read_text(encoding="utf-8")
            self._modules[name] = parse(name, file.stem == "__init__", text)
        return self._modules[name]

    def meanings(
        self, target: Target, seen: set[Target] | None = None
    ) -> set[Target]:
        """Give all definitions and modules that a name may stand for."""
        module, name = target
        seen = set() if seen is None else seen
        if target in seen or not self.file(module):
            return set()
        seen.add(target)
        if name is None:
            return {target}
        content = self.module(module)
        found = {target} if name in content.definitions else set()
        if self.file(f"{module}.{name}"):
            found.add((f"{module}.{name}", None))
        for further in content.imports.get(name, []):
            found |= self.imported(further, seen)
        for star in content.stars:
            found |= self.meanings((star, name), seen)
        return found

    def imported(
        self, target: Target, seen: set[Target] | None = None
    ) -> set[Target]:
        """Give all that an imported name may stand for.

        What a module does not define, its `__getattr__` may serve.
        """
        found = self.meanings(target, seen)
        if not found and target[1] is not None:
            found = self.meanings((target[0], "__getattr__"), seen)
        return found

    def dotted(self, module: str, names: list[str]) -> set[Target]:
        """Give all that a dotted name may stand for.

        The attributes of a definition stand for the definition.
        """
        meanings = self.meanings((module, names[0]))
        for name in names[1:]:
            meanings = {
                found
                for here in meanings
                for found in (
                    {here} if here[1] else self.meanings((here[0], name))
                )
            }
        return meanings

    def whole(self, module: str) -> list[Key]:
        """List all that can be had from a module, its imports included."""
        found, waiting, seen = [], [(module, None)], set()
        while waiting:
            here = waiting.pop()
            if here in seen or not self.file(here[0]):
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
                    waiting += self.meanings(target)
        return found

    def _inside(self, module: str) -> list[str]:
        """List the modules that lie in a package."""
        if not self.module(module).is_package:
            return []
        folder = self.file(module).parent
        return [
            f"{module}.{file.stem}"
            for file in folder.iterdir()
            if (file.suffix == ".py" and file.stem != "__init__")
            or (file / "__init__.py").is_file()
        ]

    def effects(self, name: str) -> list[Key]:
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
                key for module in sorted(seen) for key in self._done_by(module)
            ]
        return self._known_effects[name]

    def _done_by(self, module: str) -> list[Key]:
        """List what in a module does more than to bind a name."""
        return [
            (module, name)
            for name, statements in self.module(module).definitions.items()
            if name == EFFECTS
            or any(self._is_told(module, item, set()) for item in statements)
        ]

    def _is_told(
        self, module: str, statement: ast.stmt, seen: set[Key]
    ) -> bool:
        """Tell whether code of ours is told that a class is defined."""
        for names, is_metaclass in nuances.bases(statement):
            for key in self.dotted(module, names):
                if key[1] is None or key in seen:
                    continue
                seen.add(key)
                if is_metaclass or any(
                    nuances.hears_of_subclasses(base)
                    or self._is_told(key[0], base, seen)
                    for base in self.module(key[0]).definitions[key[1]]
                ):
                    return True
        return False

    def _modules_in(self, name: str) -> list[str]:
        """List the modules in a dotted name: packages come first."""
        parts = name.split(".")
        names = (".".join(parts[:n]) for n in range(1, len(parts) + 1))
        return [name for name in names if self.file(name)]

    def file(self, module: str) -> Path | None:
        """Find the file of a module; None where it is none of ours."""
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

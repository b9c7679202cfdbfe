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
that reason. Where it matters, order counts too (a name bound twice), and so do
docstrings (`__doc__`), what a module's `__getattr__` serves, and a class whose
base or metaclass, one of ours, is told of it.

Not seen are:

- a class known by its base class alone (`__subclasses__`), and a library's
  registry filled by a decorator or a base class of that library;
- a file that is read, such as a table beside the module: the text of a program
  does not say which. Bind its content's checksum as a constant, and compare;
- methods of a value of which only running it tells the class. Those of a
  run's config are known, and count: `also` of `reached`;
- the order of a definition and a statement that changes the value it uses
  (`TABLE.update(...)`, before or after `COPY = dict(TABLE)`).
"""

import ast
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from larder.fingerprint import nuances
from larder.fingerprint.package import Key, Package
from larder.fingerprint.source import Module, Target, dotted
from larder.fingerprint.statements import normalised

Function = TypeVar("Function", bound=Callable)

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


def reached(
    root: Path, module: str, name: str, also: Iterable[str] = ()
) -> dict[str, str]:
    """Hash each definition that `module`.`name` reaches, itself included.

    `root` is the folder that holds the package, `module` a dotted name such as
    `digits.data`. What the dotted names of `also` reach counts as well: of a
    value that is known only when running, its class. Returns qualified names
    with 16 hexadecimal digits of SHA-256 each, sorted. Raises `LookupError`
    where there is no such name.
    """
    package = _Definitions(root, module.partition(".")[0])
    waiting = []
    for full in (f"{module}.{name}", *also):
        home, _, own = full.rpartition(".")
        if not (found := package.resolve(home, own)):
            raise LookupError(f"no definition of {own} in {home} under {root}")
        waiting += found
    links: dict[Key, set[tuple[str, Key]]] = {}
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


class _Definitions(Package):
    """The definitions of one package, each with what it names."""

    def __init__(self, root: Path, name: str):
        super().__init__(root, name)
        self._rebound: dict[str, dict[str, dict[int, str]]] = {}

    def resolve(self, module: str, name: str) -> list[Key]:
        """List the definitions that `name` of `module` may stand for."""
        return [key for key in self.meanings((module, name)) if key[1]]

    def ignores(self, key: Key) -> bool:
        return self.module(key[0]).ignores(key[1])

    def hash(self, key: Key, meant: list[str]) -> str:
        statements = self.module(key[0]).definitions[key[1]]
        lines = [*map(normalised, statements), *meant]
        for statement in statements:
            lines += self._nuances(key[0], statement)
        text = "\n".join(lines)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def _nuances(self, module: str, statement: ast.stmt) -> list[str]:
        """List what counts in a statement besides its text and names."""
        content = self.module(module)
        if module not in self._rebound:
            self._rebound[module] = nuances.rebound(content)
        lines = []
        if self._rebound[module]:
            lines += nuances.binding_order(self._rebound[module], statement)
        if content.uses_docstrings:
            texts = set(nuances.documented(content, statement, self.dotted))
            for of, name in sorted(texts, key=str):
                lines += nuances.docstrings(self.module(of), name)
        return lines

    def references(self, key: Key) -> tuple[list[Key], set]:
        """List what the definition at `key` names.

        And the names as written, each with what it stands for elsewhere.
        """
        content = self.module(key[0])
        found, links = list(self.effects(key[0])), set()
        for statement in content.definitions[key[1]]:
            found += self._named_in(statement, content, links)
        return found, links

    def _named_in(
        self, tree: ast.stmt, content: Module, links: set
    ) -> list[Key]:
        imports: dict[str, list[Target]] = {}
        found = []
        for alias, target in content.imported(tree):
            imports.setdefault(alias, []).append(target)
            if alias == "*":
                found += self.whole(target[0])
            else:
                found += [key for key in self.imported(target) if key[1]]
            if target[1] in _IMPORTERS:
                found += self.whole(self.name)
        for module in content.run_by(tree):
            found += self.effects(module)
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
                found += self.whole(content.name)
            if _IMPORTERS & {first, *rest} or (
                rest == ["modules"] and id(node) in looked_up | bases
            ):
                found += self.whole(self.name)
            meanings = self.meanings((content.name, first))
            for target in imports.get(first, []):
                meanings |= self.imported(target)
            named = self._follow(meanings, rest, found, id(node) in bases)
            found += named
            written = ".".join((first, *rest))
            links |= {(written, k) for k in named if k[0] != content.name}
        return found

    def _follow(
        self, meanings: set[Target], rest: list[str], found: list[Key],
        is_base: bool,
    ) -> list[Key]:
        """Follow a dotted name through modules to what it stands for.

        A module that is not the base of a longer dotted name is used as a
        value, and of an attribute that is not in the source nothing is known:
        then all of the module counts, and is added to `found`.
        """
        for name in rest:
            named = {key for key in meanings if key[1]}
            for module, _ in meanings - named:
                following = self.meanings((module, name))
                if not following:
                    found += self.whole(module)
                named |= following
            meanings = named
        if not is_base:
            for module, name in meanings:
                if name is None:
                    found += self.whole(module)
        return [key for key in meanings if key[1]]

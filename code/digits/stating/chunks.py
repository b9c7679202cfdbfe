"""The chunks of code in the report's source."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

CHUNK = re.compile(r"^```\{python\}\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Chunk:
    """A chunk of code; `label` is empty where it has none.

    `binds` are those that show nothing. `line` is that of its first one.
    """

    line: int
    code: str
    label: str
    binds: bool

    @property
    def executed(self) -> str:
        """What Quarto executes of it: all but its options."""
        return re.sub(r"^#\|.*\n", "", self.code, flags=re.MULTILINE).strip()

    @property
    def shows(self) -> bool:
        """Whether it is a figure or a table, as its label says."""
        return re.fullmatch(r"(?:fig|tbl)-[\w-]+", self.label) is not None


def chunks(source: str) -> Iterator[Chunk]:
    """List a report's chunks in their order."""
    for match in CHUNK.finditer(source):
        code = match[1]
        yield Chunk(
            source.count("\n", 0, match.start(1)) + 1, code,
            _option(code, "label"), _option(code, "include") == "false",
        )


def _option(code: str, name: str) -> str:
    found = re.search(rf"^#\| {name}: (\S+)", code, re.MULTILINE)
    return found[1] if found else ""

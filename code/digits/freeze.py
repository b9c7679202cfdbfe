"""Whether the freeze still belongs to what is here, as its record tells.

Rendering, the extension `_extensions/refreeze` records what an execution of
the report depended on, and drops the freeze where that has changed. This
module reads the same record by the same rules, without Quarto; a test asks
both (tests/test_freshness.py). What "the same code" means here, and what it
means for results, is told in docs/same-code.md.
"""

import hashlib
import json
import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import yaml

RULES = "1"
RECORD = "_freeze/report.qmd.json"
FROZEN = "_freeze/report"

# Names that count for nothing: hidden, compiled, left by desktops and clouds.
_LITTER = re.compile(
    r"\.|(__pycache__|_freeze|thumbs\.db|desktop\.ini)$|.*~$|.*\.py[co]$"
    r"|.* \(\d+\)(\.[^.]+)*$", re.IGNORECASE | re.DOTALL,
)
_TOKEN = re.compile(
    r"""(?P<text>[rbuf]{0,2}(?:(\"{3}|'{3})(?:\\[\s\S]|[^\\])*?\2"""
    r"""|(["'])(?:\\[\s\S]|(?!\3)[^\\\n])*\3))"""
    r"""|(?P<skip>\#[^\n]*|\\\n|[ \t\f]+)|[A-Za-z0-9_]+|[\s\S]""",
    re.IGNORECASE | re.ASCII,
)
_WILD = {"**/": "(.*/)?", "**": ".*", "*": "[^/]*", "?": "."}


def tokens(source: str) -> str:
    """Give a module's text without comments, docstrings and layout."""
    lines, line, texts, depth, start = [], [], 0, 0, 0
    for found in _TOKEN.finditer(f"{source}\n"):
        word = found[0]
        if word == "\n" and depth <= 0:
            # A line that is nothing but strings is a docstring.
            if len(line) > texts:
                indent = re.match(r"[ \t]*", source[start:])[0]
                lines.append(indent + " ".join(line))
            line, texts, start = [], 0, found.end()
        elif word != "\n" and found["skip"] is None:
            if _holds_quotes(word):
                return source
            if len(word) == 1:
                depth += (word in "([{") - (word in ")]}")
            line.append(word)
            texts += found["text"] is not None
    return "\n".join(lines)


def _holds_quotes(word: str) -> bool:
    """Tell of an f-string whether quotes in its braces have cut it in two."""
    if not re.match(r"[rb]?f[rb]?[\"']", word, re.IGNORECASE):
        return False
    return len(re.findall("[{}]", re.sub(r"\{\{|\}\}", "", word))) % 2 == 1


def digest(path: Path) -> str:
    """Digest what a file means, in 16 hexadecimal digits.

    Of `.py` count the tokens; text is taken with LF as line ends.
    """
    content = path.read_bytes()
    if path.suffix == ".py":
        source = content.decode("utf-8-sig", errors="replace")
        content = tokens(source.replace("\r\n", "\n")).encode()
    elif b"\0" not in content:
        content = content.replace(b"\r\n", b"\n")
    return hashlib.sha256(content).hexdigest()[:16]


def problems(root: Path) -> list[str]:
    """Say in words what the report's record no longer agrees with, if so."""
    try:
        record = json.loads((root / RECORD).read_text(encoding="utf-8"))
        return [*_changes(record["files"], _files(root, record["files"])),
                *_remade(record["frozen"], root / FROZEN)]
    except (OSError, ValueError, LookupError, TypeError, AttributeError,
            RecursionError) as error:
        return [f"no whole record of what it was made from ({error!r})"]


def _changes(old: dict, new: dict) -> Iterator[str]:
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield f"{name} " + (
                "added" if name not in old
                else "changed" if name in new else "removed"
            )


def _remade(old: dict, folder: Path) -> Iterator[str]:
    for name, known in old.items():
        file = folder / name
        # A format that is gone is executed in any case.
        gone = not file.is_file()
        if digest(file) != known if not gone else not name.endswith(".json"):
            yield f"frozen {name} is not as it was made"


def _files(root: Path, known: dict) -> dict[str, str]:
    """Digest what the settings name, and the includes that were recorded."""
    text = (root / "_quarto.yml").read_text(encoding="utf-8")
    settings = yaml.safe_load(text).get("refreeze") or {}
    names = expand(root, settings.get("depends") or [])
    names |= {name for name in known if (root / name).is_file()}
    return {
        "(profile)": os.environ.get("QUARTO_PROFILE") or "none",
        "(rules)": RULES,
        **{unicodedata.normalize("NFC", name): digest(root / name)
           for name in names},
    }


def expand(root: Path, globs: list[str]) -> set[str]:
    """Name the files that fit; "!" before a glob takes files out again."""
    found: set[str] = set()
    for glob in globs:
        name = glob.removeprefix("!").removeprefix("./").rstrip("/")
        folder = re.sub(r"(^|/)[^/]*[*?].*$", "", name)
        fits = re.compile("" if name == folder else _pattern(name))
        alone = (root / name).is_file()
        paths = [name] if alone else _walk(root, folder)
        fitting = {path for path in paths if fits.match(path)}
        found = found - fitting if glob.startswith("!") else found | fitting
    return found


def _pattern(glob: str) -> str:
    def literal(sign: re.Match) -> str:
        return _WILD.get(sign[0], re.escape(sign[0]))

    return re.sub(r"\*\*/?|[^\w/]", literal, glob) + r"\Z"


def _walk(root: Path, folder: str) -> Iterator[str]:
    try:
        entries = list(os.scandir(root / folder))
    except OSError:
        return
    for entry in entries:
        path = f"{folder}/{entry.name}" if folder else entry.name
        if _LITTER.match(entry.name):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(root, path)
        elif entry.is_file():
            yield path

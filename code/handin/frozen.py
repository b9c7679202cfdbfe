"""What the pre-render step would say of the freeze, without Quarto.

The step (`_extensions/refreeze`) records what each document was executed with.
Here the same is digested by the same rules, so that `digits check` and the step
agree; a test asks both over many kinds of change.

This project knows two notions of "the same code". `fingerprint.normalised`
writes one definition's syntax tree, for fingerprints and for the digest that
the report prints. `tokens` writes a file's tokens, for the freeze; the step has
it in TypeScript, since it has no Python to ask. Both leave out comments,
docstrings and layout; `tokens` minds the order of definitions as well: too much
rather than too little.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

DOCUMENT = "report.qmd"
# Options that take part in executing documents.
_EXECUTION = re.compile(
    "(execute|jupyter|knitr|engine|params|lang|eval|echo|output|error|warning"
    "|include|cache|df-print|(fig|code)-.*)"
)
# What systems, editors and clouds leave about.
_LITTER = re.compile(
    r"\..*|.*~|__pycache__|Thumbs\.db|desktop\.ini", re.IGNORECASE
)
_COPY = re.compile(r" \(\d+\)(?=(\.[^.]*)?$)")
_TOKEN = re.compile(
    r"""(?P<text>[rRbBuUfF]{0,2}(("{3}|'{3})(\\.|[^\\])*?\3|"""
    r"""(["'])(\\.|(?!\5)[^\\\n])*\5))|(?P<end>\n)|"""
    r"""(?P<skip>#[^\n]*|\\\n|[ \t\f]+)|[A-Za-z0-9_]+|.""",
    re.DOTALL,
)
_WILD = {"**/": "(.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def tokens(source: str) -> str:
    """Write a Python file's tokens, a line each statement or part of one."""
    lines, line = [], []
    texts, depth, indent = 0, 0, ""
    for found in _TOKEN.finditer(source + "\n"):
        if found["end"] and not depth:
            # A line that is nothing but strings is a docstring.
            if len(line) > texts:
                lines.append(indent + " ".join(line))
            line, texts, indent = [], 0, ""
        elif found["skip"]:
            indent = indent if line else found[0]
        elif not found["end"]:
            line.append(found[0])
            texts += bool(found["text"])
            depth += (found[0] in "([{") - (found[0] in ")]}")
    return "\n".join(lines)


def digest(file: Path, verbatim: bool = False) -> str:
    """Digest Python by its tokens, other text whatever its line ends.

    Gives 32 hexadecimal digits. Raises `OSError` where the file can't be read.
    """
    content = file.read_bytes()
    if file.suffix == ".py" and not verbatim:
        text = content.decode("utf-8-sig", errors="replace")
        content = tokens(text.replace("\r", "")).encode()
    elif b"\0" not in content[: 1 << 20]:
        content = content.replace(b"\r", b"")
    return hashlib.sha256(content).hexdigest()[:32]


def changes(root: Path) -> list[str]:
    """Say in words what differs from what the report was executed with.

    `root` is the project's folder. Where a record of that, or a file that is
    to be digested, can't be read, this is what is said.
    """
    record = root / "_freeze/_refreeze/report.json"
    try:
        before = json.loads(record.read_text(encoding="utf-8"))
        before["(options)"] = json.loads(before["(options)"])
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return ["all may have changed: there is no record"]
    try:
        now = _inputs(root, before)
    except (OSError, ValueError, LookupError, yaml.YAMLError) as error:
        return [f"all may have changed: {error}"]
    return [
        f"{name} was {_kind(name, before, now)}"
        for name in sorted({*before, *now})
        if before.get(name) != now.get(name)
    ]


def _kind(name: str, before: dict, now: dict) -> str:
    if name in before:
        return "changed" if name in now else "removed"
    return "added"


def _inputs(root: Path, before: dict) -> dict:
    """Digest what the step would: options, what globs name, and includes."""
    config = _merged(_read(root / "_quarto.yml"))
    for name in config.get("metadata-files", []):
        config = _merged(config, _read(root / name))
    found = {
        "(profile)": os.environ.get("QUARTO_PROFILE", ""),
        "(options)": _options(config),
    }
    for glob in config["refreeze"]["inputs"]:
        for path in _matching(root, glob):
            found[path] = digest(root / path)
    for path in {DOCUMENT, "_metadata.yml", *before} - {*found}:
        if (root / path).is_file():
            found[path] = digest(root / path, verbatim=True)
    return found


def _read(file: Path) -> dict:
    return yaml.safe_load(file.read_text(encoding="utf-8")) or {}


def _merged(first: dict, *others: dict) -> dict:
    """Merge as Quarto does: dictionaries by key, lists one after the other."""
    result = dict(first)
    for key, value in (item for other in others for item in other.items()):
        old = result.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            value = _merged(old, value)
        elif isinstance(old, list) and isinstance(value, list):
            value = old + [item for item in value if item not in old]
        result[key] = value
    return result


def _options(config: dict) -> list:
    groups = {"": config, **config["format"]}
    chosen = (
        [group, [[key, value] for key, value in options.items()
                 if _EXECUTION.fullmatch(key)]]
        for group, options in groups.items() if isinstance(options, dict)
    )
    return [item for item in chosen if item[1]]


def _matching(root: Path, glob: str) -> Iterator[str]:
    """List the files that a glob names, by `**`, `*` and `?`."""
    if (root / glob).is_dir():
        glob += "/**"
    folder = re.sub(r"(^|/)[^/]*[*?].*$", "", glob)
    pattern = re.sub(
        r"\*\*/|\*\*|\*|\?|[^*?]+",
        lambda sign: _WILD.get(sign[0]) or re.escape(sign[0]), glob,
    )
    if (root / glob).is_file():
        yield glob
    elif (root / folder).is_dir():
        for file in _files(root / folder):
            path = file.relative_to(root).as_posix()
            if re.fullmatch(pattern, path):
                yield path


def _files(folder: Path, above: tuple[Path, ...] = ()) -> Iterator[Path]:
    """List all files under a folder but litter; no link back up is followed."""
    real = folder.resolve()
    if any(path.is_relative_to(real) for path in above):
        return
    names = {file.name for file in folder.iterdir()}
    for name in names:
        original = _COPY.sub("", name)
        if _LITTER.fullmatch(name) or (original != name and original in names):
            continue
        if (folder / name).is_dir():
            yield from _files(folder / name, (*above, real))
        elif (folder / name).is_file():
            yield folder / name

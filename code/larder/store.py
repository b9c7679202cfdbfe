"""Results on disk: readable, verified, written whole or not at all.

A result is one JSON file, `data/results/<experiment>/<run>.json`, with sorted
keys; named arrays lie beside it in `<run>.npz`, weights in
`<run>.weights.h5`. All are written as temporary files before the first takes
its name, the JSON file as the last, and it holds a SHA-256 of itself and of
the files beside it. So a full disk leaves what was there, and whatever is torn,
truncated, edited by hand or from elsewhere is recognised.
"""

import dataclasses
import hashlib
import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from larder.documents import as_text, checksum_of, decoder, refuse_unfit
from larder.files import write_atomically, write_together
from larder.packing import pack_arrays, unpack_arrays

FORMAT = 1
ARRAYS, WEIGHTS = ".npz", ".weights.h5"
LARGEST_FILE = 64 * 2**20  # bytes


@dataclass(frozen=True)
class Result:
    """What a task returns.

    `metrics` are single numbers (None where there is none), `table` holds
    columns of equal length (a row an epoch, say), `arrays` named NumPy
    arrays, and `weights` the bytes of a Keras `.weights.h5` file.
    """

    metrics: dict[str, float | int | None]
    table: dict[str, list] = field(default_factory=dict)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    weights: bytes | None = None


@dataclass(frozen=True)
class Stamped:
    """The stamp of a stored result, which says what it came from.

    `checksum` is of all that is stored.
    """

    stamp: dict[str, Any]
    checksum: str


@dataclass(frozen=True)
class Stored(Stamped):
    """A stored result with its stamp; `outcome` digests the result alone."""

    result: Result
    outcome: str


class DamagedResult(Exception):
    """A result's file is torn, truncated, edited or not a result."""


def config_as_json(config: Any) -> dict[str, Any]:
    """Write a frozen dataclass as JSON gives it back (tuples are lists)."""
    return json.loads(json.dumps(vars(config), default=dataclasses.asdict))


def path_of(folder: Path, experiment: str, run: str) -> Path:
    """Say where the result of a run lies.

    Raises `ValueError` unless both names are of letters, digits, `_`, `-`,
    `.` and `=`, and begin with a letter or a digit.
    """
    for name in (experiment, run):
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.=-]{0,99}", name):
            raise ValueError(
                f"{name!r} is no name for a result: up to 100 letters, digits "
                "and _ - . = are allowed, beginning with a letter or digit"
            )
    return folder / experiment / f"{run}.json"


def save(path: Path, result: Result, stamp: dict[str, Any]) -> Stored:
    """Write a result with its stamp; return what `load` then gives.

    Raises `ValueError` where a number is not finite, a table's columns differ
    in length, an array's name is no identifier, an array would have to be
    pickled or a file would be too large, and `TypeError` where a value is not
    JSON's, and `OSError` where the disk is full, say. Whatever is raised, an
    old result stays. A process killed while it writes leaves the old result or
    a damaged one, which is recognised.
    """
    refuse_unfit(result.metrics, result.table)
    for name in result.arrays:
        if not name.isidentifier():
            raise ValueError(f"{name!r} is no name for an array")
    contents = {
        ARRAYS: pack_arrays(result.arrays) if result.arrays else None,
        WEIGHTS: result.weights,
    }
    files = {
        suffix: content
        for suffix, content in contents.items() if content is not None
    }
    document = {
        "format": FORMAT,
        "metrics": result.metrics,
        "table": result.table,
        "files": {
            suffix: hashlib.sha256(content).hexdigest()
            for suffix, content in files.items()
        },
        "stamp": stamp,
    }
    document["checksum"] = checksum_of(document)
    files[path.suffix] = as_text(document).encode()
    for suffix, content in files.items():
        if len(content) > LARGEST_FILE:
            raise ValueError(
                f"{path.with_suffix(suffix)} would have {len(content)} bytes, "
                f"more than the {LARGEST_FILE} allowed"
            )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_together({  # the JSON file is the last
        path.with_suffix(suffix): content for suffix, content in files.items()
    })
    for suffix in set(contents) - set(files):
        path.with_suffix(suffix).unlink(missing_ok=True)
    return load(path)


def restamp(path: Path, checksum: str, stamp: dict[str, Any]) -> None:
    """Give a result another stamp; what was computed keeps its bytes.

    Raises `DamagedResult` where the result can't be trusted, and where it is
    no longer the one with this checksum.
    """
    document, _ = _verified(path)
    if document["checksum"] != checksum:
        raise DamagedResult(f"{path}: was written anew in the meantime")
    document["stamp"] = stamp
    document["checksum"] = checksum_of(document)
    write_atomically(path, as_text(document).encode())


def load(path: Path) -> Stored:
    """Read a result, its arrays and its weights, each verified.

    Raises `FileNotFoundError` where there is none, and `DamagedResult` where
    it can't be trusted.
    """
    document, contents = _verified(path)
    result = Result(
        metrics=document["metrics"],
        table=document["table"],
        arrays=_arrays(contents, path),
        weights=contents.get(WEIGHTS),
    )
    return Stored(
        document["stamp"], document["checksum"], result, _outcome(document)
    )


def _arrays(contents: dict[str, bytes], path: Path) -> dict[str, np.ndarray]:
    if ARRAYS not in contents:
        return {}
    try:
        return unpack_arrays(contents[ARRAYS])
    except Exception as error:  # decoders and parsers raise nearly anything
        raise DamagedResult(
            f"{path.with_suffix(ARRAYS)}: can't be read ({error})"
        ) from error


def inspect(path: Path) -> Stamped:
    """Verify a result as `load` does, every byte, but unpack nothing."""
    document, _ = _verified(path)
    return Stamped(document["stamp"], document["checksum"])


def outcome(path: Path) -> str:
    """Verify a result as `load` does, and digest it without its stamp."""
    document, _ = _verified(path)
    return _outcome(document)


def _verified(path: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Read a result's JSON file and those that it names, by suffix."""
    document = _load_document(path)
    contents = {}
    for suffix, expected in document["files"].items():
        file = path.with_suffix(suffix)
        try:
            contents[suffix] = _read(file)
        except FileNotFoundError:
            raise DamagedResult(f"{file}: missing") from None
        if hashlib.sha256(contents[suffix]).hexdigest() != expected:
            raise DamagedResult(f"{file}: its checksum does not match")
    return document, contents


def _outcome(document: dict[str, Any]) -> str:
    return checksum_of({
        key: document[key] for key in ("metrics", "table", "files")
    })


def _load_document(path: Path) -> dict[str, Any]:
    """Read a result's JSON file and verify it against its own checksum."""
    content = _read(path)
    try:
        document = decoder().decode(content.decode())
        if document["format"] != FORMAT:
            raise ValueError(f"its format is not {FORMAT}")
        if document["checksum"] != checksum_of(document):
            raise ValueError("its checksum does not match")
        for key in ("metrics", "table", "files", "stamp"):
            if not isinstance(document[key], dict):
                raise TypeError(f"its {key} are of another kind")
        if not set(document["files"]) <= {ARRAYS, WEIGHTS}:
            raise ValueError("it names files of an unknown kind")
        columns = document["table"].values()
        if not all(isinstance(column, list) for column in columns):
            raise TypeError("its table has columns of another kind")
        if len({len(column) for column in columns}) > 1:
            raise ValueError("columns of its table differ in length")
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise DamagedResult(
            f"{path}: torn, edited or no result ({error})"
        ) from None
    return document


def _read(path: Path) -> bytes:
    with path.open("rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        if size > LARGEST_FILE:
            raise DamagedResult(
                f"{path}: {size} bytes, more than the {LARGEST_FILE} allowed"
            )
        return file.readall()

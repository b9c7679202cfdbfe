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
import io
import json
import math
import os
import re
import zipfile
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

FORMAT = 1
ARRAYS, WEIGHTS = ".npz", ".weights.h5"
LARGEST_FILE = 64 * 2**20  # bytes
LARGEST_ARRAYS = 256 * 2**20  # bytes, unpacked


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
    _check(result)
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
    document["checksum"] = _checksum(document)
    files[path.suffix] = _as_text(document).encode()
    for suffix, content in files.items():
        if len(content) > LARGEST_FILE:
            raise ValueError(
                f"{path.with_suffix(suffix)} would have {len(content)} bytes, "
                f"more than the {LARGEST_FILE} allowed"
            )
    path.parent.mkdir(parents=True, exist_ok=True)
    _write_together({  # the JSON file is the last
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
    document["checksum"] = _checksum(document)
    write_atomically(path, _as_text(document).encode())


def load(path: Path) -> Stored:
    """Read a result, its arrays and its weights, each verified.

    Raises `FileNotFoundError` where there is none, and `DamagedResult` where
    it can't be trusted.
    """
    document, contents = _verified(path)
    result = Result(
        metrics=document["metrics"],
        table=document["table"],
        arrays=_unpack(contents[ARRAYS], path) if ARRAYS in contents else {},
        weights=contents.get(WEIGHTS),
    )
    return Stored(
        document["stamp"], document["checksum"], result, _outcome(document)
    )


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
    return _checksum({
        key: document[key] for key in ("metrics", "table", "files")
    })


def _load_document(path: Path) -> dict[str, Any]:
    """Read a result's JSON file and verify it against its own checksum."""
    content = _read(path)
    try:
        document = _decoder().decode(content.decode())
        if document["format"] != FORMAT:
            raise ValueError(f"its format is not {FORMAT}")
        if document["checksum"] != _checksum(document):
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


def pack_arrays(arrays: dict[str, np.ndarray]) -> bytes:
    """Write arrays as an .npz file that has the same bytes every time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(arrays):
            member = io.BytesIO()
            np.lib.format.write_array(
                member, np.asarray(arrays[name]), allow_pickle=False
            )
            # ZipInfo's own date is constant: no time of day in the bytes.
            info = zipfile.ZipInfo(f"{name}.npy")
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, member.getvalue())
    return buffer.getvalue()


def _unpack(content: bytes, path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            _refuse_claims(archive.zip)
            return {name: archive[name] for name in archive.files}
    except Exception as error:  # decoders and parsers raise nearly anything
        raise DamagedResult(
            f"{path.with_suffix(ARRAYS)}: can't be read ({error})"
        ) from error


def _refuse_claims(archive: zipfile.ZipFile) -> None:
    """Raise `ValueError` where arrays claim more bytes than they may have.

    No member is read any further than it claims to reach.
    """
    claimed = sum(member.file_size for member in archive.infolist())
    if claimed > LARGEST_ARRAYS:
        raise ValueError(
            f"{claimed} bytes unpacked, more than the {LARGEST_ARRAYS} allowed"
        )
    headers = {(1, 0): np.lib.format.read_array_header_1_0,
               (2, 0): np.lib.format.read_array_header_2_0}
    for member in archive.infolist():
        with archive.open(member) as file:
            read = headers[np.lib.format.read_magic(file)]
            shape, _, dtype = read(file)
        if math.prod(shape) * dtype.itemsize > member.file_size:
            raise ValueError(f"{member.filename} claims the shape {shape}")


def _check(result: Result) -> None:
    """Raise `ValueError` where a result is not what can be kept."""
    lengths = {name: len(column) for name, column in result.table.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"columns of a table differ in length: {lengths}")
    for name, value in (*result.metrics.items(), *result.table.items()):
        try:
            json.dumps(value, allow_nan=False)
        except ValueError:
            raise ValueError(
                f"{name} is {value}: only finite numbers can be kept"
            ) from None
    for name in result.arrays:
        if not name.isidentifier():
            raise ValueError(f"{name!r} is no name for an array")


def _checksum(document: dict[str, Any]) -> str:
    """Hash all of a document but its own checksum, in canonical form."""
    rest = {key: document[key] for key in document if key != "checksum"}
    return hashlib.sha256(_canonical().encode(rest).encode()).hexdigest()


# Made once: for thousands of small documents, to make them costs as much as
# to use them.
@lru_cache(maxsize=1)
def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(parse_constant=_refuse_constant)


@lru_cache(maxsize=1)
def _canonical() -> json.JSONEncoder:
    return json.JSONEncoder(
        sort_keys=True, separators=(",", ":"), allow_nan=False
    )


def _as_text(document: dict[str, Any]) -> str:
    """Write JSON with a key a line and each list on one line."""
    text = json.dumps(document, sort_keys=True, indent=1, allow_nan=False)
    # A line break in JSON text is layout: strings hold none.
    flat = re.sub(
        r"\[\n[^][{}]*\]", lambda found: re.sub(r"\n\s*", "", found[0]), text
    )
    return flat + "\n"


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number")


def _read(path: Path) -> bytes:
    with path.open("rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        if size > LARGEST_FILE:
            raise DamagedResult(
                f"{path}: {size} bytes, more than the {LARGEST_FILE} allowed"
            )
        return file.readall()


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file whole, or leave what was there.

    The temporary file is in the same folder, so that the renaming is atomic,
    and on the disk before it takes its name. It has one fixed name, so that
    what a killed process left is overwritten; the caller holds a lock.
    """
    _write_together({path: content})


def _write_together(contents: dict[Path, bytes]) -> None:
    """Write all files, in order, or leave what was there.

    The room on the disk is taken before the first of them takes its name.
    """
    temporaries = {
        path.with_name(f".{path.name}.tmp"): path for path in contents
    }
    try:
        for temporary, path in temporaries.items():
            with temporary.open("wb") as file:
                file.write(contents[path])
                file.flush()
                os.fsync(file.fileno())
        for temporary, path in temporaries.items():
            os.replace(temporary, path)
    except BaseException:
        for temporary in temporaries:
            temporary.unlink(missing_ok=True)
        raise

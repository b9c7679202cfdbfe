"""What a long run keeps of its state, so that a kill costs it an epoch at most.

A worker says where, with `keep_in`; a task saves its state after each epoch
and asks for it when it begins. Outside a worker nothing is kept. What is kept
belongs to one identity (config, code, data, libraries, processor): whatever
has another, or can't be read, counts as nothing.
"""

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from larder import store
from larder.fingerprint.reach import ignored

_IDENTITY = "identity"
_SAME_BITS = "a run that resumes ends with the bits of one that never stopped"

_file: Path | None = None
_identity = ""


@contextlib.contextmanager
def keep_in(file: Path | None, identity: str) -> Iterator[None]:
    """Keep the state of this process's run in `file`, or nowhere if None."""
    global _file, _identity
    _file, _identity = file, identity
    try:
        yield
    finally:
        _file, _identity = None, ""


@ignored(_SAME_BITS)
def save(state: list[np.ndarray]) -> None:
    """Keep the arrays, in the place of those kept before.

    On a machine of a cluster that does not share the folder nothing is kept.
    Nor is it where the disk is full, say: a run does not fail for that.
    """
    if _file is None or not _file.parent.is_dir():
        return
    arrays = {f"array_{i}": array for i, array in enumerate(state)}
    arrays[_IDENTITY] = np.frombuffer(_identity.encode(), np.uint8)
    with contextlib.suppress(OSError):
        store.write_atomically(_file, store.pack_arrays(arrays))


@ignored(_SAME_BITS)
def load() -> list[np.ndarray] | None:
    """Give the arrays that this very run kept, or None."""
    if _file is None:
        return None
    try:
        with np.load(io.BytesIO(_file.read_bytes())) as archive:
            arrays = {name: archive[name] for name in archive.files}
        if arrays.pop(_IDENTITY).tobytes() != _identity.encode():
            return None
        return [arrays[f"array_{i}"] for i in range(len(arrays))]
    except Exception:  # decoders and parsers raise nearly anything
        return None

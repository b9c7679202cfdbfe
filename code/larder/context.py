"""What a task is given beside its config: someone to tell, and a memory.

Neither can change what comes out: a run that resumes ends with the bits of one
that never stopped.
"""

import contextlib
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np

from larder import files, packing

_IDENTITY = "identity"


class Context:
    """Tells how far a run is, and keeps what a kill would lose of it.

    `listener` is told the steps (epochs, say) done and in all. The state lies
    in `file` and belongs to one `identity` (config, code, data, libraries,
    processor): what has another, or can't be read, counts as nothing. Without
    either, nothing is told or kept.
    """

    def __init__(
        self, listener: Callable[[int, int], object] | None = None,
        file: Path | None = None, identity: str = "",
    ):
        """Begin; nothing is read or written."""
        self._listener, self._file = listener, file
        self._identity = identity.encode()

    def report(self, done: int, total: int) -> None:
        """Say that `done` of `total` steps of the run have ended."""
        if self._listener is not None:
            self._listener(done, total)

    def save(self, state: list[np.ndarray]) -> None:
        """Keep the arrays, in the place of those kept before.

        On a machine of a cluster that does not share the folder nothing is
        kept. Nor is it where the disk is full, say: a run does not fail for
        that.
        """
        if self._file is None or not self._file.parent.is_dir():
            return
        arrays = {f"array_{i}": array for i, array in enumerate(state)}
        arrays[_IDENTITY] = np.frombuffer(self._identity, np.uint8)
        with contextlib.suppress(OSError):
            files.write_atomically(self._file, packing.pack_arrays(arrays))

    def load(self) -> list[np.ndarray] | None:
        """Give the arrays that this very run kept, or None."""
        if self._file is None:
            return None
        try:
            with np.load(io.BytesIO(self._file.read_bytes())) as archive:
                arrays = {name: archive[name] for name in archive.files}
            if arrays.pop(_IDENTITY).tobytes() != self._identity:
                return None
            return [arrays[f"array_{i}"] for i in range(len(arrays))]
        except Exception:  # decoders and parsers raise nearly anything
            return None


# Tells nobody, keeps nothing.
NOWHERE = Context()

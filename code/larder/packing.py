"""Named arrays as the bytes of an .npz file: always the same, never pickled."""

import io
import math
import zipfile

import numpy as np

LARGEST_ARRAYS = 256 * 2**20  # bytes, unpacked


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


def unpack_arrays(content: bytes) -> dict[str, np.ndarray]:
    """Read the arrays of an .npz file.

    What is damaged raises nearly anything, and what claims more bytes than
    `LARGEST_ARRAYS` or than it has `ValueError`, before it takes memory.
    """
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        _refuse_claims(archive.zip)
        return {name: archive[name] for name in archive.files}


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

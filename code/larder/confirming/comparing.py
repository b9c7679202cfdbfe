"""What comes out of two rehearsals, compared bit for bit."""

import io
import json

import numpy as np


def difference(one: dict, other: dict) -> str | None:
    """Name the first thing in which two outcomes differ, and by how much.

    None where every number has the same bits.
    """
    return (
        _apart("metrics", one["metrics"], other["metrics"], _numbers_apart)
        or _apart("table", one["table"], other["table"], _columns_apart)
        or _apart("arrays", one["arrays"], other["arrays"], _arrays_apart)
        or _weights_apart(one["weights"], other["weights"])
    )


def _apart(part: str, one: dict, other: dict, compare) -> str | None:
    for name in sorted(one.keys() | other.keys()):
        if name not in one or name not in other:
            which = "appears" if name in other else "is gone"
            return f"{part}: {name} {which}"
        if found := compare(one[name], other[name]):
            return f"{part}: {name} {found}"
    return None


def _numbers_apart(one, other) -> str | None:
    # As text, since 1 and 1.0 are stored differently.
    if json.dumps(one) == json.dumps(other):
        return None
    found = f"was {one!r}, is {other!r}"
    if isinstance(one, int | float) and isinstance(other, int | float):
        found += f" ({other - one:+.2g})"
    return found


def _columns_apart(one: list, other: list) -> str | None:
    if len(one) != len(other):
        return f"had {len(one)} rows, has {len(other)}"
    for row, pair in enumerate(zip(one, other, strict=True), start=1):
        if found := _numbers_apart(*pair):
            return f"in row {row} {found}"
    return None


def _arrays_apart(one: np.ndarray, other: np.ndarray) -> str | None:
    kinds = [f"{a.dtype.str} {a.shape}" for a in (one, other)]
    if kinds[0] != kinds[1]:
        return f"was {kinds[0]}, is {kinds[1]}"
    if one.tobytes() == other.tobytes():
        return None
    apart = np.abs(one.astype(np.float64) - other.astype(np.float64))
    return (
        f"differs in {np.count_nonzero(one != other)} of {one.size} numbers, "
        f"by up to {np.max(apart):.2g}"
    )


def _weights_apart(one: bytes | None, other: bytes | None) -> str | None:
    if one == other:
        return None
    if one is None or other is None:
        return f"weights: are {'gone' if other is None else 'new'}"
    try:
        arrays = [_arrays_in(weights) for weights in (one, other)]
    except OSError:  # no HDF5
        return f"weights: differ ({len(one)} and {len(other)} bytes)"
    return _apart("weights", *arrays, _arrays_apart)


def _arrays_in(weights: bytes) -> dict[str, np.ndarray]:
    import h5py

    # An optimiser's state is no part of a network; once it was stored as well.
    with h5py.File(io.BytesIO(weights), "r") as file:
        names: list[str] = []
        file.visit(names.append)
        return {
            name: file[name][()] for name in names
            if isinstance(file[name], h5py.Dataset)
            and not name.startswith("optimizer/")
        }

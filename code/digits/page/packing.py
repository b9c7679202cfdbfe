"""What the page carries: scripts of code/page, and arrays as text for them."""

import base64
import json
import zlib

import numpy as np

from digits import paths

SCRIPTS = paths.CODE / "page"
# What the worker is made of, in this order.
WORKER = ("unpack.js", "networks.js", "form.js", "worker.js")


def script(*names: str) -> str:
    """Read scripts of code/page as one."""
    return "\n".join(
        (SCRIPTS / name).read_text(encoding="utf-8") for name in names
    )


def packed(arrays: dict[str, np.ndarray]) -> str:
    """Write arrays as JSON for `unpack` in code/page/unpack.js.

    `listed` has [name, type, shape] of each, in the order in which their
    numbers lie in `file`: so many `bytes` of zlib, in Python's base 85, which is
    a sixteenth shorter than base 64. Raises `ValueError` for types that the
    script does not know.
    """
    for name, array in arrays.items():
        if array.dtype not in (np.int8, np.uint8, np.float32):
            raise ValueError(f"{name} is of type {array.dtype}")
    # A typed array begins at a multiple of its numbers' size: large ones first.
    names = sorted(arrays, key=lambda name: (-arrays[name].itemsize, name))
    content = b"".join(
        np.ascontiguousarray(arrays[name]).astype(
            arrays[name].dtype.newbyteorder("<")
        ).tobytes()
        for name in names
    )
    compressed = zlib.compress(content, 9)
    return json.dumps({
        "listed": [
            [name, arrays[name].dtype.name, list(arrays[name].shape)]
            for name in names
        ],
        "bytes": len(compressed),
        "file": base64.b85encode(compressed, pad=True).decode(),
    })

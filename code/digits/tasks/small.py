"""Fewer images than MNIST has, for rehearsals.

Run with the code of any version (see `larder.confirming.rehearse`), so nothing
of the package is imported here but what every version has.
"""

import contextlib
from collections.abc import Iterator


@contextlib.contextmanager
def in_small(train: int, test: int) -> Iterator[None]:
    """Let tasks find the first training and test images alone."""
    from digits import data

    read_arrays = data.read_arrays
    counts = {"train": train, "test": test}
    whole = read_arrays()
    data.read_arrays = lambda: {
        name: array[: counts[name.partition("_")[2]]]
        for name, array in whole.items()
    }
    try:
        yield
    finally:
        data.read_arrays = read_arrays

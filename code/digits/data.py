"""MNIST: found, verified, split and scaled.

The four arrays are known by the SHA-256 of their IDX form, the format of the
original distribution: a header of the magic number and each dimension as four
bytes, big-endian, then the raw bytes. Whatever container they come in, arrays
with other sums are never used.
"""

import hashlib
import os
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock

from digits import paths
from larder import files, ignored, packing

ENVIRONMENT_VARIABLE = "DIGITS_MNIST"

# Keras's own copy, and the SHA-256 of that file.
ORIGIN = (
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
)
ORIGIN_SHA256 = (
    "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
)

# SHA-256 of the original distribution's files, uncompressed.
SHA256 = {
    "x_train": "ba891046e6505d7aadcbbe25680a0738"
    "ad16aec93bde7f9b65e87a2fc25776db",
    "y_train": "65a50cbbf4e906d70832878ad85ccda5"
    "333a97f0f4c3dd2ef09a8a9eef7101c5",
    "x_test": "0fa7898d509279e482958e8ce81c8e77"
    "db3f2f8254e26661ceb7762c4d494ce7",
    "y_test": "ff7bcfd416de33731a308c3f266cc351"
    "222c34898ecbeaf847f06e48f7ec33f2",
}
SHAPES = {
    "x_train": (60_000, 28, 28),
    "y_train": (60_000,),
    "x_test": (10_000, 28, 28),
    "y_test": (10_000,),
}

CLASSES = 10
VALIDATION_SIZE = 5_000
SPLIT_SEED = 405


class DataError(Exception):
    """MNIST is missing or is not what it should be."""


@dataclass(frozen=True)
class Part:
    """Images and their labels.

    `images` are float32 in [0, 1] of shape (n, 28, 28, 1): the last axis is
    the single grey channel that convolutions ask for. `labels` are int64
    from 0 to 9 of shape (n,).
    """

    images: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class Mnist:
    """The parts of MNIST that a run may use.

    `validation` is None where all 60,000 images are for training. The test
    images are scored only after every choice stands.
    """

    train: Part
    validation: Part | None
    test: Part


def digest() -> str:
    """Give the one digest that stands for all four arrays."""
    return hashlib.sha256("".join(SHA256.values()).encode()).hexdigest()


def load_mnist(held_out: int = 0) -> Mnist:
    """Load MNIST, scaled to [0, 1].

    Of the 60,000 training images, `held_out` are the validation split, drawn
    by class in the training set's own proportions with a fixed seed; without,
    all are for training and `validation` is None. Raises `DataError` where
    the arrays can't be had or fail their checks.
    """
    arrays = read_arrays()
    images, labels = arrays["x_train"], arrays["y_train"]
    test = _part(arrays["x_test"], arrays["y_test"])
    if not held_out:
        return Mnist(_part(images, labels), None, test)
    mask = validation_mask(labels, held_out)
    return Mnist(
        train=_part(images[~mask], labels[~mask]),
        validation=_part(images[mask], labels[mask]),
        test=test,
    )


def validation_mask(
    labels: np.ndarray, size: int = VALIDATION_SIZE, seed: int = SPLIT_SEED
) -> np.ndarray:
    """Mark `size` of the labels, shape (n,), stratified by class.

    Each class gets its share of `size`, rounded by largest remainders, so
    that the shares add up. Returns booleans of shape (n,). Raises
    `ValueError` unless 0 <= size <= n.
    """
    if not 0 <= size <= len(labels):
        raise ValueError(
            f"size of the validation split is {size}: from 0 to the "
            f"{len(labels)} labels are allowed"
        )
    classes, counts = np.unique(labels, return_counts=True)
    exact = counts * size / max(len(labels), 1)
    shares = exact.astype(int)
    largest = np.argsort(shares - exact, kind="stable")
    shares[largest[: size - shares.sum()]] += 1
    generator = np.random.default_rng(seed)
    mask = np.zeros(len(labels), dtype=bool)
    for label, share in zip(classes, shares, strict=True):
        members = np.flatnonzero(labels == label)
        mask[generator.choice(members, size=share, replace=False)] = True
    return mask


def _part(images: np.ndarray, labels: np.ndarray) -> Part:
    return Part(scale(images), labels.astype(np.int64))


def scale(images: np.ndarray) -> np.ndarray:
    """Turn bytes of shape (n, 28, 28) into float32 in [0, 1], (n, 28, 28, 1).

    As the course notebook does it, channel last.
    """
    scaled = images[..., np.newaxis].astype(np.float32)
    scaled /= 255
    return scaled


def one_hot(labels: np.ndarray) -> np.ndarray:
    """Turn labels of shape (n,) into float32 indicators of shape (n, 10)."""
    return np.eye(CLASSES, dtype=np.float32)[labels]


@ignored("the arrays are verified by SHA-256, wherever they came from")
def read_arrays() -> dict[str, np.ndarray]:
    """Read the four arrays of bytes, from the first place that has them.

    The places: the file named in the environment variable `DIGITS_MNIST`,
    `data/mnist.npz`, Keras's own cache and download.
    """
    path = locate()
    return read_file(path) if path else read_file(fetch())


def locate() -> Path | None:
    """Name the file that holds MNIST, or None where none is at hand yet.

    Raises `DataError` where `DIGITS_MNIST` names no file.
    """
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    if named and not Path(named).is_file():
        raise DataError(
            f"{ENVIRONMENT_VARIABLE} names {named}, which is no file: let it "
            "name an mnist.npz, or unset it"
        )
    path = Path(named) if named else paths.DATA / "mnist.npz"
    return path if path.is_file() else None


def fetch() -> Path:
    """Get MNIST by Keras's own cache and download, into `data/mnist.npz`.

    What Keras gives is verified before it is written, and written whole.
    Raises `DataError` where it can't be had, or is not MNIST.
    """
    import keras

    target = paths.DATA / "mnist.npz"
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(target.with_name(".mnist.lock")):
        if target.is_file():
            return target
        try:
            # Not by `load_data`: a worker's Keras has no home to cache it in.
            arrays = read_file(Path(keras.utils.get_file(
                "mnist.npz", ORIGIN, file_hash=ORIGIN_SHA256,
                cache_dir=Path.home() / ".keras",
            )))
        except Exception as error:
            raise DataError(
                f"MNIST is not at hand and Keras can't download it ({error}): "
                f"put mnist.npz at {target}, or let {ENVIRONMENT_VARIABLE} "
                "name one"
            ) from error
        files.write_atomically(target, packing.pack_arrays(arrays))
    return target


def read_file(path: Path) -> dict[str, np.ndarray]:
    """Read and verify an `.npz` file of the four arrays; `DataError` if bad.

    Nothing is unpacked before its claimed shape and type are right, and
    nothing is ever unpickled.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return verify(
                {name: _read_member(archive, name, path) for name in SHAPES},
                str(path),
            )
    except DataError:
        raise
    except Exception as error:
        # What is damaged can make zipfile, its decoders and NumPy's parser
        # of headers raise nearly anything.
        raise DataError(f"{path} can't be read: {error}") from error


def _read_member(
    archive: zipfile.ZipFile, name: str, path: Path
) -> np.ndarray:
    """Read one array, after a look at its header alone."""
    if f"{name}.npy" not in archive.namelist():
        raise DataError(f"{path} has no array {name!r}: it is not MNIST")
    with archive.open(f"{name}.npy") as member:
        version = np.lib.format.read_magic(member)
        if version != (1, 0):
            raise DataError(f"{path}: {name} has format {version}, not 1.0")
        shape, _, dtype = np.lib.format.read_array_header_1_0(member)
        if (shape, dtype) != (SHAPES[name], np.uint8):
            raise DataError(
                f"{path}: {name} is {dtype} of shape {shape}, and uint8 of "
                f"shape {SHAPES[name]} is wanted"
            )
        size = int(np.prod(shape))
        content = member.read(size)
        if len(content) != size or member.read(1):
            raise DataError(f"{path}: {name} is not {size} bytes long")
    return np.frombuffer(content, dtype=np.uint8).reshape(shape)


def verify(
    arrays: dict[str, np.ndarray], origin: str
) -> dict[str, np.ndarray]:
    """Return the arrays if each has its SHA-256; else raise `DataError`."""
    for name, expected in SHA256.items():
        dtype = getattr(arrays[name], "dtype", None)
        if dtype != np.uint8:
            raise DataError(f"{origin}: {name} is {dtype}, not uint8")
        found = idx_sha256(arrays[name])
        if found != expected:
            raise DataError(
                f"{origin}: {name} is not MNIST's: its SHA-256 is {found}, "
                f"and {expected} is wanted; remove it or get it again"
            )
    return arrays


def idx_sha256(array: np.ndarray) -> str:
    """Hash an array of uint8 as the IDX file that would hold it."""
    magic = bytes([0, 0, 8, array.ndim])
    header = magic + struct.pack(f">{array.ndim}I", *array.shape)
    return hashlib.sha256(header + array.tobytes()).hexdigest()

"""MNIST: where it comes from, what is refused, how it is split."""

import io
import struct
import sys
import tracemalloc
import types
import zipfile
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digits import data, paths
from digits.data import DataError
from larder import packing


def small_arrays():
    generator = np.random.default_rng(0)
    return {
        "x_train": generator.integers(0, 256, (60, 4, 4), dtype=np.uint8),
        "y_train": generator.integers(0, 10, 60, dtype=np.uint8),
        "x_test": generator.integers(0, 256, (20, 4, 4), dtype=np.uint8),
        "y_test": generator.integers(0, 10, 20, dtype=np.uint8),
    }


@pytest.fixture
def small_mnist(monkeypatch):
    """Put four small arrays in MNIST's place, their checksums with them."""
    arrays = small_arrays()
    shapes = {name: array.shape for name, array in arrays.items()}
    sums = {name: data.idx_sha256(array) for name, array in arrays.items()}
    monkeypatch.setattr(data, "SHAPES", shapes)
    monkeypatch.setattr(data, "SHA256", sums)
    return arrays


@pytest.fixture
def places(tmp_path, monkeypatch, small_mnist):
    """Move the repository's data folder away; forget any MNIST at hand."""
    monkeypatch.setattr(paths, "DATA", tmp_path / "data")
    monkeypatch.delenv(data.ENVIRONMENT_VARIABLE, raising=False)
    monkeypatch.setitem(sys.modules, "keras", fake_keras(OSError("no network")))
    return tmp_path


def fake_keras(outcome):
    """Make a module that downloads `outcome`: four arrays or an exception."""

    def get_file(name, origin, *, file_hash, cache_dir):
        keras.calls += 1
        if isinstance(outcome, Exception):
            raise outcome
        path = data.paths.DATA.with_name(name)
        np.savez(path, **dict(zip(data.SHAPES, outcome, strict=False)))
        return str(path)

    keras = types.ModuleType("keras")
    keras.calls = 0
    keras.utils = types.SimpleNamespace(get_file=get_file)
    return keras


def use_keras(monkeypatch, outcome):
    keras = fake_keras(outcome)
    monkeypatch.setitem(sys.modules, "keras", keras)
    return keras


def npy(array, version=(1, 0), allow_pickle=False):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version, allow_pickle)
    return buffer.getvalue()


def npz(members):
    """Zip up the bytes of each member."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return buffer.getvalue()


def header_claiming(shape, content=b""):
    """Write an .npy of uint8 whose header claims a shape."""
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}}}"
    header = header.ljust(117) + "\n"
    return (
        b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header))
        + header.encode() + content
    )


def assert_equal(found, expected):
    assert list(found) == list(expected)
    for name in expected:
        np.testing.assert_array_equal(found[name], expected[name])
        assert found[name].dtype == np.uint8


# Where MNIST comes from.


def test_places_are_tried_in_order(places, monkeypatch, small_mnist):
    keras = use_keras(monkeypatch, tuple(small_mnist.values()))
    named = places / "named.npz"
    named.write_bytes(packing.pack_arrays(small_mnist))
    kept = paths.DATA / "mnist.npz"

    monkeypatch.setenv(data.ENVIRONMENT_VARIABLE, str(named))
    assert data.locate() == named
    assert_equal(data.read_arrays(), small_mnist)
    assert (keras.calls, kept.exists()) == (0, False)

    monkeypatch.delenv(data.ENVIRONMENT_VARIABLE)
    assert data.locate() is None
    assert_equal(data.read_arrays(), small_mnist)
    assert (keras.calls, data.locate()) == (1, kept)

    assert_equal(data.read_arrays(), small_mnist)
    assert keras.calls == 1
    monkeypatch.setenv(data.ENVIRONMENT_VARIABLE, str(named))
    assert data.locate() == named


def test_a_name_that_is_no_file_is_an_error_not_a_download(
    places, monkeypatch, small_mnist
):
    keras = use_keras(monkeypatch, tuple(small_mnist.values()))
    monkeypatch.setenv(data.ENVIRONMENT_VARIABLE, str(places / "absent.npz"))
    with pytest.raises(DataError, match=r"DIGITS_MNIST names .*absent\.npz"):
        data.read_arrays()
    assert keras.calls == 0


def test_no_file_and_no_network(places):
    with pytest.raises(DataError, match=r"can't download it \(no network\)"):
        data.read_arrays()
    assert not (paths.DATA / "mnist.npz").exists()


def test_a_download_is_written_whole_with_nothing_beside_it(
    places, monkeypatch, small_mnist
):
    use_keras(monkeypatch, tuple(small_mnist.values()))
    path = data.fetch()
    assert_equal(data.read_file(path), small_mnist)
    visible = [p.name for p in paths.DATA.iterdir() if p.name[0] != "."]
    assert visible == ["mnist.npz"]
    assert not list(paths.DATA.glob(".*.tmp"))


def other_bytes(arrays):
    arrays[0][0, 0, 0] ^= 1


def other_type(arrays):
    # The same bytes, read as signed.
    arrays[0] = arrays[0].view(np.int8)


def other_shape(arrays):
    arrays[0] = arrays[0].reshape(-1)


def swapped(arrays):
    arrays[0], arrays[2] = arrays[2], arrays[0]


def no_array(arrays):
    arrays[3] = None


@pytest.mark.parametrize(
    "spoil", [other_bytes, other_type, other_shape, swapped, no_array]
)
def test_a_bad_download_is_refused_before_it_is_written(
    places, monkeypatch, small_mnist, spoil
):
    arrays = [array.copy() for array in small_mnist.values()]
    spoil(arrays)
    use_keras(monkeypatch, tuple(arrays))
    with pytest.raises(DataError, match="Keras"):
        data.read_arrays()
    assert not list(paths.DATA.glob("*.npz"))


@pytest.mark.parametrize("outcome", [(), (1, 2, 3), (1, 2, 3, 4, 5)])
def test_a_download_of_another_form_is_refused(places, monkeypatch, outcome):
    use_keras(monkeypatch, outcome)
    with pytest.raises(DataError, match="Keras"):
        data.fetch()


def test_a_good_file_is_never_overwritten(places, monkeypatch, small_mnist):
    keras = use_keras(monkeypatch, tuple(small_mnist.values()))
    kept = data.fetch()
    before = kept.read_bytes(), kept.stat().st_mtime_ns
    assert data.fetch() == kept
    assert (kept.read_bytes(), kept.stat().st_mtime_ns) == before
    assert keras.calls == 1


def test_a_bad_file_is_neither_used_nor_replaced(
    places, monkeypatch, small_mnist
):
    keras = use_keras(monkeypatch, tuple(small_mnist.values()))
    paths.DATA.mkdir()
    kept = paths.DATA / "mnist.npz"
    kept.write_bytes(b"no archive")
    with pytest.raises(DataError, match=r"mnist\.npz"):
        data.read_arrays()
    assert kept.read_bytes() == b"no archive"
    assert keras.calls == 0


# Bad files.


def bad_files(arrays):
    """Name each kind of bad file, with its bytes and what is said of it."""
    good = {name: npy(array) for name, array in arrays.items()}
    x, y = arrays["x_train"], arrays["y_train"]

    def but(**members):
        return npz(good | members)

    flipped = x.copy()
    flipped[3, 2, 1] ^= 1
    objects = np.array([None, "pickle"], dtype=object)
    return {
        "empty": (b"", "can't be read"),
        "no zip": (b"MNIST " * 100, "can't be read"),
        "a single array": (npy(x), "can't be read"),
        "empty zip": (npz({}), "no array 'x_train'"),
        "missing array": (
            npz({name: good[name] for name in list(good)[:3]}),
            "no array 'y_test'",
        ),
        "flipped byte in an array": (but(x_train=npy(flipped)), "SHA-256"),
        "wrong shape": (but(x_train=npy(x[1:])), "x_train is uint8 of shape"),
        "flat": (but(x_train=npy(x.reshape(-1))), "x_train is uint8 of shape"),
        "wrong dtype": (but(y_train=npy(y.astype(np.int64))), "is int64"),
        "signed bytes": (but(y_train=npy(y.view(np.int8))), "is int8"),
        "floats": (but(x_train=npy(x / 255)), "is float64"),
        "swapped arrays": (
            npz(good | {"x_train": good["x_test"],
                        "x_test": good["x_train"]}),
            "of shape",
        ),
        "column-major": (but(x_train=npy(np.asfortranarray(x))), "SHA-256"),
        "pickled objects": (
            but(y_test=npy(objects, allow_pickle=True)), "is object"
        ),
        "pickle alone": (but(y_test=b"\x80\x04K\x01."), "can't be read"),
        "newer .npy format": (but(y_test=npy(y, (2, 0))), "format"),
        "claims gigabytes": (
            but(x_train=header_claiming((10**6, 10**4))), "of shape"
        ),
        "claims negative size": (
            but(x_train=header_claiming((-1, 4, 4))), "of shape|can't be read"
        ),
        "shorter than it claims": (
            but(x_train=good["x_train"][:-1]), "not 960 bytes"
        ),
        "longer than it claims": (
            but(x_train=good["x_train"] + b"\0"), "not 960 bytes"
        ),
        "header of nonsense": (
            but(x_train=b"\x93NUMPY\x01\x00\x04\x00[(('"), "can't be read"
        ),
        "header too short": (
            but(x_train=b"\x93NUMPY\x01\x00\xff\xff{}"), "can't be read"
        ),
    }


BAD_FILES = bad_files(small_arrays())


@pytest.mark.parametrize(
    ("content", "said"), BAD_FILES.values(), ids=BAD_FILES
)
def test_a_bad_file_is_refused(tmp_path, small_mnist, content, said):
    path = tmp_path / "mnist.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=said) as caught:
        data.read_file(path)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == content


def test_a_good_file_is_read(tmp_path, small_mnist):
    path = tmp_path / "mnist.npz"
    np.savez(path, **small_mnist)
    assert_equal(data.read_file(path), small_mnist)
    np.savez_compressed(path, **small_mnist, more=np.zeros(3))
    assert_equal(data.read_file(path), small_mnist)


def test_a_folder_is_no_file(tmp_path, small_mnist):
    with pytest.raises(DataError, match="can't be read"):
        data.read_file(tmp_path)


def test_an_archive_of_gigabytes_takes_no_memory(
    tmp_path, small_mnist
):
    """A bomb whose header is right is read no further than it should be."""
    good = npy(small_mnist["x_train"])
    path = tmp_path / "bomb.npz"
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    size, block = 2**28, bytes(2**20)
    squeezed = compressor.compress(good)
    squeezed += b"".join(
        compressor.compress(block) for _ in range(size // len(block))
    )
    squeezed += compressor.flush()
    name = b"x_train.npy"
    fields = struct.pack(
        "<HHHHHIIIHH", 20, 0, 8, 0, 33, 0, len(squeezed),
        len(good) + size, len(name), 0,
    )
    local = b"PK\3\4" + fields + name
    central = (
        b"PK\1\2\x14\0" + fields + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name
    )
    path.write_bytes(
        local + squeezed + central
        + b"PK\5\6" + struct.pack(
            "<HHHHIIH", 0, 0, 1, 1, len(central), len(local) + len(squeezed), 0
        )
    )
    with zipfile.ZipFile(path) as archive:
        assert archive.infolist()[0].file_size > size

    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="x_train is not 960 bytes"):
            data.read_file(path)
        assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    finally:
        tracemalloc.stop()


def test_a_truncated_file_is_refused_at_every_length(tmp_path, small_mnist):
    content = packing.pack_arrays(small_mnist)
    path = tmp_path / "mnist.npz"
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        with pytest.raises(DataError):
            data.read_file(path)


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("masks", [
    (0x01,), pytest.param((0x01, 0xFF), marks=pytest.mark.long),
])
def test_a_flipped_byte_is_refused_or_harmless(
    tmp_path, small_mnist, compressed, masks
):
    """Harmless are bytes that hold dates and the like."""
    path = tmp_path / "mnist.npz"
    (np.savez_compressed if compressed else np.savez)(path, **small_mnist)
    content = bytearray(path.read_bytes())
    refused = 0
    # Each byte of the headers and of a part of the arrays.
    for place in range(len(content)):
        if place % 5 and 300 < place < len(content) - 500:
            continue
        for mask in masks:
            content[place] ^= mask
            path.write_bytes(content)
            try:
                assert_equal(data.read_file(path), small_mnist)
            except DataError:
                refused += 1
            content[place] ^= mask
    assert refused > 300


# The split.

labels = st.lists(st.integers(0, 9), max_size=300).map(
    lambda items: np.array(items, dtype=np.uint8)
)


@given(labels, st.floats(0, 1), st.integers(0, 2**32))
def test_the_split_is_exact_stratified_and_repeatable(labels, share, seed):
    size = round(share * len(labels))
    mask = data.validation_mask(labels, size, seed)
    assert mask.dtype == bool
    assert mask.shape == labels.shape
    assert mask.sum() == size
    for digit in np.unique(labels):
        wanted = (labels == digit).sum() * size / len(labels)
        assert abs((labels[mask] == digit).sum() - wanted) < 1
    again = data.validation_mask(labels.copy(), size, seed)
    np.testing.assert_array_equal(mask, again)


@given(labels, st.integers())
def test_a_split_of_impossible_size_is_refused(labels, size):
    if 0 <= size <= len(labels):
        size = len(labels) + 1 + size
    with pytest.raises(ValueError, match=f"validation split is {size}"):
        data.validation_mask(labels, size)


def test_another_seed_is_another_split():
    labels = np.arange(1000) % 10
    masks = [data.validation_mask(labels, 100, seed) for seed in (1, 2)]
    assert (masks[0] != masks[1]).any()


def test_the_split_asks_nothing_of_the_global_generator():
    labels = np.arange(1000) % 10
    np.random.seed(7)
    first, draw = data.validation_mask(labels, 100), np.random.random()
    np.random.seed(8)
    second = data.validation_mask(labels, 100)
    np.testing.assert_array_equal(first, second)
    np.random.seed(7)
    assert np.random.random() == draw


def test_parts_are_disjoint_and_complete(monkeypatch):
    arrays = {
        # Each image holds its own number.
        "x_train": np.arange(6000).astype(">u2").view(np.uint8).reshape(
            6000, 1, 2
        ),
        "y_train": (np.arange(6000) % 10).astype(np.uint8),
        "x_test": np.zeros((10, 1, 2), np.uint8),
        "y_test": np.arange(10).astype(np.uint8),
    }
    monkeypatch.setattr(data, "read_arrays", lambda: arrays)
    mnist = data.load_mnist(data.VALIDATION_SIZE)
    rows = np.concatenate([mnist.train.images, mnist.validation.images])
    numbers = np.rint(rows * 255).astype(int).reshape(-1, 2) @ [256, 1]
    np.testing.assert_array_equal(np.sort(numbers), np.arange(6000))
    digits = np.concatenate([mnist.train.labels, mnist.validation.labels])
    np.testing.assert_array_equal(digits, numbers % 10)
    assert len(mnist.validation.labels) == data.VALIDATION_SIZE

    whole = data.load_mnist()
    assert whole.validation is None
    np.testing.assert_array_equal(whole.train.labels, arrays["y_train"])
    np.testing.assert_array_equal(
        whole.train.images, data.scale(arrays["x_train"])
    )


# Scaling.


def test_scaling_divides_by_255_and_adds_a_channel():
    images = np.arange(256, dtype=np.uint8).reshape(4, 8, 8)
    before = images.copy()
    scaled = data.scale(images)
    assert scaled.shape == (4, 8, 8, 1)
    assert scaled.dtype == np.float32
    np.testing.assert_array_equal(
        scaled[..., 0], images.astype(np.float32) / np.float32(255)
    )
    assert (scaled.min(), scaled.max()) == (0, 1)
    np.testing.assert_array_equal(images, before)


def test_one_hot_has_a_single_one_at_the_label():
    labels = np.array([3, 0, 9, 3])
    indicators = data.one_hot(labels)
    assert indicators.dtype == np.float32
    assert indicators.shape == (4, 10)
    np.testing.assert_array_equal(indicators.sum(axis=1), 1)
    np.testing.assert_array_equal(indicators.argmax(axis=1), labels)


def test_the_digest_follows_each_checksum(monkeypatch):
    digests = {data.digest()}
    for name in data.SHA256:
        with monkeypatch.context() as patch:
            patch.setitem(data.SHA256, name, "0" * 64)
            digests.add(data.digest())
    assert len(digests) == 1 + len(data.SHA256)


# The real thing.


def test_real_mnist_is_split_55000_5000_10000(mnist_file):
    mnist = data.load_mnist(data.VALIDATION_SIZE)
    parts = (mnist.train, mnist.validation, mnist.test)
    assert [len(part.labels) for part in parts] == [55_000, 5_000, 10_000]
    for part in parts:
        assert part.images.shape == (len(part.labels), 28, 28, 1)
        assert part.images.dtype == np.float32
        assert (part.images.min(), part.images.max()) == (0, 1)
        assert part.labels.dtype == np.int64
        assert set(part.labels) == set(range(10))
    counts = [np.bincount(part.labels) for part in parts[:2]]
    exact = (counts[0] + counts[1]) * 5_000 / 60_000
    assert (abs(counts[1] - exact) < 1).all()


def test_real_mnist_whole(mnist_file):
    mnist = data.load_mnist()
    assert mnist.train.images.shape == (60_000, 28, 28, 1)
    assert mnist.validation is None
    assert mnist.train.labels[:5].tolist() == [5, 0, 4, 1, 9]


def test_real_mnist_with_one_pixel_changed_is_refused(mnist_file):
    arrays = {name: a.copy() for name, a in data.read_arrays().items()}
    arrays["x_test"][9_999, 27, 27] += 1
    with pytest.raises(DataError, match="x_test is not MNIST's"):
        data.verify(arrays, "the changed one")

"""Results on disk: what is written comes back, or is known to be damaged."""

import hashlib
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as stn

from larder import Result, files, store
from larder.store import DamagedResult

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
NUMBERS = st.one_of(
    st.none(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
)
CELLS = st.one_of(NUMBERS, st.text(max_size=9), st.lists(st.integers()))
DTYPES = st.one_of(
    stn.boolean_dtypes(), stn.integer_dtypes(), stn.floating_dtypes(),
    stn.complex_number_dtypes(), stn.unicode_string_dtypes(max_len=4),
)
ARRAYS = DTYPES.flatmap(
    lambda dtype: stn.arrays(
        dtype, stn.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)
    )
)


@st.composite
def results_of_any_kind(draw):
    rows = draw(st.integers(0, 4))
    column = st.lists(CELLS, min_size=rows, max_size=rows)
    return Result(
        metrics=draw(st.dictionaries(st.text(max_size=9), NUMBERS, max_size=4)),
        table=draw(st.dictionaries(st.text(max_size=9), column, max_size=3)),
        arrays=draw(st.dictionaries(NAMES, ARRAYS, max_size=3)),
        weights=draw(st.none() | st.binary(max_size=40)),
    )


STAMP = {"config": {"seed": 1, "units": [64, 64]}, "seconds": 1.5}
SMALL = Result(
    metrics={"accuracy": 0.5, "none": None},
    table={"epoch": [1, 2], "name": ["a[", "]\nb"]},
    arrays={"draws": np.arange(3.0)},
    weights=b"not really HDF5",
)


def assert_same(found: Result, expected: Result) -> None:
    assert found.metrics == expected.metrics
    assert found.table == expected.table
    assert found.weights == expected.weights
    assert found.arrays.keys() == expected.arrays.keys()
    for name, array in expected.arrays.items():
        assert found.arrays[name].dtype == array.dtype
        assert found.arrays[name].shape == array.shape
        assert found.arrays[name].tobytes() == array.tobytes()


def everything_in(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir()}


@pytest.fixture
def path(results):
    return store.path_of(results, "toys", "run-1_factor-5.6e-06")


@pytest.fixture
def saved(path):
    store.save(path, SMALL, STAMP)
    return path


# What is written comes back.


@given(results_of_any_kind())
@settings(max_examples=100)
def test_a_result_comes_back(path, result):
    returned = store.save(path, result, STAMP)
    loaded = store.load(path)
    assert_same(loaded.result, result)
    assert loaded.stamp == STAMP
    assert loaded.checksum == returned.checksum


@given(results_of_any_kind())
def test_the_same_result_has_the_same_bytes(path, result):
    store.save(path, result, STAMP)
    first = everything_in(path.parent)
    shuffled = Result(
        metrics=dict(reversed(result.metrics.items())),
        table=dict(reversed(result.table.items())),
        arrays=dict(reversed(result.arrays.items())),
        weights=result.weights,
    )
    store.save(path, shuffled, dict(reversed(STAMP.items())))
    assert everything_in(path.parent) == first


def test_saving_gives_what_loading_gives(path):
    """A result just computed is the same as one found on disk."""
    result = Result(
        metrics={"half": np.float64(0.5)},
        table={"pair": [(1, 2), (3, 4)], "tuple": (5, 6)},
        arrays={"list": [1, 2]},
    )
    saved, loaded = store.save(path, result, STAMP), store.load(path)
    assert repr(saved.result) == repr(loaded.result)
    assert saved.stamp == loaded.stamp


def test_columns_and_rows_can_be_reordered_by_no_one(path):
    table = {"z": [3, 1, 2], "a": [1.5, None, -0.0]}
    store.save(path, Result({}, table), {})
    assert store.load(path).result.table == table


def test_the_file_is_readable_and_its_differences_are(saved):
    text = saved.read_text()
    keys = [line.split('"')[1] for line in text.splitlines() if
            line.startswith(' "')]
    assert keys == sorted(keys)
    assert '"epoch": [1,2]' in text
    assert '"accuracy": 0.5' in text
    assert text.endswith("}\n")


def test_what_a_new_result_lacks_is_removed(saved):
    store.save(saved, Result({"accuracy": 1}), STAMP)
    assert list(everything_in(saved.parent)) == [saved.name]
    assert_same(store.load(saved).result, Result({"accuracy": 1}))


def test_nothing_is_no_result(path):
    with pytest.raises(FileNotFoundError):
        store.load(path)


# What is refused; an old result then stays whole.

HUGE = bytes(store.LARGEST_FILE + 1)
REFUSED = {
    "nan": (Result({"loss": float("nan")}), "nan"),
    "infinity": (Result({"loss": float("inf")}), "inf"),
    "nan in a table": (Result({}, {"loss": [1, float("nan")]}), "nan"),
    "ragged table": (Result({}, {"a": [1], "b": [1, 2]}), "differ in length"),
    "objects": (
        Result({}, arrays={"a": np.array([{}, None], dtype=object)}), "Object"
    ),
    "name of an array": (Result({}, arrays={"../a": np.ones(1)}), "name"),
    "name with a suffix": (Result({}, arrays={"a.npy": np.ones(1)}), "name"),
    "more than load takes": (Result({}, weights=HUGE), "allowed"),
    "not JSON": (Result({"x": np.float32(1)}), "float32"),
}


@pytest.mark.parametrize(
    ("result", "said"), REFUSED.values(), ids=REFUSED
)
def test_what_cannot_be_kept_is_refused(saved, result, said):
    before = everything_in(saved.parent)
    refused = Result(
        result.metrics,
        result.table,
        {"draws": np.zeros(7)} | result.arrays,
        result.weights or b"others",
    )
    with pytest.raises((ValueError, TypeError), match=said):
        store.save(saved, refused, STAMP)
    assert everything_in(saved.parent) == before
    assert_same(store.load(saved).result, SMALL)


def test_an_error_names_the_number_that_is_not_finite(path):
    with pytest.raises(ValueError, match=r"scored_loss.*nan"):
        store.save(path, Result({}, {"scored_loss": [float("nan")]}), {})


@given(st.text(max_size=6))
def test_an_array_is_refused_or_comes_back_under_its_name(path, name):
    arrays = {"a": np.zeros(2), name: np.ones(3)}
    try:
        store.save(path, Result({}, arrays=arrays), {})
    except ValueError:
        return
    assert_same(store.load(path).result, Result({}, arrays=arrays))


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../x", "a/b", "a\\b", ".hidden", "a\n", "a b", "-a",
     "ü", "a" * 101, "a\0"],
)
def test_names_that_could_lead_elsewhere_are_refused(results, name):
    for pair in ((name, "run"), ("experiment", name)):
        with pytest.raises(ValueError, match="is no name for a result"):
            store.path_of(results, *pair)


def test_names_of_runs_with_points_do_not_collide(results):
    paths = [store.path_of(results, "e", f"f-{f}") for f in ("1", "1.5", "1.6")]
    for number, path in enumerate(paths):
        store.save(
            path,
            Result({"n": number}, {}, {"n": np.array(number)}, b"%d" % number),
            {},
        )
    for number, path in enumerate(paths):
        found = store.load(path).result
        assert (found.metrics["n"], found.arrays["n"]) == (number, number)
        assert found.weights == b"%d" % number


# Damage.


def parts_of(path):
    return [path, path.with_suffix(".npz"), path.with_suffix(".weights.h5")]


@pytest.mark.parametrize("part", range(3))
def test_a_part_cut_off_anywhere_is_damage(saved, part):
    file = parts_of(saved)[part]
    content = file.read_bytes()
    # Without its last byte, a line break, the JSON text is still whole.
    for length in range(len(content) - (part == 0)):
        file.write_bytes(content[:length])
        with pytest.raises(DamagedResult, match=file.name):
            store.load(saved)
    file.write_bytes(content + b"x")
    with pytest.raises(DamagedResult):
        store.load(saved)


@pytest.mark.parametrize("part", range(3))
def test_a_flipped_bit_is_damage_or_harmless(saved, part):
    file = parts_of(saved)[part]
    content = bytearray(file.read_bytes())
    damaged = 0
    for place in range(len(content)):
        bit = 1 << place % 8
        content[place] ^= bit
        file.write_bytes(content)
        try:
            assert_same(store.load(saved).result, SMALL)
        except DamagedResult:
            damaged += 1
        content[place] ^= bit
    assert damaged > len(content) * 0.8


@pytest.mark.parametrize("part", range(1, 3))
def test_a_part_that_is_gone_is_damage(saved, part):
    parts_of(saved)[part].unlink()
    with pytest.raises(DamagedResult, match="missing"):
        store.load(saved)


@pytest.mark.parametrize(
    ("old", "new"),
    [("0.5", "0.9"), ('"seed": 1', '"seed": 2'), ("null", "0"),
     ("[1,2]", "[2,1]"), ('"format": 1', '"format": 2'), ("1.5", "NaN"),
     ("1.5", "1e999"), ("1.5", "9" * 5000)],
)
def test_an_edit_by_hand_is_damage(saved, old, new):
    text = saved.read_text()
    assert text.count(old) == 1
    saved.write_text(text.replace(old, new))
    with pytest.raises(DamagedResult, match=saved.name):
        store.load(saved)


def with_checksum(**document):
    """Write a document as a stranger would who knows the checksum."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    checksum = hashlib.sha256(text.encode()).hexdigest()
    return json.dumps(document | {"checksum": checksum}).encode()


WHOLE = {"format": 1, "metrics": {}, "table": {}, "files": {}, "stamp": {}}
FOREIGN = {
    "empty": b"",
    "a list": b"[]",
    "a number": b"3",
    "other JSON": b'{"name": "package"}',
    "not text": bytes(range(256)),
    "deep": b"[" * 100_000,
    "no checksum": json.dumps(WHOLE).encode(),
    "checksum of a wrong kind": json.dumps(WHOLE | {"checksum": []}).encode(),
    **{
        f"without {key}": with_checksum(
            **{k: v for k, v in WHOLE.items() if k != key}
        )
        for key in WHOLE
    },
    **{
        f"{key} is a list": with_checksum(**(WHOLE | {key: []}))
        for key in WHOLE
    },
    "files elsewhere": with_checksum(
        **(WHOLE | {"files": {"/../../x.npz": "0"}})
    ),
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
def test_a_foreign_file_is_no_result(saved, content):
    saved.write_bytes(content)
    with pytest.raises(DamagedResult, match=saved.name):
        store.load(saved)


@pytest.mark.parametrize(
    "content", [b"", b"no zip", b"PK\5\6" + bytes(17), b"\x93NUMPY\x01\x00"]
)
def test_arrays_that_cannot_be_read_are_damage(path, content):
    path.parent.mkdir(parents=True)
    path.with_suffix(".npz").write_bytes(content)
    files = {".npz": hashlib.sha256(content).hexdigest()}
    path.write_bytes(with_checksum(**(WHOLE | {"files": files})))
    with pytest.raises(DamagedResult, match="npz"):
        store.load(path)


def test_pickled_arrays_are_damage_and_never_unpickled(path):
    path.parent.mkdir(parents=True)
    evil = path.parent / "evil"

    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(evil),)

    np.savez(
        path.with_suffix(".npz"), a=np.array([Evil()]), allow_pickle=True
    )
    content = path.with_suffix(".npz").read_bytes()
    files = {".npz": hashlib.sha256(content).hexdigest()}
    path.write_bytes(with_checksum(**(WHOLE | {"files": files})))
    with pytest.raises(DamagedResult):
        store.load(path)
    assert not evil.exists()


def test_a_file_of_monstrous_size_is_not_read(saved):
    with saved.with_suffix(".npz").open("r+b") as file:
        file.truncate(10 * 2**30)  # sparse: takes no room
    with pytest.raises(DamagedResult, match="more than"):
        store.load(saved)


# Writers that are killed.

KILLED = """
import os, sys
from pathlib import Path
import numpy as np
from larder import store
path, last = Path(sys.argv[1]), sys.argv[2]
real = os.replace
def replace(source, target):
    if str(target).endswith(last):
        os._exit(9)
    real(source, target)
os.replace = replace
store.save(
    path, store.Result({"new": 1}, {}, {"draws": np.ones(9)}, b"new"), {}
)
"""


@pytest.mark.parametrize("last", [".npz", ".weights.h5", ".json"])
def test_a_writer_killed_half_way_leaves_old_or_damage(saved, last):
    command = [sys.executable, "-c", KILLED, str(saved), last]
    assert subprocess.run(command).returncode == 9
    assert list(saved.parent.glob(".*.tmp"))
    if last == ".npz":  # the first to be written: nothing is touched yet
        assert_same(store.load(saved).result, SMALL)
    else:
        with pytest.raises(DamagedResult, match="checksum"):
            store.load(saved)
    # The next writer is not hindered, and clears up.
    store.save(saved, SMALL, STAMP)
    assert_same(store.load(saved).result, SMALL)
    assert not list(saved.parent.glob(f".*{last}.tmp"))


def test_rubbish_of_killed_writers_is_harmless(saved):
    (saved.parent / f".{saved.name}.tmp").write_bytes(b"half a res")
    assert_same(store.load(saved).result, SMALL)


def test_an_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    file = tmp_path / "file"
    files.write_atomically(file, b"old")

    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        files.write_atomically(file, b"new")
    assert everything_in(tmp_path) == {"file": b"old"}


# Numbers.

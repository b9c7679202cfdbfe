"""Bad storage: a clear message, and all else intact and usable.

`tests/test_store.py` cuts each file of a result off at every length and flips
a bit in every byte; here the same befalls a sweep, and disks and folders fail.
"""

import contextlib
import errno
import os
import random
import resource
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pytest

import toy_tasks
from digits.kept import compute, survey
from larder import Context, Result, files, store
from larder.computing import process
from larder.computing.errors import RunsFailed
from sweep import start, sweep
from test_compute import files_in
from test_store import everything_in
from toy_tasks import status, toys

NOBODY = 65534
OLD = Result({"n": 1}, {}, {"a": np.zeros(9)}, b"old")
NEW = Result(
    {"n": 2}, {}, {"a": np.random.default_rng(0).random(2_000)}, bytes(40_000)
)


@pytest.fixture
def common():
    """Give a folder that any user may enter."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


def as_nobody(function, *arguments):
    """Call a function as a user without rights, where this one has all."""
    if os.getuid() == 0:
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    function(*arguments)


# A full disk.


def save_with_limit(path, size, number):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    with pytest.raises(OSError, match=os.strerror(number)):
        store.save(path, NEW, {})


@pytest.mark.parametrize("size", [0, 100, 10_000, 30_000])
def test_no_room_for_a_file_leaves_the_old_result(
    size, results, fork, attempt
):
    """The arrays have 15 kB, the weights 40 kB: some come before the end."""
    path = store.path_of(results, "toys", "toy")
    store.save(path, OLD, {})
    before = everything_in(path.parent)
    with attempt("no room for a file (RLIMIT_FSIZE)"):
        assert fork(save_with_limit, path, size, errno.EFBIG) == 0
        assert everything_in(path.parent) == before
        store.save(path, NEW, {})
        assert store.load(path).result.weights == NEW.weights


@contextlib.contextmanager
def small_disk(folder: Path, size: str):
    """Mount a disk of so many bytes, or skip the test."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)]
    if shutil.which("mount") is None or subprocess.run(
        mount, capture_output=True
    ).returncode:
        pytest.skip("needs the right to mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_fails_a_run_and_keeps_the_others(
    tmp_path, here, attempt
):
    with small_disk(tmp_path / "disk", "1m") as disk:
        old = toys(2)
        compute(old, executor=here, folder=disk)
        before = files_in(disk)
        ballast = disk / "ballast"
        with contextlib.suppress(OSError), ballast.open("wb") as file:
            while True:
                file.write(bytes(4096))
                file.flush()
        with attempt("full disk (tmpfs)"):
            new = toys(2, task=toy_tasks.walk)
            with pytest.raises(RunsFailed) as caught:
                compute(new, executor=here, folder=disk)
            for part in ("toys/toy-0 failed", "No space left on device",
                         "toys/toy-1 failed", "Toy(number=1"):
                assert part in str(caught.value)
            ballast.unlink()
            assert files_in(disk) == before
            assert not list(disk.rglob(".*"))
            assert {item.state for item in survey(old, disk)} == {"fresh"}
            compute(new, executor=here, folder=disk)


def test_a_run_does_not_fail_for_its_checkpoint(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    context = Context(file=tmp_path / "kept")
    context.save([np.ones(3)])
    monkeypatch.setattr(files, "write_atomically", full)
    context.save([np.zeros(3)])
    (kept,) = context.load()
    assert kept.tolist() == [1, 1, 1]


def test_a_run_does_not_fail_for_its_bar(tmp_path):
    process.tell(tmp_path / "absent/progress", 1, 2)
    process.tell(tmp_path / "progress", 1, 2)
    assert (tmp_path / "progress").read_text() == "1 2"


# Folders and rights.


def compute_in_vain(runs, folder, here, error):
    with pytest.raises(error):
        compute(runs, executor=here, folder=folder)
    assert compute(runs[:1], executor=here, folder=folder)


def test_in_a_read_only_folder_results_are_read(
    common, here, fork, attempt
):
    runs = toys(2)
    compute(runs[:1], executor=here, folder=common)
    (common / "toys/.toy-0.lock").touch()  # which can't be removed
    before = everything_in(common / "toys")
    os.chmod(common / "toys", 0o555)
    with attempt("read-only folder"):
        assert fork(
            as_nobody, compute_in_vain, runs, common, None, PermissionError
        ) == 0
        assert everything_in(common / "toys") == before


def see_that_one_is_denied(runs, folder):
    denied, *others = survey(runs, folder)
    assert denied.state == "missing"
    assert "Permission denied" in denied.reasons[0]
    assert {item.state for item in others} == {"fresh"}


@pytest.mark.parametrize("suffix", [".json", ".npz", ".weights.h5"])
def test_a_file_without_rights_is_named(
    suffix, common, here, fork, attempt
):
    runs = toys(3)
    compute(runs, executor=here, folder=common)
    runs[0].path(common).with_suffix(suffix).chmod(0)
    with attempt("wrong permissions"):
        assert fork(as_nobody, see_that_one_is_denied, runs, common) == 0


@pytest.mark.parametrize("words", [("train",), ("results",)])
def test_the_command_says_in_a_line_what_folder_fails(
    words, tmp_path, attempt
):
    """Its folder of results is a file."""
    (tmp_path / "results").write_text("no folder")
    with attempt("a file in the place of a folder"):
        process = start(
            tmp_path / "results", tmp_path / "marks", *words, "baseline"
        )
        _, errors = process.communicate()
        assert process.returncode == 1
        *told, error = errors.splitlines()
        assert error.startswith("Error: ")
        assert len(told) in (0, 2)  # what was to be computed, and why
        assert not told or "to be computed" in told[0]
        assert (tmp_path / "results").read_text() == "no folder"


def vanish(config):
    shutil.rmtree(config.folder)
    return toy_tasks.square(toy_tasks.Toy(config.number))


def test_a_folder_that_vanishes_meanwhile_is_made_again(
    results, here, attempt
):
    one, two = toys(2)
    compute([two], executor=here, folder=results)
    gone = toys(task=vanish, folder=str(results / "toys"))
    with attempt("vanished folder"):
        compute(gone, executor=here, folder=results)
        assert status(gone[0], results).state == "fresh"
        assert status(two, results).reasons == ("never computed",)
        compute([one, two], executor=here, folder=results)
        assert not list(results.rglob(".*"))


# Damage in one of many.


def damages(kind, count, generator):
    """List changes of a file's bytes: cut off somewhere, or one bit other."""
    for _ in range(count):
        place = generator.random()
        if kind == "cut off":
            yield lambda content, place=place: content[
                : int(place * len(content))
            ]
        else:
            yield lambda content, place=place: flipped(content, place)


def flipped(content: bytes, place: float) -> bytes:
    changed = bytearray(content)
    bit = int(place * 8 * len(changed))
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@pytest.mark.parametrize("kind", ["cut off", "a flipped bit"])
@pytest.mark.parametrize(
    "count", [20, pytest.param(200, marks=pytest.mark.long)]
)
def test_damage_of_a_file_is_found_and_mended_and_the_rest_intact(
    kind, count, results, here, attempt
):
    runs = toys(4)
    compute(runs, executor=here, folder=results)
    expected = files_in(results)
    files = sorted(file for file in results.rglob("*") if file.is_file())
    generator = random.Random(3)
    for damage in damages(kind, count, generator):
        file = generator.choice(files)
        content = file.read_bytes()
        with attempt(f"file of a result: {kind}"):
            file.write_bytes(damage(content))
            name = file.name.partition(".")[0]
            for item in survey(runs, results):
                if item.run.name != name:
                    assert item.state == "fresh"
                elif item.state == "fresh":  # the bit has no meaning
                    assert file.suffix == ".json"
                else:
                    assert file.name in item.reasons[0]
            compute(runs, executor=here, folder=results)
            assert files_in(results) == expected
            file.write_bytes(content)


def test_the_command_names_a_damaged_result(tmp_path, here):
    folder, marks = tmp_path / "results", tmp_path / "marks"
    runs = sweep(marks)
    compute(runs, executor=here, folder=folder)
    file = runs[2].path(folder).with_suffix(".npz")
    file.write_bytes(file.read_bytes()[:-100])
    process = start(folder, marks, "results", "baseline")
    _, errors = process.communicate()
    assert process.returncode == 1
    assert errors.startswith("Error: not fresh: toys/toy-2;")

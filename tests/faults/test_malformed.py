"""Malformed input: a documented error or a right result, whatever it is.

Beside the cases that `tests/test_data.py`, `tests/test_store.py` and
`tests/test_handwriting.py` name, mutations by the thousand: of files that are
right, of documents whose checksums are made to match, of words and numbers.
"""

import copy
import dataclasses
import hashlib
import io
import json
import random
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from digits import cli, data, handwriting, paths
from digits.augmentation.configs import Affine, Translation, Warp
from digits.experiments import baseline
from digits.handwriting import recognition
from digits.kept import LARDER, compute
from digits.networks.convolutional import ConvolutionalNetwork
from digits.networks.dense import DenseNetwork
from digits.tasks.configs import Training
from digits.tasks.denoiser import DenoiserTraining
from digits.tasks.schedule import Schedule
from digits.tasks.split import Split
from handin import freeze, submission
from handin.front import frontpage
from larder import Context, packing, store
from test_data import small_mnist  # noqa: F401, a fixture
from toy_tasks import status, toys

MEMORY = 2**30  # bytes that no input may take


def times(few, many):
    """Try few mutations in the quick part, and many in the long one."""
    return pytest.mark.parametrize("count", [
        few, pytest.param(many, marks=[
            pytest.mark.long, pytest.mark.timeout(1200),
        ]),
    ])


@pytest.fixture(autouse=True)
def bounded():
    """Fail a test in which this process grew by more than a gibibyte."""
    clear, state = Path("/proc/self/clear_refs"), Path("/proc/self/status")
    if not clear.exists():
        yield
        return
    clear.write_text("5")  # from now on, the peak counts anew
    before = _kilobytes(state, "VmRSS")
    yield
    assert (_kilobytes(state, "VmHWM") - before) * 1024 < MEMORY


def _kilobytes(state: Path, key: str) -> int:
    (line,) = [x for x in state.read_text().splitlines() if x.startswith(key)]
    return int(line.split()[1])


def answer(errors, function, *arguments):
    """Give (what a function returns, ""), or (None, what its error says)."""
    try:
        return function(*arguments), ""
    except errors as error:
        return None, str(error)


def mutated(content: bytes, generator: random.Random) -> bytes:
    """Change some bytes, in one to four places."""
    changed = bytearray(content)
    for _ in range(generator.randint(1, 4)):
        place = generator.randrange(len(changed) + 1)
        length = min(generator.choice((1, 2, 4, 40)), len(changed) - place)
        piece = generator.choice((
            generator.randbytes(length), b"\xff" * length, bytes(length),
            b"", generator.randbytes(9), content[:length], b"9" * 30,
        ))
        if generator.random() < 0.15:
            del changed[place:]
        elif generator.random() < 0.3 and length:
            changed[place] ^= 1 << generator.randrange(8)
        else:
            changed[place : place + length] = piece
    return bytes(changed)


# Data.


@times(300, 3_000)
def test_mutated_data_are_refused_or_right(
    count, tmp_path, small_mnist, attempt  # noqa: F811
):
    file = tmp_path / "mnist.npz"
    np.savez(file, **small_mnist)
    plain = file.read_bytes()
    packed = packing.pack_arrays(small_mnist)
    generator = random.Random(1)
    for number in range(count):
        file.write_bytes(mutated((plain, packed)[number % 2], generator))
        with attempt("malformed dataset"):
            found, told = answer(data.DataError, data.read_file, file)
            assert str(file) in told or all(
                np.array_equal(found[name], array)
                for name, array in small_mnist.items()
            )


# Results.


NASTY = (
    None, True, 0, -1, 1.5, 2**80, 1e300, "", "x", "\0", "é" * 99, [], {},
    [[]], {"a": {}}, [1, "2", None], [None] * 50, {"": 0}, "1e5", "../../x",
)


def tampered(document, generator):
    """Put something else in some place of a document."""
    document = json.loads(json.dumps(document))
    for _ in range(generator.randint(1, 3)):
        here = document
        while True:
            keys = list(here) if isinstance(here, dict) else range(len(here))
            key = generator.choice([*keys, "new"] if isinstance(
                here, dict) else list(keys) or [None])
            inner = here[key] if key in keys else None
            if not (isinstance(inner, dict | list) and inner) or (
                generator.random() < 0.3
            ):
                break
            here = inner
        if key is None:
            continue
        if key in keys and generator.random() < 0.3:
            del here[key]
        else:
            here[key] = copy.deepcopy(generator.choice(NASTY))
    return document


def signed(document) -> bytes:
    """Write a document as a stranger would who knows the checksum."""
    document.pop("checksum", None)
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    checksum = hashlib.sha256(text.encode()).hexdigest()
    return json.dumps(document | {"checksum": checksum}).encode()


@times(200, 3_000)
def test_a_mutated_result_is_damaged_or_the_same(
    count, results, here, attempt
):
    runs = toys(1)
    (stored,) = compute(runs, executor=here, folder=results)
    path = runs[0].path(results)
    files = [path, path.with_suffix(".npz"), path.with_suffix(".weights.h5")]
    contents = [file.read_bytes() for file in files]
    generator = random.Random(2)
    for number in range(count):
        file, content = files[number % 3], contents[number % 3]
        file.write_bytes(mutated(content, generator))
        with attempt("malformed result"):
            found = status(runs[0], results)
            if found.state == "missing":
                assert file.name in found.reasons[0]
            else:
                assert found.stored.checksum == stored.checksum
                assert found.stored.result.weights == stored.result.weights
        file.write_bytes(content)


@times(100, 2_000)
def test_a_forged_result_breaks_no_command(
    count, results, here, monkeypatch, attempt
):
    """Whoever knows the checksum can write what is no result."""
    runs = toys(2)
    compute(runs, executor=here, folder=results)
    monkeypatch.setattr(baseline, "runs", lambda: runs)
    monkeypatch.setattr(LARDER, "results", results)
    monkeypatch.setenv("DIGITS_TRAIN", "never")
    path = runs[0].path(results)
    whole = json.loads(path.read_bytes())
    generator = random.Random(3)
    call = CliRunner()
    for _ in range(count):
        path.write_bytes(signed(tampered(whole, generator)))
        with attempt("forged result"):
            for words in (
                ["status"], ["status", "--json"], ["results"],
                ["results", "--format", "json"], ["train"],
            ):
                done = call.invoke(cli.main, [*words[:1], "baseline",
                                              *words[1:]])
                assert isinstance(done.exception, SystemExit | None), done
                assert done.exit_code in (0, 1)


@times(100, 1_000)
def test_a_mutated_checkpoint_counts_as_nothing_or_the_same(
    count, tmp_path, attempt
):
    file = tmp_path / "kept"
    state = [np.arange(40), np.ones((3, 3), np.float32)]
    generator = random.Random(4)
    context = Context(file=file)
    context.save(state)
    whole = file.read_bytes()
    for _ in range(count):
        file.write_bytes(mutated(whole, generator))
        with attempt("malformed checkpoint"):
            found = context.load()
            assert found is None or all(map(np.array_equal, found, state))


# Configs.


VALUES = (
    None, True, -1, 0, 1, 3, 2**40, 0.5, -0.1, 1.0, float("nan"),
    float("inf"), "", "sgd", "adam", "dense", (), (3,), (0, 1), (0.2, 0.7),
    ((3,), (4, 5)), ("a",), [], {}, b"", "x" * 99,
)


@times(300, 3_000)
@pytest.mark.parametrize(
    "kind",
    [DenseNetwork, ConvolutionalNetwork, Translation, Affine, Warp, Schedule,
     Split, Training, DenoiserTraining],
)
def test_a_config_is_refused_or_can_be_stored(kind, count, attempt):
    """A value of another type may get Python's or JSON's own TypeError."""
    fields = [field.name for field in dataclasses.fields(kind)]
    needed = {"network": DenseNetwork()} if "network" in fields else {}
    generator = random.Random(5)
    for _ in range(count):
        chosen = generator.sample(
            fields, generator.randint(1, min(3, len(fields)))
        )
        values = {name: generator.choice(VALUES) for name in chosen}
        with attempt("malformed config"):
            found, told = answer(
                (ValueError, TypeError),
                lambda values=needed | values: store.config_as_json(
                    kind(**values)
                ),
            )
            assert told or found.keys() == set(fields)


# Pictures.


def pictures() -> list[bytes]:
    """Make small pictures of each format and mode."""
    stroke = np.full((40, 30), 255, np.uint8)
    stroke[5:35, 12:18] = 0
    grey, found = Image.fromarray(stroke), []
    for mode, form in (("L", "PNG"), ("RGB", "PNG"), ("RGBA", "PNG"),
                       ("P", "PNG"), ("1", "PNG"), ("I;16", "PNG"),
                       ("L", "JPEG"), ("RGB", "JPEG"), ("CMYK", "JPEG"),
                       ("RGB", "WEBP"), ("P", "GIF"), ("RGB", "BMP"),
                       ("L", "TIFF"), ("CMYK", "TIFF")):
        content = io.BytesIO()
        exif = Image.Exif()
        exif[0x0112] = 6
        options = {} if form in ("GIF", "BMP") else {"exif": exif}
        grey.convert(mode).save(content, format=form, **options)
        found.append(content.getvalue())
    return found


@times(400, 3_000)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_mutated_picture_is_refused_or_read(count, tmp_path, attempt):
    file = tmp_path / "digit.png"
    whole, generator = pictures(), random.Random(6)
    for number in range(count):
        file.write_bytes(mutated(whole[number % len(whole)], generator))
        with attempt("malformed picture"):
            found, told = answer(
                handwriting.PictureError, handwriting.read_digit, file
            )
            if found is None:
                assert str(file) in told
            else:
                assert found.shape == (28, 28, 1)
                assert np.isfinite(found).all()
                assert 0 <= found.min() <= found.max() <= 1


def test_a_picture_may_have_any_name(tmp_path, monkeypatch):
    monkeypatch.setattr(recognition, "judge", lambda images: (
        np.zeros((len(images), 10)), np.full(len(images), np.inf)
    ))
    file = tmp_path / "\udcff.png"  # a byte that is no UTF-8
    file.write_bytes(pictures()[0])
    done = CliRunner().invoke(cli.main, ["predict", str(file)])
    assert done.exit_code == 0
    assert done.output.endswith(".png\n")


# What a group writes, and what a render leaves.


GROUP = (paths.ROOT / "group.yml").read_bytes()
ENTRIES = (
    b"2025-02-30", b"[[[", b"*a", b"&a [*a]", b"!!python/object:os.system x",
    b"{", b"|", b"\t", b"'", b"- 1", b"?", b"1e999", b"9" * 5000, b"\0",
    b"!!binary x", b"<<: 1", b"[" * 600,
)


@times(200, 1_500)
def test_mutated_variables_of_the_group_are_named(count, attempt):
    generator = random.Random(7)
    for _ in range(count):
        lines = GROUP.splitlines(keepends=True)
        place = generator.randrange(len(lines))
        key = lines[place].partition(b":")[0]
        lines[place] = key + b": " + generator.choice(ENTRIES) + b"\n"
        content = b"".join(lines)
        if generator.random() < 0.5:
            content = mutated(content, generator)
        with attempt("malformed variables of the group"):
            text = content.decode(errors="replace")
            problems = frontpage.front_page(text)
            assert all(isinstance(problem, str) for problem in problems)
            name = submission.file_name(submission.group_of(text))
            assert name.startswith("assignment-7-group")
            assert name.isascii()


@times(20, 300)
def test_a_mutated_freeze_is_named(count, tmp_path, monkeypatch, attempt):
    for name in ("source_digest", "results_digest", "code_digest"):
        monkeypatch.setattr(freeze, name, lambda _, name=name: name)
    folder = tmp_path / "_freeze/report/execute-results"
    folder.mkdir(parents=True)
    digests = "source_digest results_digest code_digest"
    whole = {"hash": digests, "result": {"markdown": digests}}
    generator = random.Random(8)
    for _ in range(count):
        for form in freeze.FORMATS:
            content = json.dumps(tampered(whole, generator)).encode()
            (folder / f"{form}.json").write_bytes(
                generator.choice((content, b"[" * 100_000, b"\xff"))
                if generator.random() < 0.5 else mutated(content, generator)
            )
        with attempt("malformed freeze"):
            problems = freeze.freeze_problems(tmp_path)
            assert all(isinstance(problem, str) for problem in problems)


# The command line.


WORDS = (
    "train", "status", "check", "results", "predict", "generate", "baseline",
    "generation", "--json", "--jobs", "--run", "--force", "--format", "csv",
    "json", "--out", "a.png", "b.PNG", "--count", "--seed", "0", "7", "-1",
    "1e3", "9" * 40, "", " ", "-", "--", "---", "\n", "é\u202e", "\udcff.png",
    "x" * 300 + ".png", "absent/a.png", "%s", "{}", "$HOME", "-h", "nonsense",
)


@times(150, 1_500)
def test_any_words_end_with_an_exit_code(
    count, tmp_path, monkeypatch, attempt
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(LARDER, "results", tmp_path / "results")
    monkeypatch.setattr(freeze, "freeze_problems", lambda: [])
    monkeypatch.setenv("DIGITS_TRAIN", "never")
    monkeypatch.setattr(recognition, "judge", lambda images: (
        np.zeros((len(images), 10)), np.full(len(images), np.inf)
    ))
    monkeypatch.setattr(cli.generation, "generate",
                        lambda digit, n, seed: np.zeros((n, 28, 28, 1)))
    generator = random.Random(9)
    for _ in range(count):
        words = generator.choices(WORDS, k=generator.randint(1, 6))
        if generator.random() < 0.7:
            words[0] = generator.choice(WORDS[:6])
        with attempt("malformed command line"):
            done = CliRunner().invoke(cli.main, words)
            assert isinstance(done.exception, SystemExit | None), words
            assert done.exit_code in (0, 1, 2)

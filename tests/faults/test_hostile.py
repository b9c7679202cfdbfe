"""No code from data, and no more memory than a result or a picture needs.

`tests/test_store.py` has pickled arrays, `tests/test_data.py` an archive of
gigabytes, `tests/test_handwriting.py` a picture that is refused unread, and
`tests/test_evaluation.py` weights of another network.
"""

import ast
import hashlib
import io
import json
import re
import subprocess
import sys
import tracemalloc
import zipfile

import numpy as np
import pytest
from PIL import Image

from digits import handwriting, paths
from digits.handwriting import pictures
from larder import Context, Result, packing, store
from larder.store import DamagedResult
from test_store import WHOLE, with_checksum

# What runs code that it reads, or may be asked to.
FORBIDDEN = {
    "allow_pickle", "eval", "exec", "load_model", "model_from_json", "Lambda",
    "unsafe_load", "full_load", "enable_unsafe_deserialization", "shell",
    "read_pickle", "joblib",
}


def test_the_package_names_nothing_that_runs_what_it_reads():
    """But the report, whose code is ours as the package's is.

    And the one use of pickle is of an error that a worker sends itself.
    """
    pickles, executes = [], set()
    for file in sorted(paths.CODE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                names = {
                    getattr(node.func, "attr", None),
                    getattr(node.func, "id", None),
                    *(
                        keyword.arg for keyword in node.keywords
                        if getattr(keyword.value, "value", None) is not False
                    ),
                }
                if names & {"eval", "exec"}:
                    executes.add(file.name)
                    names -= {"eval", "exec"}
                assert not names & FORBIDDEN, (file, node.lineno)
            if isinstance(node, ast.Attribute) and node.attr in (
                "loads", "load"
            ) and getattr(node.value, "id", None) in ("pickle", "yaml"):
                pickles.append(file.name)
    assert pickles == ["process.py"]
    assert executes == {"statements.py", "tracing.py"}


def stored_with(path, suffix, content):
    """Store a file beside a result as a stranger would."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(suffix).write_bytes(content)
    files = {suffix: hashlib.sha256(content).hexdigest()}
    path.write_bytes(with_checksum(**(WHOLE | {"files": files})))


def squeezed(**members: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in members.items():
            archive.writestr(f"{name}.npy", member)
    return content.getvalue()


def claiming(shape, dtype="|u1") -> bytes:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {
        "descr": dtype, "fortran_order": False, "shape": shape,
    })
    return header.getvalue()


BOMBS = {
    "zeros": lambda: squeezed(a=claiming((2**27,)) + bytes(2**27)),
    "many zeros": lambda: squeezed(**{
        f"a{n}": claiming((2**24,)) + bytes(2**24) for n in range(5)
    }),
    "absurd shape": lambda: squeezed(a=claiming((10**9, 10**9), "<f8")),
    "negative shape": lambda: squeezed(a=claiming((-(2**40),))),
    "absurd header": lambda: squeezed(
        a=b"\x93NUMPY\x01\x00\xff\xff" + b"(" * 65_535
    ),
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_arrays_that_claim_too_much_take_no_memory(
    bomb, results, monkeypatch, attempt
):
    monkeypatch.setattr(packing, "LARGEST_ARRAYS", 2**26)
    path = store.path_of(results, "toys", "toy")
    stored_with(path, ".npz", bomb())
    tracemalloc.start()
    with attempt("archive bomb or absurd shape"):
        try:
            with pytest.raises(DamagedResult, match=r"\.npz: can't be read"):
                store.load(path)
            assert tracemalloc.get_traced_memory()[1] < 50 * 2**20
        finally:
            tracemalloc.stop()


def test_a_forged_table_is_damage(results):
    path = store.path_of(results, "toys", "toy")
    store.save(path, Result({}), {})
    for table in ({"a": [1], "b": []}, {"a": 3}, {"a": "text"}):
        path.write_bytes(with_checksum(**(WHOLE | {"table": table})))
        with pytest.raises(DamagedResult, match="its table"):
            store.load(path)


def test_a_checkpoint_is_never_unpickled(tmp_path):
    evil = tmp_path / "evil"

    class Evil:
        def __reduce__(self):
            import os

            return os.mkdir, (str(evil),)

    file = tmp_path / "kept"
    context = Context(file=file)
    context.save([])
    with zipfile.ZipFile(file, "a") as archive:
        member = io.BytesIO()
        np.lib.format.write_array(
            member, np.array([Evil()]), allow_pickle=True
        )
        archive.writestr("array_0.npy", member.getvalue())
    assert context.load() is None
    assert not evil.exists()


# Pictures.


def large_stroke(mode: str, side: int) -> Image.Image:
    picture = Image.new("L", (side, side), 255)
    picture.paste(0, (side // 2, side // 8, side * 5 // 8, side * 7 // 8))
    return picture.convert(mode)


MODES = ("L", "RGB", "RGBA", "P", "1", "CMYK")


@pytest.mark.parametrize("mode", MODES)
def test_a_large_picture_is_read_as_its_small_one_is(
    mode, tmp_path, monkeypatch
):
    form = "JPEG" if mode == "CMYK" else "PNG"
    exif = Image.Exif()
    exif[0x0112] = 6  # turned: its note of that must not be lost
    for side in (96, 1_152):
        large_stroke(mode, side).save(
            tmp_path / f"{side}", format=form, exif=exif
        )
    small = handwriting.read_digit(tmp_path / "96")
    monkeypatch.setattr(pictures, "PIXELS_ENOUGH", 20_000)
    large = handwriting.read_digit(tmp_path / "1152")
    assert np.abs(small - large).mean() < 0.01


PEAK = """
import resource, sys
from pathlib import Path
from digits import handwriting
handwriting.read_digit(Path(sys.argv[1]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


@pytest.mark.long
@pytest.mark.parametrize("mode", MODES)
def test_the_largest_picture_takes_less_than_a_gibibyte(
    mode, tmp_path, attempt
):
    side = int(pictures.MOST_PIXELS ** 0.5)
    form = "JPEG" if mode in ("CMYK", "RGB") else "PNG"
    options = {"progressive": True} if mode == "RGB" else {}
    file = tmp_path / "large"
    large_stroke(mode, side).save(file, format=form, **options)
    with attempt("picture of 50 million pixels"):
        done = subprocess.run(
            [sys.executable, "-c", PEAK, str(file)], check=True, text=True,
            capture_output=True,
        )
        assert float(done.stdout) < 1024


# Weights.


def hdf5(kind: str, folder) -> bytes:
    """Write weights that are no network's, or that lead elsewhere."""
    import h5py

    secret = folder / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["0"] = np.ones((784, 3), np.float32)
    file = h5py.File(folder / "evil.h5", "w")
    with file:
        variables = file.create_group("layers/dense/vars")
        if kind == "absurd shape":
            variables.create_dataset("0", (10**6, 10**6), "f4", chunks=True)
        elif kind == "link elsewhere":
            variables["0"] = h5py.ExternalLink(str(secret), "/0")
        elif kind == "storage elsewhere":
            variables.create_dataset(
                "0", (784, 3), "f4", external=[("/etc/passwd", 0, 9408)]
            )
        variables["1"] = np.zeros(3, np.float32)
    return (folder / "evil.h5").read_bytes()


@pytest.mark.long
@pytest.mark.parametrize(
    "kind", ["absurd shape", "link elsewhere", "storage elsewhere"]
)
def test_evil_weights_are_refused_before_memory_is_taken(
    kind, tmp_path, attempt
):
    from digits.networks.dense import DenseNetwork
    from digits.tasks import trained

    weights = hdf5(kind, tmp_path)
    with (
        attempt("weights that claim too much or lead elsewhere"),
        pytest.raises(ValueError, match="the weights are not those of"),
    ):
        trained.restore(DenseNetwork((3,)), weights)


def test_predict_says_in_a_line_that_weights_are_foreign(
    tmp_path, monkeypatch
):
    from click.testing import CliRunner

    from digits import cli
    from digits.handwriting import recognition

    def foreign(_):
        raise ValueError("the weights are not those of this network")

    monkeypatch.setattr(recognition, "judge", foreign)
    large_stroke("L", 100).save(tmp_path / "digit.png")
    done = CliRunner().invoke(
        cli.main, ["predict", str(tmp_path / "digit.png")]
    )
    assert done.exit_code == 1
    assert done.output == "Error: the weights are not those of this network\n"


# What a group writes of itself.


HOSTILE = (
    r"$\input{/etc/passwd}$",
    r"$$\write18{id}$$",
    "<script>alert(1)</script>",
    r"\input{/etc/hosts}",
    r"`\input{/etc/group}`{=latex}",
    "`<script>alert(2)</script>`{=html}",
    "A & B_1 #2 100% ~ ^ {x}",
)


def pandoc(*options: str, text: str, folder) -> str:
    pypandoc = pytest.importorskip("pypandoc")
    return subprocess.run(
        [pypandoc.get_pandoc_path(), *options], input=text, cwd=folder,
        capture_output=True, text=True, check=True,
    ).stdout


@pytest.mark.parametrize("form", ["html", "latex", "typst", "gfm"])
def test_what_a_group_writes_prints_as_text(form, tmp_path, attempt):
    (tmp_path / "group.yml").write_text(json.dumps({"front-page": {
        "authors": [{"name": name, "hours": name} for name in HOSTILE],
        "date": "\n\n<script>\nalert(3)\n</script>\n",
    }}))
    (tmp_path / "template").write_text(
        "$title-page$\n$for(include-before)$$include-before$$endfor$\n$body$"
    )
    with attempt("hostile variables of the group"):
        written = pandoc(
            "--metadata-file", "group.yml", "--to", form,
            "--lua-filter", str(paths.CODE / "quarto/front-page.lua"),
            "--template", "template", text="", folder=tmp_path,
        )
        assert "<script" not in written.replace(r"\<script", "")
        if form in ("latex", "typst"):  # elsewhere they mean nothing
            assert r"\input" not in written.replace(r"\\input", "")
            assert r"\write" not in written.replace(r"\\write", "")
        text = pandoc("--from", form, "--to", "plain", "--wrap", "none",
                      text=written, folder=tmp_path)
        for name in HOSTILE:
            text_of = re.sub(r"^`(.*)`\{=\w+\}$", r"\1", name)
            assert f"{text_of}, hours spent: {text_of}" in text
        assert "<script> alert(3) </script>" in text

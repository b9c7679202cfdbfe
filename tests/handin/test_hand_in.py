"""The zip file as those who get it have it: small, whole, and it renders."""

import io
import json
import os
import re
import zipfile
from collections import Counter

import pytest
from click.testing import CliRunner

from digits import cli, paths
from handin import contents, freeze, submission
from project import handed_in, packed
from test_render import words
from test_submission import PAGES, write_pdf


def names():
    with zipfile.ZipFile(io.BytesIO(packed())) as archive:
        return archive.namelist()


def test_it_is_small_and_says_what_it_is_without():
    assert len(packed()) < submission.LARGEST_ZIP == 10_000_000
    found = names()
    assert not [name for name in found if name.endswith(".weights.h5")]
    assert sum(name.endswith(".json") for name in found) > 250
    with zipfile.ZipFile(io.BytesIO(packed())) as archive:
        told = archive.read(f"hand-in/{submission.NOTE}").decode()
    count, size = re.search(
        r"Left out: (\d+) files of (\d+) MB", told
    ).groups()
    assert int(count) > 50
    assert int(size) > 50
    for said in ("--with-weights", "digits train", "make report", "_freeze/",
                 "python -m digits render"):
        assert said in told


def test_with_weights_nothing_of_the_results_is_missing():
    found = contents.contents(paths.ROOT, with_weights=True)
    without = handed_in()
    more = set(found.files) - set(without.files)
    assert any(name.endswith(".weights.h5") for name in more)
    assert more == {
        name for name, reason in without.left_out.items()
        if reason == contents.BULKY
    }
    assert "Nothing is left out" in submission.note(paths.ROOT, "x", found)


def test_every_system_can_unpack_it():
    """Windows has 260 characters for a path, and macOS one case."""
    found = [name.partition("/")[2] for name in names()]
    room = 260 - len(r"C:\Users\a-long-user-name\Downloads") - 2
    assert max(map(len, found)) + submission.LONGEST_NAME < room
    assert not [name for name in found if re.search(r'[<>:"|?*\\]', name)]
    assert not [
        name for name in found for part in name.split("/")
        if re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?", part)
        or part.endswith((".", " "))
    ]
    counts = Counter(name.casefold() for name in found)
    assert max(counts.values()) == 1


def test_unpacked_it_renders_without_quarto(plain_project):
    assert "OLDER" not in (plain_project / "said").read_text("utf-8")
    text = words(plain_project / "report.pdf")
    assert freeze.source_digest() == freeze.source_digest(plain_project)
    assert "55,050" in text
    assert (plain_project / "report.html").stat().st_size > 1_000_000


def test_unpacked_it_renders_with_quarto_from_the_freeze(rendered_html):
    """Without any Python: nothing is executed."""
    said = (rendered_html.parent / "said").read_text(encoding="utf-8")
    assert "is to be executed" not in said
    text = rendered_html.read_text(encoding="utf-8")
    assert "quarto-title-block" in text
    assert "55,050" in text


def test_unpacked_make_report_calls_the_same(made_project):
    lines = (made_project / "said").read_text("utf-8").splitlines()
    assert lines[-2:] == ["report.html", "report.pdf"]
    html = (made_project / "report.html").read_text("utf-8")
    assert 'name="generator" content="quarto' in html


# What is left out.


def put(root, name, text="text"):
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("name", [
    "code/.DS_Store", "code/digits/Thumbs.db", "tests/._test_a.py",
    "code/.idea/workspace.xml", "code/desktop.ini", "tests/a.py~",
    "code/.vscode/settings.json", "code/.a.py.swp", "code/a.py.orig",
    "code/env/bin/python", "data/results/__MACOSX/x.json",
])
def test_litter_is_left_out_and_listed(tmp_path, name):
    put(tmp_path, "README.md")
    put(tmp_path, name)
    found = contents.contents(tmp_path)
    assert found.files == ["README.md"]
    assert found.left_out == {name: "litter"}
    assert found.summary() == [f"left out: {name} (litter)"]


@pytest.mark.parametrize("name", [
    "code/.env", "code/.env.local", "code/.netrc", "tests/id_rsa",
    "code/server.pem", "data/results/kaggle.json", "code/secrets.yml",
    "code/.ssh/config", "code/my-service-account-2.json", "docs/Credentials",
])
def test_what_is_called_a_secret_is_left_out_and_listed(tmp_path, name):
    put(tmp_path, "README.md")
    put(tmp_path, name)
    found = contents.contents(tmp_path)
    assert found.files == ["README.md"]
    assert "secret" in found.left_out[name]


@pytest.mark.parametrize("parts", [
    ("-----BEGIN OPENSSH ", "PRIVATE KEY-----"), ("AKIA", "Q" * 16),
    ("ghp", "_" + "a1" * 18), ("hf", "_" + "aB" * 17),
    ("sk", "-ant-" + "a1" * 20), ("AI", "za" + "x" * 35),
])
def test_what_holds_a_key_is_left_out_and_listed(tmp_path, parts):
    put(tmp_path, "README.md")
    put(tmp_path, "code/settings.py", f"KEY = '{''.join(parts)}'\n")
    found = contents.contents(tmp_path)
    assert found.files == ["README.md"]
    assert found.left_out == {
        "code/settings.py": "it holds what looks like a key or a token"
    }


def test_the_project_itself_looks_like_no_secret():
    found = handed_in().left_out
    assert set(found.values()) == {contents.BULKY}


def test_a_zip_file_that_is_too_large_names_what_makes_it_so(
    tmp_path, monkeypatch
):
    write_pdf(tmp_path / "report.pdf", PAGES)
    put(tmp_path, "group.yml", "front-page:\n  group: 4\n")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/film.mp4").write_bytes(os.urandom(50_000))
    monkeypatch.setattr(submission, "LARGEST_ZIP", 40_000)
    with pytest.raises(submission.SubmissionError, match=r"tests/film\.mp4"):
        submission.build(tmp_path, draft=False)
    assert not (tmp_path / "submission").exists()


# Where else it is built.


def test_the_container_is_pinned_and_installs_what_the_locks_name():
    file = paths.ROOT / ".devcontainer/devcontainer.json"
    lines = file.read_text(encoding="utf-8").splitlines()
    container = json.loads("\n".join(
        line for line in lines if not line.lstrip().startswith("//")
    ))
    assert re.fullmatch(r"python:3\.1[123]\.\d+-\w+", container["image"])
    made = container["updateContentCommand"]
    assert "make .venv/ready" in made
    assert "--require-hashes -r requirements-quarto.lock" in made
    assert contents.SECRET_TEXT.search(file.read_bytes()) is None


def test_the_way_without_make_is_the_same_command():
    """That `python -m digits` is this command: test_cli."""
    done = CliRunner().invoke(cli.main, ["render", "--help"])
    assert "Build report.html and report.pdf" in done.output
    assert "python -m digits render" in submission.LESS

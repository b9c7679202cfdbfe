"""Text files that people edit: any editor's, or one line on how to mend it."""

import pytest
from click.testing import CliRunner

from digits import cli, paths
from handin import RenderError, reading, rendering
from handin.reading import ReadingError, check_all, parse_yaml, read_text
from project import ARRAYS, copy

TEXT = "front-page:\n  group: 4\n  authors:\n    - name: Björn\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_utf_8_is_read_with_or_without_a_mark(tmp_path, encoding, end):
    file = tmp_path / "group.yml"
    file.write_bytes(TEXT.replace("\n", end).encode(encoding))
    assert read_text(file) == TEXT


@pytest.mark.parametrize(("encoding", "told"), [
    ("latin-1", "line 4: line 4 is not in UTF-8"),
    ("cp1252", "it would read: - name: Björn"),
    ("utf-16", "line 1: it is in UTF-16"),
    ("utf-16-le", "it is in UTF-16LE"), ("utf-16-be", "it is in UTF-16BE"),
    ("utf-32", "it is in UTF-32"),
])
@pytest.mark.parametrize("name", ["group.yml", "words.txt", "report.qmd"])
def test_another_encoding_is_named_with_the_line(
    tmp_path, name, encoding, told
):
    file = tmp_path / name
    file.write_bytes(TEXT.encode(encoding))
    with pytest.raises(ReadingError) as raised:
        read_text(file)
    (line,) = str(raised.value).splitlines()
    assert line.startswith(f"{name}, line ")
    assert told in line
    assert "Save it as UTF-8" in line
    assert f"-t UTF-8 {name}" in line


@pytest.mark.parametrize(("text", "told"), [
    ("a: 1\nb: [1, 2\nc: 3\n", "group.yml, line 3, column 2: "),
    ("a: 1\n\tb: 2\n", "group.yml, line 2, column 1: "),
    ('a: "open\n', "group.yml, line 2, column 1: "),
    ("a: b: c\n", "group.yml, line 1, column 5: mapping values"),
    ("a: @x\n", "group.yml, line 1, column 4: "),
    ("a: 1\nb: x\x07\n", "group.yml, line 2, column 5: the character U+0007"),
    ("a: 2026-13-45\n", "group.yml: month must be in 1..12"),
])
def test_a_mistake_in_yaml_is_told_with_its_place(text, told):
    with pytest.raises(ReadingError) as raised:
        parse_yaml(text, "group.yml")
    (line,) = str(raised.value).splitlines()
    assert line.startswith(told)
    assert " at 0x" not in line


def test_the_project_can_be_read():
    for name in reading.EDITED:
        assert (paths.ROOT / name).is_file()
    check_all(paths.ROOT)


@pytest.mark.parametrize("command", ["render", "submit"])
@pytest.mark.parametrize(("name", "content", "told"), [
    ("words.txt", "naïve\n".encode("latin-1"), "words.txt, line 1: "),
    ("report.qmd", "text\n".encode("utf-16"), "report.qmd, line 1: "),
    ("group.yml", b"front-page: {\n", "group.yml, line 2, column 1: "),
    ("references.bib", "ö".encode("latin-1"), "references.bib, line 1: "),
    ("_quarto.yml", b"a: b: c\n", "_quarto.yml, line 1, column 5: "),
])
def test_commands_tell_it_in_a_line(
    tmp_path, monkeypatch, command, name, content, told
):
    copy(tmp_path, without=ARRAYS)
    (tmp_path / name).write_bytes(content)
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    with pytest.raises(RenderError, match=told):
        rendering.render(print)
    done = CliRunner().invoke(cli.main, [command])
    assert done.exit_code == 1
    assert told in done.output
    assert "Traceback" not in done.output
    if command == "render":
        assert done.output.startswith(f"Error: {told}")
        assert len(done.output.splitlines()) == 1

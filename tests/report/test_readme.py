"""The README says what is so: its tests, files and commands exist."""

import re
from pathlib import Path

import pytest

from digits import cli, paths

PAGES = ("README.md", "CONTRIBUTING.md", "benchmarks/README.md", *(
    f"docs/{file.name}" for file in sorted((paths.ROOT / "docs").glob("*.md"))
))
TESTS = "\n".join(
    file.read_text(encoding="utf-8")
    for file in sorted(Path(__file__).parents[1].rglob("test_*.py"))
)


def read(page):
    return (paths.ROOT / page).read_text(encoding="utf-8")


def test_every_promise_has_its_tests():
    rows = re.findall(r"^\| .* \|$", read("docs/promises.md"), re.M)[1:]
    assert len(rows) >= 8
    for row in rows:
        names = re.findall(r"`(test_\w+)`", row)
        assert names, row
        for name in names:
            assert f"def {name}(" in TESTS, name


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files(page):
    folder = (paths.ROOT / page).parent
    for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", read(page)):
        if not link.startswith("http"):
            assert (folder / link).exists(), link


def test_every_command_is_told():
    commands = read("docs/command.md").partition("\n## ")[0]
    told = set(re.findall(r"^digits (\w+)", commands, re.M))
    assert told == set(cli.main.commands)


def test_the_readme_is_short_and_leads_to_every_page():
    text = read("README.md")
    assert len(text.splitlines()) <= 150
    for page in PAGES[2:]:
        assert f"]({page})" in text, page

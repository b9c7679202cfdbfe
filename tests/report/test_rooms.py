"""The plan of the house: rooms with faces, imports in one direction."""

import ast
from pathlib import Path

import pytest

from digits import paths

FILES = [
    file for file in sorted(paths.CODE.rglob("*.py"))
    if "egg-info" not in str(file)
]
# From the ground up; a room imports from its own floor and from those below.
FLOORS = [
    {"larder"},
    {"digits.paths", "digits.machine", "digits.noise", "digits.statistics",
     "digits.checks", "digits.experiments"},
    {"digits.data", "digits.augmentation", "digits.networks"},
    {"digits.tasks"},
    {"digits.kept"},
    {"digits.experiments.*"},
    {"digits.handwriting"},
    {"digits.stating"},
    {"digits.figures", "digits.page"},
    {"handin"},
    {"digits.cli"},
    {"digits.__main__"},
]
MOST_LINES, MOST_MODULES = 250, 12
# Longer than it should be, and not to grow.
LONG = {"digits.data": 276}


def module_of(file: Path) -> str:
    parts = file.relative_to(paths.CODE).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def imported(file: Path) -> set[str]:
    """Name the modules of ours that a file imports, relative ones apart."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {item.name for item in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: write imports in full"
            for item in node.names:
                inner = f"{node.module}.{item.name}"
                path = paths.CODE.joinpath(*inner.split("."))
                is_module = path.is_dir() or path.with_suffix(".py").is_file()
                found.add(inner if is_module else node.module)
    return {name for name in found
            if name.partition(".")[0] in ("larder", "digits", "handin")}


def floor_of(module: str) -> int:
    """Give the floor of the room that a module is in."""
    if module.startswith("digits.experiments."):
        module = "digits.experiments.*"
    fits = {
        len(room): number for number, rooms in enumerate(FLOORS)
        for room in rooms if module == room or module.startswith(f"{room}.")
    }
    return fits[max(fits)] if fits else len(FLOORS)


@pytest.mark.parametrize("file", FILES, ids=module_of)
def test_no_import_goes_up(file):
    module = module_of(file)
    up = {
        name for name in imported(file)
        if floor_of(name) > floor_of(module)
    }
    assert not up


@pytest.mark.parametrize("file", FILES, ids=module_of)
def test_no_module_uses_another_ones_private_names(file):
    private = []
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            private += [item.name for item in node.names
                        if item.name.startswith("_")]
    assert not private


@pytest.mark.parametrize("file", FILES, ids=module_of)
def test_a_file_can_be_held_in_the_head(file):
    most = LONG.get(module_of(file), MOST_LINES)
    assert len(file.read_text("utf-8").splitlines()) <= most


@pytest.mark.parametrize("folder", sorted({file.parent for file in FILES}),
                         ids=lambda folder: folder.name)
def test_few_modules_lie_side_by_side(folder):
    modules = [file for file in folder.glob("*.py")
               if file.name != "__init__.py"]
    assert len(modules) <= MOST_MODULES


@pytest.mark.parametrize("room", ["larder", "digits", "handin"])
def test_a_room_says_what_it_is_for(room):
    face = paths.CODE / room / "__init__.py"
    assert len(ast.get_docstring(ast.parse(face.read_text("utf-8")))) > 100

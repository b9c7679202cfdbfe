"""Mutants of the benchmark: one small change each, where a task goes."""

import ast
import importlib.util
import sys

import pytest

from digits import paths


@pytest.fixture(scope="module")
def mutants():
    file = paths.ROOT / "benchmarks/mutants.py"
    spec = importlib.util.spec_from_file_location("mutants", file)
    module = importlib.util.module_from_spec(spec)
    sys.modules["mutants"] = module  # as dataclasses want it
    spec.loader.exec_module(module)
    yield module
    del sys.modules["mutants"]


MODULE = '''\
"""A module."""
LIMIT = 3

def task(config, size=2):
    """Do it."""
    if config.fast and size < LIMIT:
        raise ValueError("not 1 but 2")
    values = [0.5, True]
    values.append(size + 1)
    text = f"{size + 1}", list(zip(values, strict=True))
    context.report(size, 2)
    return sorted(values, key=str, reverse=True)[: size], min(1, size)

def helper():
    return 5
'''
WANTED = {
    "LIMIT +0:8: 3 -> 4",
    "task +0:22: 2 -> 3",
    "task +2:7: config.fast and size < LIMIT -> config.fast or size < LIMIT",
    "task +2:23: size < LIMIT -> size <= LIMIT",
    "task +4:14: 0.5 -> 0.751",
    "task +4:19: True -> False",
    "task +5:4: values.append(size + 1) -> pass",
    "task +5:18: size + 1 -> size - 1",
    "task +8:58: min(1, size) -> min(size, 1)",
}


def made(mutants, tmp_path, reached, seed=0):
    (tmp_path / "pkg").mkdir(exist_ok=True)
    (tmp_path / "pkg/m.py").write_text(MODULE)
    return list(mutants.mutants(tmp_path, reached, seed))


def test_mutants_change_what_is_reached_in_one_place(mutants, tmp_path):
    found = made(mutants, tmp_path, {"pkg.m.task", "pkg.m.LIMIT"})
    names = {mutant.name.removeprefix("pkg.m.") for mutant in found}
    assert names >= WANTED
    assert len(names) == len(found)
    assert not any("helper" in name for name in names)
    plain = ast.unparse(ast.parse(MODULE))
    for mutant in found:
        ast.parse(mutant.text)
        # Neither what is raised nor a text nor how far it is, nor a check.
        for kept in ("'not 1 but 2'", "{size + 1}", "context.report(size, 2)",
                     "strict=True"):
            assert kept in mutant.text or kept not in plain
        assert mutant.text != plain
        lines = zip(mutant.text.split("\n"), plain.split("\n"), strict=True)
        assert sum(one != other for one, other in lines) == 1, mutant.name


def test_the_order_depends_on_the_seed_alone(mutants, tmp_path):
    first, again, other = (
        [m.name for m in made(mutants, tmp_path, {"pkg.m.task"}, seed)]
        for seed in (0, 0, 1)
    )
    assert first == again
    assert first != other
    assert sorted(first) == sorted(other)

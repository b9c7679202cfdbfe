"""What the benchmark of pictures takes for no digit, and for one."""

import importlib
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def module(monkeypatch):
    """Import a module of the benchmarks."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module


def corners(*places):
    return np.array(places, float)


@pytest.mark.parametrize(("places", "expected"), [
    (corners((0, 0), (0, 100), (10, 100)), True),
    (corners((0, 100), (60, 0), (70, 0)), True),  # slanted as 1s are
    (corners((0, 0), (100, 0), (100, 10)), False),  # flat
    (corners((0, 0), (0, 100), (40, 100)), False),  # wide
    (corners((0, 0), (0, 100), (60, 100), (60, 0)), False),
])
def test_an_upright_bar_is_a_one(module, places, expected):
    assert module("odd").is_one(places, width=6) == expected


@pytest.mark.parametrize(("places", "expected"), [
    (corners((0, 0), (60, 0), (0, 100), (60, 100)), True),
    (corners((0, 0), (60, 100), (0, 100), (60, 0)), True),
    (corners((0, 0), (0, 60), (100, 0), (100, 60)), False),  # lies
    (corners((0, 0), (60, 100), (55, 0), (0, 100)), False),  # beside it
    (corners((0, 0), (10, 0), (0, 100), (60, 100)), False),  # a loop is tiny
    (corners((0, 0), (60, 0), (60, 100), (0, 100)), False),  # no crossing
    (corners((0, 0), (60, 0), (30, 100)), False),
])
def test_two_loops_one_above_the_other_are_an_eight(module, places, expected):
    assert module("odd").is_eight(places) == expected


def test_shapes_are_split_by_the_rule_alone(module):
    odd = module("odd")
    generators = odd._seeds(None, 0)
    drawn = [odd._polygon(next(generators)) for _ in range(200)]
    alike = [odd.is_one(*one) or odd.is_eight(one[0]) for one in drawn]
    assert 0.02 < np.mean(alike) < 0.15
    for kind in (True, False):
        pictures = list(odd.shapes(kind)(3, 0))
        assert len(pictures) == 3
        assert all(picture.min() < 100 < picture.max() for picture in pictures)


def test_what_is_counted_or_a_digit_is_not_learned(module):
    glyphs, odd = module("glyphs"), module("odd")
    assert all(map(glyphs.is_other, "ÄжΠ√⇒△"))
    for character in (*odd.SYMBOLS, *"0123456789²①½OSlοО○|", "⁇", "≯"):
        assert not glyphs.is_other(character), character
    for font in glyphs.FONTS:
        for block in glyphs.BLOCKS:
            assert not {*glyphs.characters(font, block)} & {*odd.SYMBOLS}


def test_glyphs_are_seeded(module):
    glyphs = module("glyphs")
    first, again, other = (
        np.stack(list(glyphs.glyphs(3, seed))) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()

"""Printed lines are told from strokes, and ink from paper between lines."""

import numpy as np
import pytest
from scipy import ndimage

from digits.handwriting import paper
from digits.handwriting.lines import without_lines

SIDE = 160
LINE, INK = 0.4, 1.0


def grid(pitch, thick=2):
    """Print squared paper: how dark each place is, from 0 to 1."""
    rows, columns = np.indices((SIDE, SIDE))
    printed = (rows % pitch < thick) | (columns % pitch < thick)
    return np.where(printed, LINE, 0.0)


def left_of(values):
    """Give what is left, but for the specks where two lines cross."""
    left = without_lines(values > 0, values)
    return ndimage.binary_opening(left, np.ones((3, 3)))


def test_of_squared_paper_without_strokes_nothing_is_left():
    assert not left_of(grid(30)).any()


@pytest.mark.parametrize("thick", [4, 12])
def test_a_line_behind_a_stroke_is_found(thick):
    """The stroke hides two thirds of the line that it runs along."""
    values = grid(40)
    stroke = np.zeros((SIDE, SIDE), bool)
    stroke[30:135, 80 : 80 + thick] = True
    values[stroke] = INK
    np.testing.assert_array_equal(left_of(values), stroke)


def test_a_stroke_on_a_line_stays():
    """The bar of a 7 on a printed line is no part of the line."""
    values = grid(40)
    seven = np.zeros((SIDE, SIDE), bool)
    seven[80:84, 50:110] = True
    seven[80:140, 106:111] = True
    values[seven] = INK
    np.testing.assert_array_equal(left_of(values), seven)


def test_strokes_that_are_no_lines_hide_none():
    """Many thin strokes come first, and end before the edges."""
    values = np.zeros((SIDE, SIDE))
    values[150:152] = LINE
    for row in range(20, 140, 12):
        values[row : row + 3, 20:140] = INK
    left = left_of(values)
    assert not left[150:152].any()
    assert left[20:23, 20:140].all()


@pytest.mark.parametrize("pitch", [24, 32, 40])
@pytest.mark.parametrize("fall", [0.0, 0.4])
def test_ink_is_dark_on_dense_lines(pitch, fall):
    """Paper between lines is lighter than they are, but is no ink."""
    values = grid(pitch)
    stroke = np.zeros((SIDE, SIDE), bool)
    stroke[40:120, 50:64] = stroke[106:120, 50:110] = True
    values[stroke] = 0.85
    light = np.linspace(1, 1 - fall, SIDE)
    ink = paper.find_ink((1 - values) * 0.95 * light)
    inner = np.zeros_like(stroke)
    inner[44:116, 54:60] = True
    assert ink.mask[inner].all()
    assert ink.mask.mean() < 0.4

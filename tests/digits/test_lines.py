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
    pieces, _ = ndimage.label(left)
    return left & (np.bincount(pieces.ravel()) > 4)[pieces]


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
    """They are longer than what is free of a line, and end before the edges."""
    values = np.zeros((SIDE, SIDE))
    values[150:152] = LINE
    values[144:158, 20:110] = INK
    for row in range(20, 130, 12):
        values[row : row + 3, 30:115] = INK
    np.testing.assert_array_equal(left_of(values), values == INK)


@pytest.mark.parametrize("fall", [0.0, 0.4])
def test_ink_is_dark_on_dense_lines(fall):
    """Paper between lines is lighter than they are, but is no ink."""
    side, ink = 256, np.zeros((256, 256), bool)
    ink[60:200, 50:80] = ink[60:200, 130:160] = ink[60:90, 50:230] = True
    rows, columns = np.indices(ink.shape)
    printed = (rows % 32 < 2) | (columns % 32 < 2)
    page = np.where(ink, 0.15, np.where(printed, 0.5, 0.95))
    found = paper.find_ink(page * np.linspace(1, 1 - fall, side))
    assert found.mask[ndimage.binary_erosion(ink, iterations=4)].all()
    cells = ~ndimage.binary_dilation(ink | printed, iterations=4)
    assert not found.mask[cells].any()

"""Pictures of digits, brought into the form of MNIST's images."""

from digits.handwriting.form import centred, write_grid
from digits.handwriting.paper import otsu_threshold
from digits.handwriting.pictures import SUFFIXES, PictureError, read_grey
from digits.handwriting.reading import Digit, find_digits, read_digit, readings
from digits.handwriting.showing import write_readings

__all__ = [
    "SUFFIXES", "Digit", "PictureError", "centred", "find_digits",
    "otsu_threshold", "read_digit", "read_grey", "readings", "write_grid",
    "write_readings",
]

"""Digits: the package that the report's chunks import."""

"""Telling the user how a computation goes, wherever it was asked for."""

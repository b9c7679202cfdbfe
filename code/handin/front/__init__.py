"""The front page, with the names of a group in any script."""

"""What a result depends on: the code that its task reaches, and no other.

`reached` hashes each definition of the task's package that the task reaches by
name; `ignored` marks what cannot influence a result. A library, this one too,
counts by its version alone.
"""

from larder.fingerprint.reach import ignored, reached
from larder.fingerprint.statements import normalised

__all__ = ["ignored", "normalised", "reached"]

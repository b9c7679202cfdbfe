"""Where the results are kept, and what they depend on besides code."""

from pathlib import Path

from flowers import neighbours
from larder import Larder

ROOT = Path(__file__).resolve().parents[2]


def data_digest() -> str:
    """Give the digest of the flowers."""
    return neighbours.SHA256


def data_file() -> dict[str, Path]:
    """Name the variable that says where the flowers are, and their file."""
    return {neighbours.VARIABLE: neighbours.locate()}


LARDER = Larder(
    root=ROOT,
    code=ROOT / "code",
    results=ROOT / "data/results",
    package="flowers",
    experiments=("voting",),
    command="python -m flowers",
    variable="FLOWERS_COMPUTE",
    data=data_digest,
    libraries=("numpy",),
    files=data_file,
)

"""Where things lie: the one module that knows the repository's layout."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = ROOT / "code"
DATA = ROOT / "data"
RESULTS = DATA / "results"
FREEZE = ROOT / "_freeze" / "report"

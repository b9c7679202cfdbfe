"""What the experiments' results show: from tables to named numbers.

Each module has the dataclass that a larger experiment's `result()` gives. What
the report states of an experiment is a field, property or method of it, so
that a number can tell where it comes from (see `findings.asked`).
"""

from digits.experiments.findings.asked import (
    Findings,
    Source,
    made_of,
    rows_where,
    taken,
)

__all__ = ["Findings", "Source", "made_of", "rows_where", "taken"]

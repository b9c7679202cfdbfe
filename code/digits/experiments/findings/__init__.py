"""What the larger experiments' results show: from tables to named numbers.

Each module has the dataclass that an experiment's `result()` gives. What the
report states of the experiment is a field, property or method of it.
"""

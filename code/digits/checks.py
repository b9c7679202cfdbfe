"""Checks of configs, with the one form of message that they have."""

from collections.abc import Iterable
from typing import Any


def refuse_unless(
    config: Any, rules: Iterable[tuple[str, object, bool]]
) -> None:
    """Raise `ValueError` for the first rule that does not hold.

    A rule is the name of a field, what is allowed in words, and whether the
    field's value is.
    """
    for name, allowed, right in rules:
        if not right:
            raise ValueError(
                f"{name} is {getattr(config, name)!r}; allowed: {allowed}"
            )


def whole(value: object, least: int) -> bool:
    """Say whether a value is a whole number from `least` on."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return is_number and value >= least

"""A result's JSON: canonical for its checksum, readable on disk."""

import hashlib
import json
import re
from functools import lru_cache
from typing import Any


def checksum_of(document: dict[str, Any]) -> str:
    """Hash all of a document but its own checksum, in canonical form."""
    rest = {key: document[key] for key in document if key != "checksum"}
    return hashlib.sha256(_canonical().encode(rest).encode()).hexdigest()


# Made once: for thousands of small documents, to make them costs as much as
# to use them.
@lru_cache(maxsize=1)
def decoder() -> json.JSONDecoder:
    """Give what reads JSON and refuses NaN and infinities."""
    return json.JSONDecoder(parse_constant=_refuse_constant)


@lru_cache(maxsize=1)
def _canonical() -> json.JSONEncoder:
    return json.JSONEncoder(
        sort_keys=True, separators=(",", ":"), allow_nan=False
    )


def as_text(document: dict[str, Any]) -> str:
    """Write JSON with a key a line and each list on one line."""
    text = json.dumps(document, sort_keys=True, indent=1, allow_nan=False)
    # A line break in JSON text is layout: strings hold none.
    flat = re.sub(
        r"\[\n[^][{}]*\]", lambda found: re.sub(r"\n\s*", "", found[0]), text
    )
    return flat + "\n"


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number")


def refuse_unfit(metrics: dict, table: dict[str, list]) -> None:
    """Raise `ValueError` for numbers or columns that can't be kept."""
    lengths = {name: len(column) for name, column in table.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"columns of a table differ in length: {lengths}")
    for name, value in (*metrics.items(), *table.items()):
        try:
            json.dumps(value, allow_nan=False)
        except ValueError:
            raise ValueError(
                f"{name} is {value}: only finite numbers can be kept"
            ) from None

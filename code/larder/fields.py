"""Configs of configs, seen flat: fields by their own name, however deep."""

import dataclasses
from collections import Counter
from typing import Any


def flat(config: Any) -> dict[str, Any]:
    """Give the fields of a config and of the configs within it, by name.

    Of fields with the same name, the least deep one is meant; if there are
    several of these, none is given.
    """
    own, within = {}, []
    for name, value in vars(config).items():
        if dataclasses.is_dataclass(value):
            within.append(flat(value))
        else:
            own[name] = value
    counts = Counter(name for fields in within for name in fields)
    return own | {
        name: value for fields in within for name, value in fields.items()
        if counts[name] == 1 and name not in own
    }


def varied(config: Any, **changes: Any) -> Any:
    """Give a config with fields changed, its own or those of configs within.

    Raises `TypeError` for a name that no field has, or several have that are
    not the config's own.
    """
    own = {
        field.name: changes.pop(field.name)
        for field in dataclasses.fields(config) if field.name in changes
    }
    inner = vars(config) | own
    changed: dict[str, dict[str, Any]] = {}
    for name, value in changes.items():
        homes = [
            home for home, fields in inner.items()
            if dataclasses.is_dataclass(fields) and name in flat(fields)
        ]
        if len(homes) != 1:
            raise TypeError(
                f"{type(config).__name__} has {len(homes)} fields {name!r}"
            )
        changed.setdefault(homes[0], {})[name] = value
    # All of one config at once, which may refuse some without the others.
    return dataclasses.replace(config, **own | {
        home: varied(inner[home], **some) for home, some in changed.items()
    })

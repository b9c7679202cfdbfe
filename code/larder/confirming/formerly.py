"""Configs as older code knows them.

A field that has come since, and has its default, is not there. Where fields
were renamed or moved, the config class says so once, in a method `formerly`
that gives all its fields as they were, a dict; it is needed until all results
are confirmed. Configs within configs are written likewise.
"""

import dataclasses
import json
from typing import Any

from larder import store
from larder.freshness import differences


class Formerly:
    """A config beside the one in an older stamp.

    `differences` says in words in what the two differ, if they do. `changes`
    and `small` are only meant where they don't.
    """

    def __init__(self, config: Any, stamped: Any):
        """Take the config, and the JSON of the other."""
        self.config, self.stamped = config, stamped
        self._declared = False
        now = self._written(config, stamped)
        if now != stamped:
            self._declared = True
            if self._written(config, stamped) != stamped:
                self._declared = False
        self._then = self._written(config, stamped)
        self.differences = differences("config: ", stamped, self._then)

    def small(self, rehearsed: Any) -> Any:
        """Give a rehearsal's config, with what older code lacks left alone."""
        if self._declared:
            return rehearsed
        return _kept(rehearsed, self.config, self.stamped)

    def changes(self, small: Any) -> dict[str, Any]:
        """Say what a rehearsal's config changes, as older code knows it."""
        return changed_fields(self._then, self._written(small, self.stamped))

    def _written(self, config: Any, stamped: Any) -> Any:
        fields = vars(config)
        if self._declared and hasattr(config, "formerly"):
            fields = config.formerly()
        known = stamped if isinstance(stamped, dict) else fields
        return {
            name: self._written(value, known.get(name))
            if dataclasses.is_dataclass(value) else _as_json(value)
            for name, value in fields.items()
            if name in known or not _is_default(config, name, value)
        }


def _as_json(value: Any) -> Any:
    return json.loads(json.dumps(value))


def _is_default(config: Any, name: str, value: Any) -> bool:
    for field in dataclasses.fields(config):
        if field.name == name:
            if field.default_factory is not dataclasses.MISSING:
                return field.default_factory() == value
            return field.default == value
    return False


def _kept(rehearsed: Any, config: Any, stamped: Any) -> Any:
    if not dataclasses.is_dataclass(config) or not isinstance(stamped, dict):
        return rehearsed
    return dataclasses.replace(rehearsed, **{
        name: _kept(getattr(rehearsed, name), value, stamped[name])
        if name in stamped else value
        for name, value in vars(config).items()
    })


def changed_fields(before: dict, after: dict) -> dict[str, Any]:
    """Give the fields that differ, with their values after, also inside."""
    return {
        name: changed_fields(before[name], value)
        if isinstance(value, dict) and isinstance(before[name], dict)
        else value
        for name, value in after.items() if value != before[name]
    }


def changes_here(config: Any, small: Any) -> dict[str, Any]:
    """Say what a rehearsal's config changes, as the code here knows it."""
    return changed_fields(
        store.config_as_json(config), store.config_as_json(small)
    )

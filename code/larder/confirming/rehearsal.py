"""What a rehearsal is: a run in small, through the same code.

A run's rehearsal tells whether other code gives the same result, in seconds
instead of minutes. So it must take every branch that the run takes: what is
switched on stays on, and only sizes shrink. Each config class says how, in its
method `rehearsal`; see `confirm`.
"""

import dataclasses
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Rehearsal:
    """A small config of the same type, and how much data it gets to see.

    `data` are the arguments of the larder's `in_small`. What the run needs is
    rehearsed with its own, but for those in `needs`.
    """

    config: Any
    data: dict[str, Any] = field(default_factory=dict)
    needs: dict[str, Any] = field(default_factory=dict)


def smaller(config: Any, **limits: int) -> Any:
    """Give a config with each of these fields at most as large as said.

    A field that is None stays so. One that holds a config is rehearsed too.
    """
    inner = {
        name: value.rehearsal().config
        for name, value in vars(config).items() if hasattr(value, "rehearsal")
    }
    return dataclasses.replace(config, **inner, **{
        name: min(getattr(config, name), limit)
        for name, limit in limits.items() if getattr(config, name) is not None
    })

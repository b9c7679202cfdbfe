"""Larder: stored results that know what they depend on.

A task is a pure function of one frozen dataclass, its config. A `Run` is a task
with a config and a name; its `Result` is stored with a stamp of the code,
config and data that made it, computed where it is missing or stale, and carried
over a refactoring by evidence. A `Larder` says where results lie and what they
depend on. Nothing here knows what is computed.
"""

from larder.computing.driver import compute, refresh
from larder.confirming.confirm import confirm
from larder.confirming.rehearsal import Rehearsal, smaller
from larder.context import NOWHERE, Context
from larder.fingerprint import ignored
from larder.freshness import Status, status, statuses, survey
from larder.larder import Larder
from larder.machine import Environment
from larder.runs import Run, varied
from larder.store import Result, Stored

__all__ = [
    "NOWHERE", "Context", "Environment", "Larder", "Rehearsal", "Result", "Run",
    "Status", "Stored", "compute", "confirm", "ignored", "refresh", "smaller",
    "status", "statuses", "survey", "varied",
]

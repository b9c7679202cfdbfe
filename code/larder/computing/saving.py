"""What becomes of a result that a worker has sent back."""

from collections.abc import Iterable
from typing import Any

from larder import store
from larder.computing.locks import checkpoint_of
from larder.freshness import code_of, identity
from larder.larder import Larder
from larder.runs import Run


class Keeper:
    """Stores results, if they are of the code that there was at the start."""

    def __init__(self, larder: Larder, runs: Iterable[Run]):
        """Look at the code; `ValueError` where a task can't be followed."""
        # Workers may import the code at any time from now on, and keep it.
        kinds = {run.kind: run for run in runs}
        self._code = {kind: code_of(run) for kind, run in kinds.items()}
        self._larder = larder

    def save(
        self, run: Run, result: store.Result, worker_stamp: dict[str, Any]
    ) -> store.Stored:
        """Store a result with its stamp, and remove the run's checkpoint.

        Raises what the larder's `refuse` and `store.save` do, and
        `RuntimeError` where the code is no longer what it was.
        """
        self._larder.refuse(result)
        if code_of(run) != self._code[run.kind]:
            raise RuntimeError(
                "its code was changed while it ran, so the result is not "
                "stored; run it again"
            )
        path = run.path(self._larder.results)
        stamp = identity(self._larder, run) | worker_stamp
        stored = store.save(path, result, stamp)
        checkpoint_of(path).unlink(missing_ok=True)
        return stored

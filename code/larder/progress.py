"""How far a run has come: told by a task, heard by whoever shows a bar."""

from collections.abc import Callable

from larder.fingerprint.reach import ignored

_listener: Callable[[int, int], None] | None = None


def listen(listener: Callable[[int, int], None] | None) -> None:
    """Send the reports of this process to `listener`, or nowhere if None."""
    global _listener
    _listener = listener


@ignored("it tells how far a run has come and cannot change what comes out")
def report(done: int, total: int) -> None:
    """Say that `done` of `total` steps (epochs, say) of the run have ended."""
    if _listener is not None:
        _listener(done, total)

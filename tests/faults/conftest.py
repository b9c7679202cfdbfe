"""The tally of all faults tried, and a process to try them in."""

import contextlib
import os
import sys
import traceback

import pytest

# Fault -> how often it was tried, and how often something was lost.
_TALLY: dict[str, list[int]] = {}


@contextlib.contextmanager
def _attempt(fault: str):
    row = _TALLY.setdefault(fault, [0, 0])
    try:
        yield
    except KeyboardInterrupt:  # the user ends it all: nothing was tried
        raise
    except BaseException:
        row[1] += 1
        row[0] += 1
        raise
    row[0] += 1


@pytest.fixture
def attempt():
    """Give what counts a fault as tried, and as lost if the block fails."""
    return _attempt


def pytest_terminal_summary(terminalreporter):
    """Print the table of faults where those that take long were asked for."""
    asked = terminalreporter.config.getoption("markexpr") != "not long"
    if not (_TALLY and asked):
        return
    terminalreporter.section("faults")
    width = max(map(len, _TALLY))
    terminalreporter.line(f"{'fault':{width}}  tried  survived  lost")
    for fault, (tried, lost) in _TALLY.items():
        terminalreporter.line(
            f"{fault:{width}}  {tried:5}  {tried - lost:8}  {lost:4}"
        )


@pytest.fixture
def fork():
    """Give what calls a function in a copy of this process.

    The copy ends with exit code 0 if the function returned, and 1 with its
    traceback if it raised; the exit code is returned.
    """
    if not hasattr(os, "fork"):
        pytest.skip("needs fork")
    return _in_a_copy


def _in_a_copy(function, *arguments) -> int:
    process = os.fork()
    if process == 0:
        try:
            function(*arguments)
            os._exit(0)
        except BaseException:
            traceback.print_exc(file=sys.stderr)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])

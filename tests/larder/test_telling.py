"""What a user is told before anything is computed, by Quarto as well."""

import io
import os
import re
import signal
import subprocess
import sys

import pytest

import toy_tasks
from digits.kept import LARDER, compute
from larder import Run
from larder.computing.announcing import announce, summary
from larder.computing.errors import TrainingRefused
from larder.computing.schedule import Due
from larder.telling import terminal
from project import needs_quarto
from test_example import RUNS, Report
from toy_tasks import Toy, toys

CHANGED = "code: flowers.neighbours.score_neighbours was changed"
BEFORE = (f"{RUNS} runs are to be computed; last time, on one core each, it "
          "took ")


def due(name, state, *reasons, seconds=None):
    run = Run("toys", name, toy_tasks.square, Toy())
    return Due(run, state, reasons, seconds)


def test_runs_for_the_same_kind_of_reason_share_a_line():
    assert summary([
        due("a", "stale", "config: rate was 0.1, is now 0.2", seconds=40),
        due("b", "stale", "config: rate was 0.1, is now 0.4", seconds=80),
        due("c", "stale", "code: work was changed", "data was 1, is now 2",
            "needs x/y, which is stale", seconds=1),
        due("d", "missing", "never computed"),
        due("e", "fresh", seconds=1),
    ]).splitlines() == [
        "5 runs are to be computed; last time, on one core each, it took 2 min "
        "(of 1, not known).",
        "     2 stale: toys/a (config: rate was 0.1, is now 0.2) …",
        "     1 stale: toys/c (code: work was changed; data was 1, is now 2) …",
        "     1 missing: toys/d (never computed)",
        "     1 fresh: toys/e (asked for all the same)",
    ]


def test_what_was_never_computed_has_no_known_cost():
    assert summary([due("a", "missing", "never computed")]).startswith(
        "1 run is to be computed; how long it takes is not known."
    )


def test_it_is_said_once_before_the_first_run_and_not_if_all_is_fresh(
    results, here, capsys
):
    compute(toys(3), executor=here, folder=results)
    told = capsys.readouterr().err
    assert re.match("3 runs are to be computed;.*never computed.*toy-0: done",
                    told, flags=re.DOTALL)
    assert told.count("to be computed") == 1
    compute(toys(3), executor=here, folder=results)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("value", "refused"), [
    ("never", True), ("", False), ("always", False),
])
def test_the_variable_refuses(monkeypatch, value, refused):
    monkeypatch.setenv(LARDER.variable, value)
    some = [due("a", "stale", "data was 1, is now 2", seconds=3)]
    if not refused:
        announce(LARDER, some)
        return
    with pytest.raises(TrainingRefused) as told:
        announce(LARDER, some)
    assert str(told.value).splitlines() == [
        "DIGITS_TRAIN=never, but not all results are fresh:",
        "  toys/a: stale (data was 1, is now 2; took 3 s)",
        "Compute them with: digits train toys",
    ]


class Gone(io.StringIO):
    """A terminal that was closed."""

    def write(self, text):
        super().write(text)
        raise BrokenPipeError


def test_a_terminal_that_is_gone_ends_no_computation(monkeypatch):
    gone = Gone()
    monkeypatch.setattr(sys, "stderr", gone)
    terminal.say("nobody hears this")
    assert gone.getvalue() == "nobody hears this"


@pytest.fixture
def stale(tmp_path):
    """Give the other report, with a task that was changed."""
    report = Report(tmp_path / "iris")
    report.edit("np.square(apart)", "np.square(apart[..., :2])")
    return report


@needs_quarto
def test_a_render_says_what_it_computes_before_it_does(stale):
    told = stale.call("quarto", "render")
    place = told.index(BEFORE)
    assert f"{RUNS} stale: voting/neighbours-1 ({CHANGED}) …" in told[place:]
    assert f"done ({RUNS} of {RUNS}" in told[place:]
    assert "done (" not in told[:place]
    page = (stale.folder / "report.html").read_text(encoding="utf-8")
    assert "to be computed" not in page


@needs_quarto
def test_a_render_on_a_terminal_shows_it_there(stale):
    """There, a server of Quarto's outlives it, and has no terminal."""
    pexpect = pytest.importorskip("pexpect", reason="needs pseudo-terminals")
    told, code = pexpect.run(
        "quarto render --execute-daemon 1", withexitstatus=True, timeout=200,
        cwd=str(stale.folder), dimensions=(40, 120), encoding="utf-8",
        env={name: value for name, value in stale.environment().items()
             if name != "CI"},
    )
    assert code == 0, told
    place = told.index(BEFORE)
    assert f"({CHANGED}) …" in told[place:]
    assert f"{RUNS}/{RUNS}" in told[place:]  # the bar of all
    page = (stale.folder / "report.html").read_text(encoding="utf-8")
    assert "to be computed" not in page
    assert "ipywidget" not in page  # as rich has in a notebook


@needs_quarto
def test_a_preview_refuses_and_names_the_command(stale):
    told = stale.call("quarto", "preview", "--no-browser", code=1)
    assert (
        "quarto preview computes nothing, unless FLOWERS_COMPUTE=always "
        "allows it, but not all results are fresh:"
    ) in told
    assert "Compute them with: python -m flowers train voting" in told
    assert f"{RUNS} stale" in stale.flowers("status")


@needs_quarto
def test_a_preview_computes_where_it_is_allowed_to(stale):
    with subprocess.Popen(
        ["quarto", "preview", "--no-browser"], cwd=stale.folder, text=True,
        env=stale.environment(FLOWERS_COMPUTE="always"),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, start_new_session=True,
    ) as preview:
        try:
            told = []
            while f"done ({RUNS} of {RUNS}" not in (told or [""])[-1]:
                told.append(preview.stderr.readline())
                assert told[-1], "".join(told)
        finally:
            os.killpg(preview.pid, signal.SIGKILL)
    assert BEFORE in "".join(told)
    assert f"{RUNS} fresh" in stale.flowers("status")

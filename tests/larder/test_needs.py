"""Runs that need the results of others, and checkpoints of long runs."""

import json
from dataclasses import replace

import pytest

import toy_tasks
from digits.kept import LARDER, compute
from larder import Run, documents
from larder.computing.attempts import Call, perform
from larder.computing.errors import RunsFailed, TrainingRefused
from larder.computing.process import WorkerDied
from larder.computing.workers import LocalExecutor
from toy_tasks import Toy, status, toys, traces


@pytest.fixture
def chain(marks):
    """Two squares, 1 and 4, and a run that adds them to 10."""
    _, *squares = toys(3, folder=marks)
    total = Run("toys", "total", toy_tasks.add,
                Toy(10, f"{marks}/total"), {"needed": tuple(squares)})
    return squares, total


def test_what_is_needed_is_computed_before(chain, results, here, marks):
    squares, total = chain
    (found,) = compute([total], executor=here, folder=results)
    assert found.result.metrics == {"square": 15}
    assert {status(run, results).state for run in (*squares, total)} == {
        "fresh"
    }
    compute([total, *squares], executor=here, folder=results)
    assert len(traces(marks, "begun")) == 2


def test_results_come_in_the_order_of_the_runs(chain, results, here):
    squares, total = chain
    found = compute([total, *squares], executor=here, folder=results)
    assert [s.result.metrics["square"] for s in found] == [15, 1, 4]


def test_workers_get_what_is_needed(chain, results):
    _, total = chain
    (found,) = compute([total], jobs=2, folder=results)
    assert found.result.metrics == {"square": 15}


def test_another_outcome_makes_stale(chain, results, here):
    squares, total = chain
    compute([total], executor=here, folder=results)
    changed = replace(squares[0], config=replace(squares[0].config, number=7))
    now = replace(total, inputs={"needed": (changed, squares[1])})
    assert status(now, results).reasons == (
        "needs toys/toy-1, which is stale",
    )
    compute([changed], executor=here, folder=results)
    (reason,) = status(now, results).reasons
    assert reason.startswith("what it needs: toys/toy-1 was ")
    (found,) = compute([now], executor=here, folder=results)
    assert found.result.metrics == {"square": 63}


def test_the_same_outcome_computed_anew_leaves_fresh(chain, results, here):
    squares, total = chain
    (before,) = compute([total], executor=here, folder=results)
    compute(squares, executor=here, folder=results, force=True)
    assert status(total, results).state == "fresh"
    (after,) = compute([total], executor=here, folder=results)
    assert after == before


def test_what_is_gone_makes_stale_and_is_computed_anew(chain, results, here):
    squares, total = chain
    compute([total], executor=here, folder=results)
    squares[0].path(results).unlink()
    found = status(total, results)
    assert found.state == "stale"
    assert found.reasons[0] == "needs toys/toy-1, which is missing"
    compute([total], executor=here, folder=results)
    assert status(total, results).state == "fresh"


def test_force_computes_each_once(chain, results, here, marks):
    squares, total = chain
    compute([total, *squares], executor=here, folder=results)
    compute([total, *squares], executor=here, folder=results, force=True)
    assert len(traces(marks, "begun")) == 4
    assert len(traces(f"{marks}/total", "begun")) == 2


def test_force_leaves_what_is_only_needed(chain, results, here, marks):
    _, total = chain
    compute([total], executor=here, folder=results)
    compute([total], executor=here, folder=results, force=True)
    assert len(traces(marks, "begun")) == 2


def test_what_is_needed_fails(chain, results, here, marks):
    squares, total = chain
    broken = replace(squares[0], task=toy_tasks.fail)
    total = replace(total, inputs={"needed": (broken, squares[1])})
    last = Run("toys", "last", toy_tasks.let_go, Toy(0, marks),
               {"needed": total})
    with pytest.raises(RunsFailed, match="toy number 1 is broken") as caught:
        compute([last], executor=here, folder=results)
    for run in (total, last):
        assert f"{run} was not begun: what it needs failed" in str(caught.value)
    assert status(squares[1], results).state == "fresh"
    assert not traces(f"{marks}/total", "begun")


def test_a_run_begins_when_its_own_needs_are_done(results, marks):
    """Not when all needs of all runs are: the first ends only after the last.

    Two levels down, since each level was once computed as a whole.
    """
    endless = Run("toys", "endless", toy_tasks.report_progress, Toy(0, marks))
    (quick,) = toys(1, folder=marks)
    middle = Run("toys", "middle", toy_tasks.add, Toy(1, marks),
                 {"needed": (quick,)})
    last = Run("toys", "last", toy_tasks.let_go, Toy(2, marks),
               {"needed": middle})
    late = Run("toys", "late", toy_tasks.finish, Toy(3, marks),
               {"needed": (endless, last)})
    found = compute([late, last, endless], jobs=2, folder=results)
    assert [item.result.metrics for item in found] == [
        {"needed": 2}, {"square": 1}, {"done": 1},
    ]


def test_runs_that_only_may_change_are_looked_at_again(
    chain, results, here, marks
):
    """Forced, a need comes out as it was; what needs it stays as it is."""
    squares, total = chain
    last = Run("toys", "last", toy_tasks.let_go, Toy(0, marks),
               {"needed": total})
    compute([last], executor=here, folder=results)
    before = status(total, results).stored
    found = compute([squares[0], last], executor=here, folder=results,
                    force=True)
    assert len(found) == 2
    assert len(traces(marks, "begun", 1)) == 2
    assert status(total, results).stored == before


def test_never_training_names_what_is_needed(
    chain, results, here, monkeypatch
):
    monkeypatch.setenv("DIGITS_TRAIN", "never")
    with pytest.raises(TrainingRefused, match="toys/toy-1: missing"):
        compute([chain[1]], executor=here, folder=results)


def test_results_without_needs_stay_fresh(chain, results, here):
    """Stamps of before runs could need others have no such key."""
    squares, _ = chain
    compute(squares, executor=here, folder=results)
    file = squares[0].path(results)
    document = json.loads(file.read_text())
    assert document["stamp"].pop("needs") == {}
    document["checksum"] = documents.checksum_of(document)
    file.write_text(json.dumps(document))
    assert status(squares[0], results).state == "fresh"


# Checkpoints.


def counting(marks, number=3):
    task = toy_tasks.count_with_checkpoints
    return Run("toys", "counting", task, Toy(number, marks))


def test_a_killed_run_goes_on(results, marks):
    (found,) = compute([counting(marks)], jobs=1, folder=results)
    assert found.result.metrics == {"begun_at": 3}
    assert len(traces(marks, "from-0")) == len(traces(marks, "from-3")) == 1
    assert not list(results.rglob(".*"))


def test_the_checkpoint_of_another_config_counts_as_nothing(results, marks):
    run = counting(marks)
    other = replace(run, config=replace(run.config, number=9))
    _leave_checkpoint(run, results)
    (found,) = compute([other], jobs=1, folder=results)
    assert found.result.metrics == {"begun_at": 0}


@pytest.mark.parametrize("damage", [
    lambda content: b"",
    lambda content: content[: len(content) // 2],
    lambda content: content[:-40] + bytes(40),
    lambda content: b"PK" + bytes(1000),
])
def test_a_damaged_checkpoint_counts_as_nothing(results, marks, damage):
    run = counting(marks)
    file = _leave_checkpoint(run, results)
    file.write_bytes(damage(file.read_bytes()))
    (found,) = compute([run], jobs=1, folder=results)
    # It began anew, died at 3 as if for the first time, and went on.
    assert found.result.metrics == {"begun_at": 3}
    assert len(traces(marks, "from-0")) == 2


def _leave_checkpoint(run, results):
    """Let a run die, without a second try; return the file that it left."""
    call = Call.of(LARDER.at(results), run)
    file = call.checkpoint
    file.parent.mkdir(parents=True, exist_ok=True)
    executor = LocalExecutor(1)
    future = executor.submit_reporting(perform, call)
    with pytest.raises(WorkerDied):
        future.result()
    executor.shutdown()
    assert file.exists()
    return file

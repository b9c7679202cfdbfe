"""Runs that need the results of others, and checkpoints of long runs."""

import json
from dataclasses import replace

import pytest

import toy_tasks
from digits.kept import LARDER, compute
from larder import Run, store
from larder.computing import compute as computing
from larder.computing.compute import RunsFailed, TrainingRefused
from larder.computing.workers import LocalExecutor, WorkerDied
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


def test_what_is_needed_fails(chain, results, here):
    squares, total = chain
    broken = replace(squares[0], task=toy_tasks.fail)
    with pytest.raises(RunsFailed, match="toy number 1 is broken"):
        compute([replace(total, inputs={"needed": (broken, squares[1])})],
                executor=here, folder=results)
    assert status(squares[1], results).state == "fresh"


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
    document["checksum"] = store._checksum(document)
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
    file = computing._checkpoint_of(run, results)
    file.parent.mkdir(parents=True, exist_ok=True)
    executor = LocalExecutor(1)
    future = executor.submit(
        computing._execute, run, [], file,
        computing._bits_of(LARDER.at(results), run), (), dict,
    )
    with pytest.raises(WorkerDied):
        future.result()
    executor.shutdown()
    assert file.exists()
    return file

"""Honest failure: reported with the run's config, and not stored.

A loss that is no number: `tests/test_training.py`, `tests/test_classifier.py`;
what is not finite is never stored: `tests/test_compute.py`.
"""

import pytest

import toy_tasks
from digits.kept import compute
from larder import Run
from larder.computing.errors import RunsFailed
from toy_tasks import Toy, status, toys, traces


def test_a_training_that_ends_at_chance_is_reported_and_not_stored(
    results, here, attempt
):
    runs = [*toys(task=toy_tasks.guess), *toys(2)[1:]]
    with attempt("training that ends at chance"):
        with pytest.raises(RunsFailed) as caught:
            compute(runs, executor=here, folder=results)
        for part in ("toys/toy-0 failed", "0.0987", "what guessing gives",
                     "Toy(number=0"):
            assert part in str(caught.value)
        states = [status(run, results).state for run in runs]
        assert states == ["missing", "fresh"]


def learn_a_little(config):
    result = toy_tasks.guess(config)
    return toy_tasks.Result({}, result.table | {"accuracy": [0.1, 0.2]})


def look_at_guesses(config):
    accuracy = toy_tasks.guess(config).table["accuracy"]
    return toy_tasks.Result({}, {"noise": [0.9, 1.0], "accuracy": accuracy})


@pytest.mark.parametrize("task", [learn_a_little, look_at_guesses])
def test_what_learned_or_is_no_training_is_stored(task, results, here):
    """Between noise and digits, guessing is a right answer."""
    (stored,) = compute(toys(task=task), executor=here, folder=results)
    assert len(stored.result.table["accuracy"]) == 2


def test_a_worker_killed_for_memory_is_reported_with_the_config(
    results, marks, attempt
):
    runs = [*toys(task=toy_tasks.killed_always, folder=marks), *toys(2)[1:]]
    with attempt("worker killed for memory"):
        with pytest.raises(RunsFailed) as caught:
            compute(runs, jobs=1, folder=results)
        for part in ("toys/toy-0 failed twice", "exit code -9",
                     "memory runs out", f"Toy(number=0, folder={marks!r}"):
            assert part in str(caught.value)
        assert len(traces(marks, "begun")) == 2
        states = [status(run, results).state for run in runs]
        assert states == ["missing", "fresh"]
        assert not list(results.rglob(".*"))


def exhaust(config: Toy):
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
    return toy_tasks.Result({"bytes": len(bytes(2**31))})


def test_a_run_without_memory_is_reported(results, attempt):
    with attempt("memory that can't be had"):
        with pytest.raises(RunsFailed, match="MemoryError"):
            compute(toys(task=exhaust), jobs=1, folder=results)
        assert not list(results.rglob("*.json"))


@pytest.mark.long
@pytest.mark.parametrize("rate", [10.0, 1e4, 1e30])
def test_a_real_training_that_diverges_is_not_stored(rate, results, attempt):
    config = toy_tasks.dense(
        hidden_units=(16, 16), epochs=3, batch_size=32,
        whole_training_set=True, learning_rate=rate,
    )
    run = Run("real", "diverging", toy_tasks.train_on_fakes, config)
    with attempt("real training that diverges"):
        with pytest.raises(RunsFailed) as caught:
            compute([run], jobs=1, folder=results)
        assert "FloatingPointError" in str(caught.value)
        assert f"learning_rate={rate}" in str(caught.value)
        assert status(run, results).state == "missing"

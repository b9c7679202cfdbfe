"""Thousands of results: no work is done once a run that is enough once a task.

`benchmarks/growth.py` measures the curve.
"""

import tracemalloc

import numpy as np
import pytest

import larder
import toy_tasks
from digits.kept import LARDER, compute, statuses, survey
from larder import Run, freshness, store
from toy_tasks import Toy, toys


@pytest.fixture
def many(results, here):
    runs = toys(30)
    compute(runs, executor=here, folder=results)
    return runs


@pytest.mark.parametrize("look", [survey, statuses])
def test_the_code_is_asked_for_once_a_task(look, many, results, monkeypatch):
    asked = []
    real = freshness.code_of
    monkeypatch.setattr(
        freshness, "code_of", lambda run: asked.append(run.task) or real(run)
    )
    found = list(look(many, results))
    assert [item.state for item in found] == ["fresh"] * 30
    assert asked == [toy_tasks.square]


def test_what_many_need_is_looked_at_once(results, here, monkeypatch):
    (needed,) = toys()
    totals = [
        Run("toys", f"total-{n}", toy_tasks.add, Toy(n),
            inputs={"needed": (needed,)})
        for n in range(5)
    ]
    compute(totals, executor=here, folder=results)
    read = []
    real = store._verified
    monkeypatch.setattr(
        store, "_verified", lambda path: read.append(path) or real(path)
    )
    assert {item.state for item in survey(totals, results)} == {"fresh"}
    # For how it stands and for its outcome.
    assert read.count(needed.path(results)) == 2


def test_a_survey_unpacks_nothing_and_says_the_same(many, results):
    """And it keeps nothing: only what it gives is in memory."""
    for brief, full in zip(
        survey(many, results), statuses(many, results), strict=True
    ):
        assert (brief.run, brief.state) == (full.run, full.state)
        assert brief.seconds == full.seconds
        assert brief.stored.checksum == full.stored.checksum
        assert not hasattr(brief.stored, "result")


def hold(config):
    return store.Result({}, {}, {"zeros": np.zeros(500_000)})


@pytest.mark.parametrize("way", ["refresh", "compute"])
def test_the_driver_keeps_what_its_caller_asks_for(way, results, here):
    """Of 20 results with 4 MB each, nothing or all; so the test can tell."""
    runs = toys(20, task=hold)
    tracemalloc.start()
    try:
        found = getattr(larder, way)(
            LARDER.at(results), runs, jobs=1, executor=here
        )
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (peak < 30 * 2**20) == (way == "refresh")
    assert found is None or len(found) == 20
    assert {item.state for item in survey(runs, results)} == {"fresh"}


def test_looking_through_many_takes_the_memory_of_one(results, here):
    runs = toys(20, task=hold)
    compute(runs, executor=here, folder=results)
    assert {item.state for item in survey(runs, results)} == {"fresh"}
    tracemalloc.start()
    try:
        for item in survey(runs, results):
            assert item.state == "fresh"
        assert tracemalloc.get_traced_memory()[1] < 10 * 2**20
    finally:
        tracemalloc.stop()

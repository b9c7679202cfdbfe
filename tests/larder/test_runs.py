"""Runs, and their configs: of one piece, or put together of others."""

from dataclasses import dataclass, replace

import pytest

import toy_tasks
from larder import Result, Run, varied
from larder.looking.frames import final_frame, table_frame
from larder.runs import flat
from larder.store import Stored


@dataclass(frozen=True)
class Steps:
    rate: float = 0.1
    momentum: float = 0.0
    seed: int = 7

    def __post_init__(self):
        if self.momentum and self.rate > 0.5:
            raise ValueError("too fast")


@dataclass(frozen=True)
class Shape:
    sizes: tuple = (3,)
    seed: int = 8


@dataclass(frozen=True)
class Whole:
    shape: Shape = Shape()
    steps: Steps | None = Steps()
    epochs: int = 2


@dataclass(frozen=True)
class Judged:
    whole: Whole = Whole()
    epochs: int = 5


def test_a_config_is_seen_flat_and_the_least_deep_field_is_meant():
    assert flat(Whole()) == {
        "sizes": (3,), "rate": 0.1, "momentum": 0.0, "epochs": 2,
    }
    assert flat(Judged()) == {
        "sizes": (3,), "rate": 0.1, "momentum": 0.0, "epochs": 5,
    }
    assert flat(Whole(steps=None)) == {
        "sizes": (3,), "seed": 8, "steps": None, "epochs": 2,
    }


def test_fields_are_changed_however_deep():
    found = varied(Judged(), sizes=(4,), momentum=0.9, epochs=1)
    assert found == Judged(
        Whole(Shape((4,)), Steps(momentum=0.9)), epochs=1
    )
    assert varied(Whole(), steps=None, epochs=3) == Whole(Shape(), None, 3)
    given = varied(Whole(steps=None), steps=Steps(), rate=0.3)
    assert given == Whole(steps=Steps(rate=0.3))


def test_fields_of_one_config_are_changed_at_once():
    fast = Whole(steps=Steps(rate=0.1, momentum=0.9))
    found = varied(fast, rate=0.9, momentum=0.0)
    assert found.steps == Steps(rate=0.9)
    with pytest.raises(ValueError, match="too fast"):
        varied(fast, rate=0.9)


@pytest.mark.parametrize(("name", "count"), [("lam", 0), ("seed", 2)])
def test_a_field_that_is_not_there_once_is_an_error(name, count):
    with pytest.raises(TypeError, match=f"has {count} fields '{name}'"):
        varied(Whole(), **{name: 1})


def test_the_columns_of_tables_are_flat_and_a_tables_own_come_first():
    run = Run("toys", "one", toy_tasks.square, Whole())
    result = Result({"accuracy": 0.5}, table={"rate": [1, 2]})
    stored = Stored({"seconds": 3}, "", result, "")
    final = final_frame([run], [stored])
    assert final.to_dict("records") == [{
        "run": "one", "sizes": (3,), "rate": 0.1, "momentum": 0.0,
        "epochs": 2, "accuracy": 0.5, "seconds": 3,
    }]
    table = table_frame([run], [stored])
    assert list(table["rate"]) == [1, 2]
    assert list(table["momentum"]) == [0.0, 0.0]
    assert set(table["run"]) == {"one"}


def test_the_classes_of_a_config_count_with_those_within():
    config = toy_tasks.dense()
    from digits.tasks.notebook import train_as_notebook

    run = Run("toys", "one", train_as_notebook, config)
    assert run.classes == (
        "digits.networks.dense.DenseNetwork", "digits.tasks.configs.Training",
        "digits.tasks.schedule.Schedule", "digits.tasks.split.Split",
    )
    other = toy_tasks.convolutional(augmentation=None)
    kinds = {run.kind, replace(run, config=other).kind}
    assert len(kinds) == 2
    # Of another package than the task's, none: it counts by its version.
    assert Run("toys", "one", toy_tasks.square, config).classes == ()

"""Rehearsals take every branch that the run takes, and compare every bit."""

import dataclasses
import io

import h5py
import numpy as np
import pytest

import toy_tasks
from digits.kept import LARDER
from larder import smaller
from larder.confirming import comparing, rehearse
from larder.confirming.formerly import Formerly, changes_here

CONFIGS = list({run.config: str(run) for run in LARDER.runs()}.items())


def fields(config):
    """Yield name, original and value of each field, also of inner configs."""
    small = config.rehearsal().config
    yield from _pairs(config, small)


def _pairs(config, small):
    for name, original in vars(config).items():
        value = getattr(small, name)
        yield name, original, value
        if dataclasses.is_dataclass(original):
            yield from _pairs(original, value)


def switch(value):
    """Tell of a field whether it is on, and if it is no size, its value."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value > 0
    return value


@pytest.mark.parametrize(
    "config", [config for config, _ in CONFIGS],
    ids=[name for _, name in CONFIGS],
)
def test_a_rehearsal_shrinks_sizes_and_switches_nothing_off(config):
    small = config.rehearsal().config
    assert type(small) is type(config)
    for name, original, value in fields(config):
        if dataclasses.is_dataclass(original):
            assert type(value) is type(original)
            continue
        assert switch(value) == switch(original), name
        if isinstance(original, int | float):
            assert value <= original, name


def test_each_kind_of_config_can_be_rehearsed():
    kinds = {type(config) for config, _ in CONFIGS}
    assert len(kinds) >= 13
    for kind in kinds:
        assert "rehearsal" in dir(kind), kind


def test_rates_and_architectures_stay_as_they_are():
    kept = {"learning_rate", "hidden_units", "stages", "stem", "dropout",
            "rotation", "weight_decay", "batch_size", "momentum", "bend"}
    for config, name in CONFIGS:
        for field, original, value in fields(config):
            assert field not in kept or value == original, (name, field)


def rehearsed(run):
    """Rehearse a run with the code that is here."""
    rehearsal = run.config.rehearsal()
    return rehearsal.config, rehearse.rehearsed({
        "experiment": run.experiment, "name": run.name, "resume": False,
        "changes": changes_here(run.config, rehearsal.config), "needs": [],
        "package": "digits", "in_small": LARDER.rehearsal,
        "data": rehearsal.data,
    })


def named(name):
    (run,) = (run for run in LARDER.runs() if str(run) == name)
    return run


def test_early_stopping_stops_early_and_restores_the_best(mnist_file):
    config, outcome = rehearsed(named("influences/early-stopping_seed-0"))
    scores = outcome["table"]["scored_accuracy"]
    assert 2 < len(scores) < config.schedule.epochs
    assert scores[-1] <= scores[-2]
    assert outcome["metrics"]["validation_accuracy"] == pytest.approx(
        max(scores)
    )


def test_the_averaged_weights_are_of_fewer_epochs_than_all(mnist_file):
    config, outcome = rehearsed(named("comparison/dense_images-100_seed-0"))
    assert config.schedule.averaged_epochs < config.schedule.epochs == 3
    assert outcome["table"]["epoch"] == [1, 2, 3]


def outcome(**parts):
    return {"metrics": {"accuracy": 0.5}, "table": {"epoch": [1, 2]},
            "arrays": {"a": np.arange(3.0)}, "weights": None} | parts


def weights(**arrays):
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for name, array in arrays.items():
            file.create_dataset(f"layers/{name}", data=array)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"metrics": {"accuracy": 0.25}},
         "metrics: accuracy was 0.5, is 0.25 (-0.25)"),
        ({"metrics": {"accuracy": 1}}, "metrics: accuracy was 0.5, is 1"),
        ({"metrics": {}}, "metrics: accuracy is gone"),
        ({"metrics": {"accuracy": None}},
         "metrics: accuracy was 0.5, is None"),
        ({"table": {"epoch": [1, 3]}},
         "table: epoch in row 2 was 2, is 3 (+1)"),
        ({"table": {"epoch": [1, 2.0]}}, "table: epoch in row 2 was 2, is 2.0"),
        ({"table": {"epoch": [1]}}, "table: epoch had 2 rows, has 1"),
        ({"arrays": {"a": np.array([0, 1, 2 + 1e-15])}},
         "arrays: a differs in 1 of 3 numbers, by up to 8.9e-16"),
        ({"arrays": {"a": np.arange(3)}}, "arrays: a was <f8 (3,), is <i8"),
        ({"arrays": {"a": np.arange(4.0)}}, "is <f8 (4,)"),
        ({"arrays": {"b": np.arange(3.0)}}, "arrays: a is gone"),
        ({"weights": weights(one=[1.0])}, "weights: are new"),
    ],
)
def test_the_first_difference_is_named(changed, said):
    assert said in comparing.difference(outcome(), outcome(**changed))


def test_weights_are_compared_number_by_number():
    first = outcome(weights=weights(one=[1.0, 2.0], two=[3.0]))
    other = outcome(weights=weights(one=[1.0, 2.5], two=[3.0]))
    assert comparing.difference(first, other) == (
        "weights: layers/one differs in 1 of 2 numbers, by up to 0.5"
    )
    assert comparing.difference(first, outcome(weights=b"no HDF5")) == (
        f"weights: differ ({len(first['weights'])} and 7 bytes)"
    )


def test_the_state_of_an_optimiser_is_no_part_of_a_network():
    first, other = weights(one=[1.0]), weights(one=[1.0])
    with h5py.File(buffer := io.BytesIO(first), "a") as file:
        file.create_dataset("optimizer/vars/0", data=[7.0])
    first = buffer.getvalue()
    assert len(first) != len(other)
    assert comparing.difference(
        outcome(weights=first), outcome(weights=other)
    ) is None


def test_nothing_differs_where_every_bit_is_the_same():
    nan = {"a": np.array([np.nan, -0.0])}
    first = outcome(arrays=nan, weights=weights(one=[1.0]))
    other = outcome(arrays=nan, weights=weights(one=[1.0]))
    assert comparing.difference(first, other) is None
    negative = outcome(arrays={"a": np.array([np.nan, 0.0])},
                       weights=first["weights"])
    assert "arrays: a differs" in comparing.difference(first, negative)


def test_what_was_written_is_read_back(tmp_path):
    written = outcome(weights=b"\x00\xff")
    rehearse.write(tmp_path / "one.npz", written)
    read = rehearse.read(tmp_path / "one.npz")
    assert comparing.difference(written, read) is None
    rehearse.write(tmp_path / "two.npz", {"error": "broken"})
    assert rehearse.read(tmp_path / "two.npz")["error"] == "broken"


@dataclasses.dataclass(frozen=True)
class Inner:
    rate: float = 0.1
    new: int = 3


@dataclasses.dataclass(frozen=True)
class Outer:
    inner: Inner = Inner()
    sizes: tuple = (1, 2)
    levels: int = 21

    def rehearsal(self):
        return smaller(self, levels=2)


@dataclasses.dataclass(frozen=True)
class Renamed:
    learning_rate: float = 0.1
    sizes: tuple = ((1,), (2, 3))

    def formerly(self):
        return {"rate": self.learning_rate, "dead": None, "sizes": self.sizes}


def test_a_new_field_with_its_default_is_no_difference():
    stamped = {"inner": {"rate": 0.1}, "sizes": [1, 2]}
    assert Formerly(Outer(), stamped).differences == []
    for other in (Outer(levels=20), Outer(inner=Inner(new=4))):
        (found,) = Formerly(other, stamped).differences
        assert "was" in found


def test_what_older_code_lacks_is_rehearsed_as_it_is():
    config = Outer()
    small = dataclasses.replace(config, levels=2, sizes=(1,),
                                inner=Inner(rate=0.05, new=1))
    formerly = Formerly(config, {"inner": {"rate": 0.1}, "sizes": [1, 2]})
    kept = formerly.small(small)
    assert kept == Outer(inner=Inner(rate=0.05), sizes=(1,))
    assert formerly.changes(kept) == {"inner": {"rate": 0.05}, "sizes": [1]}


def test_renamed_fields_are_told_by_the_config():
    config = Renamed()
    stamped = {"rate": 0.1, "dead": None, "sizes": [[1], [2, 3]]}
    formerly = Formerly(config, stamped)
    assert formerly.differences == []
    small = Renamed(learning_rate=0.05)
    assert formerly.changes(formerly.small(small)) == {"rate": 0.05}
    assert Formerly(config, stamped | {"rate": 0.2}).differences
    # Once all are confirmed, the stamps have the new names.
    new = {"learning_rate": 0.1, "sizes": [[1], [2, 3]]}
    assert Formerly(config, new).changes(small) == {"learning_rate": 0.05}


@dataclasses.dataclass(frozen=True)
class Together:
    """What were flat configs of two kinds, told by what is within."""

    part: Inner | Renamed = Inner()
    seed: int = 0

    def formerly(self):
        return {"seed": self.seed} | {
            f"part_{name}": value for name, value in vars(self.part).items()
        }


@dataclasses.dataclass(frozen=True)
class Outermost:
    together: Together = Together()
    images: int = 9


@pytest.mark.parametrize(("part", "fields"), [
    (Inner(), {"part_rate": 0.1, "part_new": 3}),
    (Renamed(), {"part_learning_rate": 0.1, "part_sizes": [[1], [2, 3]]}),
])
def test_what_was_flat_is_told_by_what_it_is_made_of(part, fields):
    stamped = {"together": fields | {"seed": 0}, "images": 9}
    config = Outermost(Together(part))
    formerly = Formerly(config, stamped)
    assert formerly.differences == []
    small = dataclasses.replace(config, images=2, together=Together(
        dataclasses.replace(part), seed=4
    ))
    assert formerly.small(small) == small
    assert formerly.changes(small) == {"images": 2, "together": {"seed": 4}}
    assert Formerly(Outermost(Together(part, seed=1)), stamped).differences


def test_changes_reach_into_configs_and_make_tuples():
    config = Outer()
    changed = rehearse.changed(
        config, {"inner": {"rate": 0.5}, "sizes": [3, [4]]}
    )
    assert changed == Outer(inner=Inner(rate=0.5), sizes=(3, (4,)))
    assert changes_here(toy_tasks.dense(), toy_tasks.dense(epochs=2)) == {
        "schedule": {"epochs": 2}
    }

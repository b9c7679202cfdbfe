"""What was asked of an experiment's results is noted, with its runs."""

from dataclasses import dataclass

import pandas as pd
import pytest

from digits.experiments import NAMES
from digits.experiments.findings import (
    Findings,
    Source,
    made_of,
    rows_where,
    taken,
)
from digits.kept import LARDER
from digits.statistics import Summary, summarise


@dataclass(frozen=True)
class Toy(Findings):
    final: pd.DataFrame
    best: float = made_of("best", "again_*")

    @property
    def mean(self) -> float:
        """The mean of all.

        And more of it.
        """
        return self.final["accuracy"].mean()

    def of(self, kind: str, *, doubled: bool = False) -> Summary:
        """The mean of a kind."""
        found = rows_where(self.final, kind=kind)["accuracy"]
        return summarise(found * (1 + doubled))

    @property
    def apart(self) -> float:
        """How far two kinds are apart."""
        return self.of("a").mean - self.of("b").mean

    @property
    def together(self) -> float:
        """The best and the mean."""
        return self.mean + self.best

    @property
    def broken(self) -> float:
        """What can't be worked out."""
        return rows_where(self.final, kind="a")["nothing"]


@pytest.fixture
def toy():
    taken()
    return Toy(pd.DataFrame({
        "run": ["r1", "r2", "r3", "r4"], "kind": ["a", "a", "b", "c"],
        "accuracy": [0.5, 0.7, 0.8, 0.9],
    }), 0.9)


def source(finding, what, *runs, count=None):
    return Source("test_asked", finding, what, runs, count)


def test_nothing_is_noted_before_something_is_asked(toy):
    assert taken() == ()


def test_a_property_tells_its_name_what_it_is_and_its_runs(toy):
    assert toy.mean == pytest.approx(0.725)
    assert taken() == (
        source("mean", "The mean of all.", "r1", "r2", "r3", "r4"),
    )


def test_taken_notes_are_gone(toy):
    assert toy.mean
    taken()
    assert taken() == ()


def test_a_method_tells_what_it_was_given_and_only_the_runs_chosen(toy):
    assert toy.of("a", doubled=True).mean == pytest.approx(1.2)
    assert taken() == (
        source("of(a, True)", "The mean of a kind.", "r1", "r2", count=2),
    )


def test_a_finding_made_of_others_is_noted_alone_with_all_their_runs(toy):
    assert toy.apart == pytest.approx(-0.2)
    assert taken() == (
        source("apart", "How far two kinds are apart.", "r1", "r2", "r3"),
    )


def test_a_field_tells_the_runs_of_its_rows_or_those_declared(toy):
    assert len(toy.final) == 4
    assert toy.best
    assert taken() == (
        source("final", "", "r1", "r2", "r3", "r4"),
        source("best", "", "again_*", "best"),
    )


def test_declared_runs_count_within_a_finding(toy):
    assert toy.together
    (found,) = taken()
    assert found.runs == ("again_*", "best", "r1", "r2", "r3", "r4")


def test_what_is_asked_twice_is_noted_once_and_in_order(toy):
    assert toy.of("b").mean - toy.mean + toy.of("b").mean
    assert [str(found) for found in taken()] == [
        "test_asked.of(b)", "test_asked.mean",
    ]


def test_a_finding_that_fails_leaves_no_trace(toy):
    with pytest.raises(KeyError):
        toy.broken  # noqa: B018
    assert toy.mean
    assert [found.finding for found in taken()] == ["mean"]


def test_rows_can_be_chosen_outside_of_findings(toy):
    assert list(rows_where(toy.final, kind="a", run="r2")["accuracy"]) == [0.7]


@pytest.mark.parametrize("name", [
    "baseline", "comparison", "convolution", "denoising", "generation",
    "influences", "preprocessing", "weight_decay",
])
def test_every_run_that_a_field_names_is_one_of_the_experiment(name):
    """So a renamed run takes its declarations along."""
    assert name in NAMES
    result = LARDER.experiment(name).result()
    names = [run.name for run in LARDER.experiment(name).runs()]
    taken()
    for field in type(result).__dataclass_fields__:
        getattr(result, field)
    for found in taken():
        assert found.experiment == name
        for run in found.runs:
            begun = run.removesuffix("*")
            assert any(
                one.startswith(begun) if run.endswith("*") else one == run
                for one in names
            ), f"{found} is made of {run}"


def test_findings_have_a_line_that_says_what_they_are():
    for name in NAMES:
        for kind in vars(LARDER.experiment(name)).values():
            if not (isinstance(kind, type) and issubclass(kind, Findings)):
                continue
            for finding, value in vars(kind).items():
                if isinstance(value, property):
                    assert value.__doc__, f"{kind.__name__}.{finding}"

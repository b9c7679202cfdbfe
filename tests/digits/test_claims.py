"""Words that stand only while the numbers bear them out."""

import math
import warnings

import pandas as pd
import pytest

from digits import paths
from digits.stating import claims
from digits.stating.claims import ClaimError, ThinMargin, claim
from digits.statistics import Summary


@pytest.fixture(autouse=True)
def report(tmp_path, monkeypatch):
    """Give a report with one claim, and forget what was noticed before."""
    monkeypatch.setattr(claims, "_thin", {})
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    (tmp_path / "report.qmd").write_text(
        'One.\n\nIt is `{python} claim("higher", one, ">", other)`.\n'
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.mark.parametrize(("left", "relation", "right"), [
    (2, ">", 1), (1, "<", 2), (2, ">=", 2), (2, "<=", 2), (3, "==", 3),
    ([2, 3], ">", 1), ([2, 3], ">", [1, 2]), (pd.Series([0.1, 0.2]), "<", 1),
    (Summary(0.9, 0.01, 5), ">", Summary(0.8, 0.02, 5)),
    ([Summary(0.9, 0.01, 5), 0.95], ">", Summary(0.8, 0.02, 5)),
    (Summary(0.9, math.nan, 1), ">", Summary(0.8, math.nan, 1)),
])
def test_what_is_so_is_said(left, relation, right):
    assert claim("as told", left, relation, right) == "as told"


@pytest.mark.parametrize(("left", "relation", "right", "by"), [
    (1, ">", 1, 0), (1, "<", 1, 0), (1, ">=", 2, 0), (2, "<=", 1, 0),
    (1, "==", 2, 0), (2, "==", 1, 0), (3, ">", 1, 2), (1, "<", 3, 2),
    ([2, 0], ">", 1, 0), ([2, 3], ">", [1, 3], 0),
    (math.nan, ">", 0, 0), (math.nan, "<", 0, 0), ([1, math.nan], ">", 0, 0),
    (math.nan, "==", math.nan, 0),
    (Summary(0.7, 0.01, 5), ">", Summary(0.8, 0.02, 5), 0),
])
def test_what_is_not_so_ends_the_execution(left, relation, right, by):
    with pytest.raises(ClaimError):
        claim("as told", left, relation, right, by=by)


def test_a_failure_names_the_words_both_numbers_and_the_margin():
    with pytest.raises(ClaimError) as failure:
        claim("higher", [0.97, 0.9812], ">", 0.9815)
    assert str(failure.value) == (
        'report.qmd, line 3: "higher" is not so: 0.97 > 0.9815, '
        "misses by 0.0115"
    )
    with pytest.raises(ClaimError, match=r"0.98 > 0.97, by 0.02, misses by "):
        claim("higher", 0.98, ">", 0.97, by=0.02)


@pytest.mark.parametrize(("left", "right", "by"), [
    (Summary(0.981, 0.002, 5), Summary(0.980, 0.0001, 5), 0),
    (Summary(0.981, 0.0001, 5), Summary(0.980, 0.002, 5), 0),
    (Summary(0.981, 0.002, 5), 0.980, 0),
    ([Summary(0.999, 0.002, 5), Summary(0.981, 0.002, 5)], 0.980, 0),
    (Summary(0.984, 0.002, 5), 0.980, 0.003),
])
def test_a_margin_thinner_than_the_spread_warns(left, right, by):
    with pytest.warns(ThinMargin, match=(
        r'"better" holds \(0.98. > 0.98.*\) by 0.001, less than replicates '
        r"vary \(0.002\)"
    )):
        assert claim("better", left, ">", right, by=by) == "better"


def test_the_thinnest_of_many_is_told_beside_wide_ones_without_replicates():
    with pytest.warns(ThinMargin, match=r"by 0.01, less than .* \(0.02\)"):
        claim("better", [0.1, Summary(0.11, 0.02, 3)], ">", [0.099, 0.1])


def test_thin_margins_are_recalled_at_the_end():
    claims.recall()
    for word in ("better", "better", "worse"):
        with pytest.warns(ThinMargin):
            claim(word, Summary(0.2, 0.3, 3), ">", 0.1)
    with pytest.warns(ThinMargin) as recalled:
        claims.recall()
    assert [str(item.message).split()[0] for item in recalled] == [
        '"better"', '"worse"'
    ]


def test_a_thin_margin_is_told_with_its_line():
    with pytest.warns(ThinMargin) as warned:
        claim("higher", Summary(0.2, 0.3, 3), ">", 0.1)
    with pytest.warns(ThinMargin) as recalled:
        claims.recall()
    for (item,) in (warned, recalled):
        assert (item.filename, item.lineno) == ("report.qmd", 3)

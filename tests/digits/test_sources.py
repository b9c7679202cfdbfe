"""What a number tells of where it comes from."""

import json
import re
from types import SimpleNamespace

import pytest

from digits import paths
from digits.experiments import baseline, weight_decay
from digits.experiments.findings import Source, taken
from digits.stating import claims, inline, sources, wording
from digits.stating.provenance import stamps_of

A_STAMP = {
    "finished": "2026-11-22T10:00:00Z", "seconds": 60, "code": {"a.b": "1"},
    "hardware": {"processor": "one"}, "versions": {"tensorflow": "2"},
    "config": {"seed": 3},
}


def a_stamp(experiment):
    return {"one": A_STAMP}


@pytest.fixture(autouse=True)
def nothing_asked():
    sources.watch()
    taken()


@pytest.fixture
def curves():
    found = baseline.result()
    taken()
    return found


def as_markdown(stated):
    return stated._repr_markdown_()


def told():
    """Read what the page is told."""
    text = sources.told().data
    return json.loads(re.search(r"<script[^>]*>(.*)</script>", text, re.S)[1])


def test_a_number_in_a_sentence_names_its_finding(curves):
    stated = inline.with_deviation(curves.test)
    assert stated == wording.with_deviation(curves.test)
    assert as_markdown(stated) == f'[{stated}]{{.measured of="baseline.test"}}'


def test_a_number_of_several_findings_names_them_all(curves):
    decay = weight_decay.result()
    taken()
    stated = inline.points(decay.test.mean - curves.test.mean)
    assert as_markdown(stated).endswith(
        ']{.measured of="weight_decay.test; baseline.test"}'
    )


def test_a_number_of_nothing_measured_is_text(curves):
    assert as_markdown(inline.number(2.5, 1)) == "2.5"
    assert curves.test  # which is another number's
    inline.percent(0.5)
    assert as_markdown(inline.percent(0.25)) == "25.00 %"


def test_what_a_claim_asks_for_is_no_number_s_source(curves):
    words = inline.claim("ten epochs", curves.last_epoch, "==", 10)
    assert words == "ten epochs"
    assert as_markdown(inline.number(7)) == "7"


def test_tables_keep_what_their_cells_ask_for(curves):
    assert wording.percent(curves.test.mean)
    assert [str(source) for source in taken()] == ["baseline.test"]


def test_quotes_in_a_name_do_not_end_the_attribute():
    source = Source("one", 'of(a "b" <c>)', "", (), None)
    assert sources.mark("1", (source,)) == (
        '[1]{.measured of="one.of(a &quot;b&quot; &lt;c&gt;)"}'
    )


def test_the_page_is_told_of_each_finding_that_was_stated(curves):
    as_markdown(inline.with_deviation(curves.test))
    as_markdown(inline.percent(curves.test.mean))
    (found,) = told()["findings"].values()
    assert found["is"] == "Accuracy on the test images, over the seeds."
    assert found["runs"] == "baseline: mean of 5, 5 runs, seeds 0 to 4"
    assert found["command"] == 'digits trace "baseline.test"'
    stamp = stamps_of("baseline")["notebook_seed-0"]
    assert found["computed"].startswith(f"computed {stamp['finished'][:10]} on")
    assert stamp["hardware"]["processor"] in found["computed"]
    assert re.search("; code [0-9a-f]{8}$", found["computed"])


@pytest.mark.parametrize(("runs", "confirmed", "expected"), [
    (("one",), (), "toy: 1 run, seed 3"),
    (("t*",), ("two",), "toy: 2 runs, seeds 4 to 5"),
    ((), ("one", "two", "three"), "toy: 3 runs, seeds 3 to 5"),
])
def test_it_says_how_many_runs_and_which_seeds(runs, confirmed, expected):
    stamps = {
        name: A_STAMP | {"config": {"seed": seed}}
        | ({"confirmed": {}} if name in confirmed else {})
        for name, seed in (("one", 3), ("two", 4), ("three", 5))
    }
    found = sources.describe(Source("toy", "best", "", runs, None), stamps)
    assert found["runs"] == expected
    assert found["is"] == "Results: best."
    told_of = {0: "", 1: ", 1 confirmed by rehearsal",
               3: ", confirmed by rehearsal"}[len(confirmed)]
    assert f"on one{told_of}; code" in found["computed"]


def test_what_is_told_can_stand_in_a_page(monkeypatch):
    source = Source("toy", "best", "</script> of all.", (), None)
    monkeypatch.setattr(sources, "stamps_of", a_stamp)
    sources.mark("1", (source,))
    text = sources.told().data
    assert text.count("</script>") == 1
    assert told()["findings"]["toy.best"]["is"] == "</script> of all."
    assert text.startswith('::: {.content-visible when-format="html"}')


@pytest.fixture
def report(tmp_path, monkeypatch):
    """Give a report with a figure."""
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    (tmp_path / claims.REPORT).write_text(
        "```{python}\n#| label: fig-one\n#| fig-cap: One.\ndraw(it)\n```\n\n"
        "```{python}\n#| label: numbers\ncount(it)\n```\n"
    )
    sources.watch()


def execute(code):
    """Do what happens after a chunk."""
    sources._note(SimpleNamespace(info=SimpleNamespace(raw_cell=code)))


def test_a_figure_s_findings_are_known_by_its_label(report, monkeypatch):
    monkeypatch.setattr(sources, "stamps_of", a_stamp)
    asked = [Source("toy", name, "", (), None) for name in ("a", "b")]
    monkeypatch.setattr(sources, "taken", lambda: tuple(asked))
    execute("draw(it)")
    assert told()["figures"] == {"fig-one": "toy.a; toy.b"}
    assert list(told()["findings"]) == ["toy.a", "toy.b"]


def test_what_other_chunks_ask_for_is_forgotten(report, curves):
    assert curves.test
    execute("count(it)")
    assert curves.test
    execute("")  # before inline expressions
    assert told()["figures"] == {}
    assert as_markdown(inline.number(7)) == "7"

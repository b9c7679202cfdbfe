"""The report's sentences with their values, and which of them moved."""

import ast
import dataclasses
import os
import subprocess
import symtable
import sys

import pytest

from digits import kept, paths
from digits.stating import statements
from digits.stating.statements import Chunk, Statement, parse, work_out
from larder import store
from project import copy
from toy_tasks import Toy, toys

REPORT = """\
---
title: Toys
---

```{python}
#| label: bound
#| include: false
from digits.stating.inline import claim, number
few, many = numbers(3), numbers(5)
broken = few / "nothing"
```

A first sentence. Of `{python} number(few)` toys,
`{python} claim("fewer", few, "<", many)` e.g. than
`{python} number(many, 1)` are **bold.** *Another*: `{python} number(broken)`.

| Toys | `{python} number(many)` |
| None | `{python} number(few)` |

- An item with `{python} number(few)`
- and with `{python} number(few + many)`, which
  goes on.

```{python}
#| label: fig-toys
twice = 2 * few
claim("drawn", twice, "<", many)
draw(twice)
```
"""


def worked(**names):
    return work_out(parse(REPORT), {"numbers": lambda n: n} | names)


def test_each_sentence_has_its_lines_and_values():
    found = worked()
    sentences = dict.fromkeys(item.sentence for item in found.texts)
    assert [(one.line, found.filled(one)) for one in sentences] == [
        (13, "Of 3 toys, fewer e.g. than 5.0 are **bold.**"),
        (17, "| Toys | 5 |"), (18, "| None | 3 |"),
        (20, "- An item with 3"), (21, "- and with 8, which goes on."),
    ]
    assert [item.line for item in found.texts] == [13, 14, 15, 17, 18, 20, 21]


def test_what_cannot_be_had_is_told_once_and_a_claim_that_fails():
    assert worked().problems == [
        "report.qmd:10: broken = few / 'nothing': can't be had (TypeError: "
        "unsupported operand type(s) for /: 'int' and 'str')",
        "report.qmd:27: claim('drawn', twice, '<', many): "
        '"drawn" is not so: 6 < 5, misses by 1',
    ]
    found = worked(numbers=lambda n: -n)
    texts = {item.expression: text for item, text in found.texts.items()}
    assert texts['claim("fewer", few, "<", many)'] == (
        '("fewer" is not so: -3 < -5, misses by 2)'
    )


def test_what_a_chunk_failed_to_bind_is_not_what_another_bound():
    text = REPORT.replace("broken = few /", "few = few /")
    found = work_out(parse(text), {"numbers": lambda n: n})
    assert {item.expression for item in found.texts} == {
        "number(many, 1)", "number(many)",
    }


def test_no_sentence_of_the_report_uses_what_a_drawing_chunk_binds():
    source = (paths.ROOT / statements.REPORT).read_text(encoding="utf-8")
    drawn, used, wrong = set(), set(), set()
    for part in parse(source):
        if isinstance(part, Statement):
            names = {node.id for node in ast.walk(ast.parse(part.expression))
                     if isinstance(node, ast.Name)}
            used |= names
            wrong |= names & drawn
        else:
            symbols = symtable.symtable(part.code, part.label, "exec")
            names = {symbol.get_name() for symbol in symbols.get_symbols()
                     if symbol.is_assigned()}
            drawn = drawn - names if part.binds else drawn | names
    assert len(used) > 20
    assert drawn
    assert not wrong


def test_chunks_are_found_with_their_labels_and_lines():
    chunks = [part for part in parse(REPORT) if isinstance(part, Chunk)]
    assert [(c.line, c.label, c.binds) for c in chunks] == [
        (6, "bound", True), (25, "fig-toys", False),
    ]


def test_within_a_folder_results_are_taken_as_they_are(results, here):
    runs = toys(2)
    kept.compute(runs, folder=results, executor=here)
    changed = [dataclasses.replace(run, config=Toy(7)) for run in runs]
    with kept.as_stored(results):
        assert [item.result.metrics for item in kept.compute(changed)] == [
            {"square": 0}, {"square": 1},
        ]
        assert {item.state for item in kept.survey(changed)} == {"stale"}
        assert {item.state for item in kept.statuses(runs)} == {"fresh"}
        with pytest.raises(FileNotFoundError, match="toys/toy-2 is not stored"):
            kept.compute(toys(3))
        changed[0].path(results).write_text("{")
        with pytest.raises(store.DamagedResult):
            kept.compute(runs)
    assert not (results / "toys/toy-2.json").exists()
    assert {item.state for item in kept.survey(runs)} == {"missing"}


def test_the_report_is_worked_out_whole_from_what_is_stored():
    found = statements.as_stored_in()
    assert found.problems == []
    assert len(found.texts) > 200
    assert all(found.texts.values())


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Say what `digits diff` does of a commit without one of the results.

    Another one was changed since.
    """
    folder = copy(tmp_path_factory.mktemp("differing") / "project")
    absent = folder / "data/results/baseline/notebook_seed-0.json"
    document = absent.read_text()
    absent.unlink()
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "all but one")
    assert digits(folder, "diff") == "The results are those of HEAD.\n"
    absent.write_text(document)
    path = folder / "data/results/convolution/errors.json"
    stored = store.load(path)
    metrics = stored.result.metrics | {"ensemble_accuracy": 0.99}
    changed = dataclasses.replace(stored.result, metrics=metrics)
    store.save(path, changed, stored.stamp)
    return digits(folder, "diff").splitlines()


def git(folder, *words):
    subprocess.run(
        ["git", "-c", "user.name=Test", "-c", "user.email=t@localhost", *words],
        cwd=folder, check=True,
    )


def digits(folder, *words):
    done = subprocess.run(
        [sys.executable, "-m", "digits", *words], cwd=folder, text=True,
        capture_output=True, env=os.environ | {
            "PYTHONPATH": str(folder / "code"), "DIGITS_TRAIN": "never",
        },
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_changed_result_names_the_sentences_that_state_it(told):
    assert told[1] == (
        "convolution/errors: ensemble_accuracy 0.9972 → 0.99 (-0.0072)"
    )
    sentence = next(line for line in told if "probabilities 99.00" in line)
    assert sentence.endswith("the mean of the five networks' probabilities "
                             "99.00 %.")
    place = told[told.index(sentence) - 1]
    assert place.startswith("report.qmd:")
    assert place.endswith(": 99.72 % → 99.00 %")
    # A claim no longer holds, and says so.
    assert any("Both aims are reached" in line and "is not so: 0.99 >=" in line
               for line in told)
    # And nothing is named that does not rest on it.
    assert not any("weight decay" in line for line in told)


def test_what_a_commit_does_not_have_is_told_and_the_rest_compared(told):
    assert "baseline/notebook_seed-0: is new" in told
    assert any(
        line.startswith("HEAD: report.qmd:") and line.endswith(
            ": curves = baseline.result(): can't be had (FileNotFoundError: "
            "baseline/notebook_seed-0 is not stored)"
        ) for line in told
    )

"""The report's sentences stand beside their evidence; its chunks are short."""

import ast
import json
import re
from collections import Counter
from statistics import median

import pytest

from digits import paths
from digits.stating import inline
from handin import freeze
from project import copy, needs_quarto, quarto

SOURCE = (paths.ROOT / "report.qmd").read_text(encoding="utf-8")
CHUNKS = {
    re.search(r"^#\| label: (\S+)", chunk, flags=re.M)[1]: [
        line for line in chunk.splitlines() if not line.startswith("#|")
    ]
    for chunk in re.findall(
        r"^```\{python\}\n(.*?)^```$", SOURCE, flags=re.M | re.S
    )
}
INLINE = re.findall(r"(?<!`)`\{python\}\s+([^`]+)`", SOURCE)
FROZEN = paths.FREEZE / "execute-results"


def test_chunks_are_short():
    lengths = {label: len(lines) for label, lines in CHUNKS.items()}
    assert len(lengths) > 40
    assert {label: n for label, n in lengths.items() if n > 12} == {}
    assert median(lengths.values()) <= 3
    assert sum(lengths.values()) <= 200
    assert max(len(line) for lines in CHUNKS.values() for line in lines) <= 80


def test_chunks_define_nothing_and_assert_by_claims_alone():
    for label, lines in CHUNKS.items():
        tree = ast.parse("\n".join(lines))
        kinds = {type(node) for node in ast.walk(tree)}
        assert not kinds & {ast.FunctionDef, ast.Lambda, ast.ClassDef,
                            ast.Assert}, label


@pytest.mark.parametrize("expression", sorted(set(INLINE)))
def test_every_number_and_word_goes_through_one_place(expression):
    assert "\n" not in expression  # Quarto would print it as it is
    call = ast.parse(expression.strip(), mode="eval").body
    assert isinstance(call, ast.Call)
    assert call.func.id in inline.__all__


def claims():
    """List the words of all claims, in chunks and within sentences."""
    return re.findall(r'claim\("([^"]*)"', SOURCE)


def test_the_words_of_a_claim_name_its_place():
    assert len(claims()) >= 66
    assert {n: k for n, k in Counter(claims()).items() if k > 1} == {}


def test_nothing_is_claimed_before_the_first_section():
    assert SOURCE.index('claim("') > SOURCE.index("\n# ")


def test_the_executed_report_rests_on_no_thin_margin():
    for name in freeze.FORMATS:
        text = json.loads((FROZEN / f"{name}.json").read_text("utf-8"))
        assert "ThinMargin" not in text["result"]["markdown"], name
        assert "`{python}" not in text["result"]["markdown"], name


DOCUMENT = """---
title: Claims
format: gfm
---

```{{python}}
#| include: false
from digits.stating import claims
from digits.stating.inline import claim
from digits.statistics import Summary

found, sure = Summary({mean}, 0.02, 3), Summary(0.999, 0.02, 3)
```

The one is `{{python}} claim("better", found, ">", 0.97)` than the other, and a
third is `{{python}} claim("better still", sure, ">", 0.97)`.

```{{python}}
#| echo: false
claims.recall()
```
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Give a project whose report is two lines and a claim."""
    return copy(tmp_path_factory.mktemp("claims"), [
        "code", "_extensions", "_quarto.yml", "group.yml", "references.bib",
    ])


@needs_quarto
def test_a_thin_margin_is_shown_where_the_report_is_executed(project):
    (project / "report.qmd").write_text(DOCUMENT.format(mean=0.98))
    done = quarto(project, "render", "report.qmd", "--to", "gfm")
    assert done.returncode == 0, done.stderr
    text = (project / "report.md").read_text("utf-8")
    text = " ".join(text.split())
    assert "The one is better than the other, and a third is better still." in (
        text
    )
    told = 'report.qmd:15: ThinMargin: "better" holds (0.98 > 0.97) by 0.01'
    assert told in text
    assert text.count("ThinMargin") == 1


@needs_quarto
def test_a_claim_that_fails_ends_the_rendering_and_names_its_line(project):
    (project / "report.qmd").write_text(DOCUMENT.format(mean=0.96))
    done = quarto(project, "render", "report.qmd", "--to", "gfm")
    assert done.returncode != 0
    assert (
        'report.qmd, line 15: "better" is not so: 0.96 > 0.97, misses by 0.01'
    ) in done.stderr

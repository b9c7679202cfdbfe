"""The assignment's sentences: each answered, and soon found."""

import io

import pytest
from click.testing import CliRunner
from pypdf import PdfReader

from digits import cli, paths
from handin import assignment, reading, selfcheck
from handin.assignment import Demand
from test_submission import REPORT, write_pdf

ASKED = assignment.demands(reading.read_text(paths.ROOT / assignment.NAME))
SOURCE = reading.read_text(paths.ROOT / "report.qmd")


def test_each_question_has_its_sentences():
    questions = {demand.question for demand in ASKED}
    assert questions >= set(selfcheck.QUESTIONS)
    assert len(ASKED) > 40


def test_the_report_answers_every_sentence_in_its_section():
    assert assignment.unanswered(ASKED, SOURCE) == []


def test_the_words_of_a_claim_may_answer():
    demand = Demand("3A", "Which?", "reached by each of them: the worst")
    assert 'claim("each of them"' in SOURCE
    assert assignment.unanswered([demand], SOURCE) == []


def test_an_answer_that_is_gone_or_elsewhere_is_named():
    demand = Demand("2B", "How is it read?", "How to read it.")
    assert assignment.unanswered([demand], SOURCE) == []
    gone = SOURCE.replace("**How to read it.**", "")
    elsewhere = gone.replace("## 2C: ", "## 2C: \n\nHow to read it.\n\n", 1)
    for source in (gone, elsewhere):
        assert assignment.unanswered([demand], source) == [
            "2B: How is it read? No 'How to read it.' in its section"
        ]
    moved = Demand("2B", "Plot it.", "fig-curves")
    assert len(assignment.unanswered([moved], SOURCE)) == 1


def check_pages(reader):
    found = assignment.look_up(ASKED, reader, SOURCE)
    assert assignment.far(found) == []
    pages = [place.page for place in found.values()]
    assert len(set(pages)) > 12
    assert max(pages) <= len(reader.pages)


def test_in_the_plain_pdf_each_answer_is_near_its_heading(plain_project):
    check_pages(PdfReader(plain_project / "report.pdf"))


def test_in_the_pdf_each_answer_is_near_its_heading(rendered_pdf):
    check_pages(PdfReader(rendered_pdf))


@pytest.fixture
def reader():
    """Give a PDF whose answer is two pages after its heading."""
    file = io.BytesIO()
    pages = ["2A: something", "2A goes on", "Top\nthe\nan-\nswer is 42"]
    write_pdf(file, pages)
    return PdfReader(file)


def test_the_page_of_an_answer_is_found_across_lines(reader):
    demand = Demand("2A", "What?", "The answer is 42")
    found = assignment.look_up([demand], reader, REPORT)
    # write_pdf makes a heading of each page's first line.
    assert found[demand] == assignment.Found(3, "Top", 3)
    assert assignment.listing(found) == ["   3  2A         What?"]


@pytest.mark.parametrize("answer", ["the answer is 43", "fig-none"])
def test_an_answer_that_is_not_printed_is_named(reader, answer):
    found = assignment.look_up([Demand("2A", "What?", answer)], reader, REPORT)
    assert assignment.far(found) == ["2A: What? Not found in the PDF"]
    assert assignment.listing(found) == ["   -  2A         What?"]


def test_an_answer_far_from_its_heading_is_named(reader):
    place = assignment.Found(7, "2A: something", 4)
    (problem,) = assignment.far({Demand("2A", "What?", "x"): place})
    assert "Page 7 is far from page 4, where '2A: something'" in problem


@pytest.mark.parametrize("text", ["", "- a", "2A: 1", "2A: [x]", "2A:\n- {}"])
def test_a_list_of_another_form_is_told_in_a_line(text):
    with pytest.raises(reading.ReadingError, match=r"assignment\.yml: not a"):
        assignment.demands(text)


def test_submit_prints_the_page_of_each_sentence(plain_project, monkeypatch):
    """With the plain report, and without looking at results again."""
    monkeypatch.setattr(paths, "ROOT", plain_project)
    monkeypatch.setattr(cli.handin, "render", lambda say: [])
    monkeypatch.setattr(selfcheck, "stale_results", lambda root: [])
    monkeypatch.setattr(freeze, "freeze_problems", lambda root: [])
    done = CliRunner().invoke(cli.main, ["submit", "--draft"])
    assert done.exit_code == 0, done.output
    for demand in ASKED:
        lines = [
            line for line in done.output.splitlines()
            if line.endswith(f"  {demand.question:10} {demand.asked}")
        ]
        assert lines
        assert all(line.split()[0].isdigit() for line in lines)
    assert "ok       PDF answers each sentence near its heading" in done.output

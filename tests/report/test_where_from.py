"""Numbers tell where they come from: in the page, in the PDF, in report.md."""

import json
import re
import shutil

import pytest
from axe_playwright_python.sync_playwright import Axe
from pypdf import PdfReader

import live
from digits import paths
from digits.experiments import NAMES

HTML = json.loads(
    (paths.FREEZE / "execute-results/html.json").read_text("utf-8")
)["result"]["markdown"]
STATED = re.findall(r'\[([^\]]+)\]\{\.measured of="([^"]+)"\}', HTML)
TOLD = json.loads(
    re.search(r'id="findings">(.*?)</script>', HTML, re.DOTALL)[1]
)
needs_chromium = pytest.mark.skipif(
    not any(map(shutil.which, ("chromium", "chromium-browser",
                               "google-chrome"))),
    reason="needs Chromium on PATH",
)


def test_every_finding_that_a_number_names_is_told_of():
    assert len(STATED) >= 140
    for number, names in STATED:
        assert any(letter.isalnum() for letter in number)
        for name in names.split("; "):
            assert TOLD["findings"][name]["is"], name


def test_nearly_every_number_of_results_tells_its_finding():
    """Settings, arithmetic and quotations apart, which nothing measured."""
    source = (paths.ROOT / "report.qmd").read_text("utf-8")
    functions = ("percent", "points", "with_deviation", "interval", "level")
    asked = re.findall(
        rf"`{{python}} (?:{'|'.join(functions)})\(([^`]*)\)`", source
    )
    measured = [words for words in asked if not words.startswith("hinton")]
    known = [
        number for number, _ in STATED
        if "%" in number or re.fullmatch(r"−?\d+\.\d+.*", number)
    ]
    assert len(known) >= 0.9 * len(measured)


def test_figures_and_tables_of_results_tell_their_findings():
    assert len(TOLD["figures"]) >= 30
    for names in TOLD["figures"].values():
        assert set(names.split("; ")) <= TOLD["findings"].keys()
    assert TOLD["figures"]["tbl-baseline"] == "baseline.final"


def test_commands_name_findings():
    for name, found in TOLD["findings"].items():
        assert found["command"] == f'digits trace "{name}"'
        experiment = name.partition(".")[0]
        assert experiment in (*NAMES, "benchmarks")
        assert found["runs"].startswith(experiment.replace("_", " "))


def test_markdown_has_the_numbers_alone():
    text = (paths.ROOT / "report.md").read_text("utf-8")
    for mark in (".measured", "of=", 'id="findings"', "origin-"):
        assert mark not in text
    for number, _ in STATED[:12]:
        assert number in text.replace("\N{NO-BREAK SPACE}", " ")


# In the PDF.


def test_in_the_pdf_a_number_links_to_its_row_and_looks_like_text(rendered_pdf):
    reader = PdfReader(rendered_pdf)
    (rows,) = [
        number for number, page in enumerate(reader.pages)
        if "Where the stored results come from" in page.extract_text()
    ]
    (summary,) = [
        page for page in reader.pages
        if "gives each answer in a line" in page.extract_text()
    ]
    ends = []
    for link in summary["/Annots"]:
        action = link.get_object()["/A"].get_object()
        target = reader.named_destinations[action["/D"]]
        ends.append(reader.get_destination_page_number(target))
        # Colour is set in the text; a border would be seen.
        assert list(link.get_object().get("/Border", [0, 0, 0]))[2] == 0
    assert ends.count(rows) >= 18


# In the page.


@pytest.fixture(scope="module")
def browser():
    with live.chromium() as started:
        yield started


@pytest.fixture
def page(browser, rendered_html):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(rendered_html.as_uri())
    yield page
    page.close()


def number(page, finding="baseline.test"):
    return page.locator(f'main a.measured[data-of="{finding}"]').first


def note(page):
    return page.locator("#measured-note")


@needs_chromium
def test_the_pointer_shows_it_and_may_go_to_it(page):
    assert not note(page).is_visible()
    number(page).hover()
    note(page).wait_for(state="visible")
    text = note(page).inner_text()
    found = TOLD["findings"]["baseline.test"]
    for line in found.values():
        assert line in text
    note(page).hover()
    page.wait_for_timeout(400)
    assert note(page).is_visible()
    page.mouse.move(2, 2)
    note(page).wait_for(state="hidden")


@needs_chromium
def test_the_keyboard_reaches_it_and_escape_ends_it(page):
    link = number(page)
    link.focus()
    assert note(page).is_visible()
    assert link.get_attribute("aria-describedby") == "measured-note"
    assert note(page).get_attribute("role") == "tooltip"
    page.keyboard.press("Escape")
    assert not note(page).is_visible()
    assert link.evaluate("link => link === document.activeElement")
    page.keyboard.press("Tab")
    assert note(page).is_visible()  # of the next number
    assert link.get_attribute("aria-describedby") is None
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    assert page.url.endswith("#origin-baseline")
    assert page.locator("#origin-baseline").count() == 1


@needs_chromium
def test_a_tap_shows_it_and_a_second_one_follows_it(browser, rendered_html):
    page = browser.new_page(
        has_touch=True, viewport={"width": 360, "height": 700}
    )
    page.goto(rendered_html.as_uri())
    number(page).tap()
    note(page).wait_for(state="visible")
    assert "#origin" not in page.url
    box = note(page).bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    number(page).tap()
    assert page.url.endswith("#origin-baseline")
    number(page, "weight_decay.validation").tap()
    note(page).wait_for(state="visible")
    page.locator("h1").first.tap()
    note(page).wait_for(state="hidden")
    page.close()


@needs_chromium
def test_captions_of_figures_and_tables_show_it(page):
    for label, names in TOLD["figures"].items():
        links = page.locator(f"#{label} a.measured[data-of]")
        assert names in links.evaluate_all(
            "links => links.map(link => link.dataset.of)"
        ), label
    link = page.locator("#fig-curves a.measured").first
    assert re.fullmatch(r"Figure\s\d+", link.inner_text())
    link.hover()
    note(page).wait_for(state="visible")
    assert "baseline" in note(page).inner_text()


@needs_chromium
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_where_it_is_shown(browser, rendered_html, scheme):
    page = browser.new_page(color_scheme=scheme)
    page.goto(rendered_html.as_uri())
    number(page).focus()
    found = Axe().run(page, context={
        "include": ["#measured-note", "#tbl-summary"]
    }).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in found] == []
    page.close()


@needs_chromium
def test_without_script_and_on_paper_it_is_text(browser, rendered_html):
    page = browser.new_page(java_script_enabled=False)
    page.goto(rendered_html.as_uri())
    number(page).click()
    assert page.url.endswith("#origin-baseline")
    page.close()
    page = browser.new_page()
    page.goto(rendered_html.as_uri())
    page.emulate_media(media="print")
    assert number(page).evaluate(
        "link => getComputedStyle(link).textDecorationLine"
    ) == "none"
    page.close()

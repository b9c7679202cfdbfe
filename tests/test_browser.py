"""The HTML in headless Chromium: silent, foldable, accessible."""

import os
import shutil

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser",
                                    "google-chrome"))),
    None,
)
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="needs Chromium on PATH"
)


@pytest.fixture(scope="module")
def browser():
    # Chromium's own sandbox does not work for root, as in a container.
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=options
        )
        yield chromium
        chromium.close()


@pytest.fixture
def open_report(browser, rendered_html):
    """Open the report; collect what it asks for and complains of."""
    pages = []

    def open_it(width=1280, scheme="light"):
        page = browser.new_page(
            viewport={"width": width, "height": 900}, color_scheme=scheme
        )
        page.asked, page.complaints = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("console", lambda line: page.complaints.append(line.text)
                if line.type == "error" else None)
        page.goto(rendered_html.as_uri())
        page.wait_for_load_state("networkidle")
        pages.append(page)
        return page

    yield open_it
    for page in pages:
        page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_axe_finds_no_violation(open_report, width, scheme):
    page = open_report(width, scheme)
    found = Axe().run(page).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in found] == []


def test_no_request_leaves_and_nothing_fails(open_report):
    page = open_report()
    outside = [url for url in page.asked
               if not url.startswith(("data:", "file:", "blob:"))]
    assert outside == []
    assert sum(url.startswith("file:") for url in page.asked) == 1
    assert page.complaints == []


def test_page_is_no_wider_than_a_narrow_screen(open_report):
    page = open_report(width=360)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_light_and_dark_differ_and_toggle(open_report):
    background = "getComputedStyle(document.body).backgroundColor"
    light = open_report(scheme="light")
    dark = open_report(scheme="dark")
    assert light.evaluate(background) == "rgb(255, 255, 255)"
    assert dark.evaluate(background) == "rgb(22, 24, 28)"
    light.click(".quarto-color-scheme-toggle")
    light.wait_for_function(f"{background} === 'rgb(22, 24, 28)'")


def test_without_script_the_page_is_light(browser, rendered_html):
    page = browser.new_page(java_script_enabled=False)
    page.goto(rendered_html.as_uri())
    visible = page.locator("h1").first.evaluate(
        "node => getComputedStyle(node.ownerDocument.body).backgroundColor"
    )
    assert visible == "rgb(255, 255, 255)"
    page.close()


def test_code_unfolds(open_report):
    page = open_report()
    block = page.locator("details.code-fold").first
    assert not block.locator("pre").is_visible()
    block.locator("summary").click()
    assert block.locator("pre").is_visible()


def test_figures_are_sharp_described_and_zoomable(open_report):
    page = open_report()
    figures = page.locator("figure img")
    assert figures.count() >= 4
    for index in range(figures.count()):
        image = figures.nth(index)
        assert image.get_attribute("src").startswith("data:image/svg+xml")
        assert len(image.get_attribute("alt")) > 40
    figures.first.click()
    zoomed = page.wait_for_selector(".glightbox-open .gslide-image img")
    page.wait_for_function("image => image.naturalWidth > 100", arg=zoomed)
    assert sum(url.startswith("file:") for url in page.asked) == 1


def test_the_noise_level_is_set_by_a_reader(open_report):
    page = open_report()
    slider = page.get_by_role("slider", name="Noise level")
    rows = page.locator(".noise-slider tbody tr")

    def shown():
        return [rows.nth(n).inner_text().split() for n in range(rows.count())]

    slider.fill("0")
    assert page.locator("#noise-value").inner_text() == "0"
    clean = shown()
    assert len(clean) == 4
    slider.fill("10")
    assert page.locator("#noise-value").inner_text() == "1"
    assert shown() != clean
    place = "getComputedStyle(document.querySelectorAll('.digit')[%d])"
    horizontal = [
        page.evaluate(f"{place % index}.backgroundPositionX")
        for index in range(3)
    ]
    assert horizontal[0] == "0px"  # the original stays
    assert horizontal[1] == horizontal[2] != "0px"
    slider.press("ArrowLeft")
    assert page.locator("#noise-value").inner_text() == "0.9"

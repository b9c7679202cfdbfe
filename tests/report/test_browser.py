"""The HTML in headless Chromium: silent, foldable, accessible."""

import hashlib
import math
import shutil

import pytest
from axe_playwright_python.sync_playwright import Axe

import live
from digits import paths

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
    with live.chromium() as started:
        yield started


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


@pytest.fixture
def open_live(open_report):
    """Open the report where its networks run, and wait until they do."""

    def open_it(*words):
        page = open_report(*words)
        page.locator("#live-paper").scroll_into_view_if_needed()
        page.wait_for_selector('.live[aria-busy="false"]', timeout=60_000)
        return page

    return open_it


def stroke(page, *places):
    """Draw a line through places on the paper, in its own 280 pixels."""
    page.locator("#live-paper").scroll_into_view_if_needed()
    box = page.locator("#live-paper").bounding_box()
    scale = box["width"] / 280
    for number, (x, y) in enumerate(places):
        page.mouse.move(box["x"] + scale * x, box["y"] + scale * y)
        if number == 0:
            page.mouse.down()
    page.mouse.up()


def wait_for_status(page, words):
    page.wait_for_function(
        "words => document.getElementById('live-status')"
        ".textContent.includes(words)", arg=words, timeout=60_000,
    )


CIRCLE = [(140 + 60 * math.sin(angle / 6), 140 - 90 * math.cos(angle / 6))
          for angle in range(39)]
SEVEN = [(80, 60), (200, 60), (180, 110), (150, 160), (130, 230)]


@pytest.mark.parametrize(("digit", "places"), [(0, CIRCLE), (7, SEVEN)])
def test_what_is_drawn_is_read_by_both_networks(open_live, digit, places):
    page = open_live()
    stroke(page, *places)
    page.wait_for_function(
        "document.getElementById('live-pick').value === ''"
    )
    wait_for_status(page, f"dense network reads {digit} (")
    wait_for_status(page, f"convolutional one {digit} (")
    bars = page.locator(".live-convolutional")
    shares = [float(bars.nth(n).inner_text()) for n in range(10)]
    assert max(range(10), key=shares.__getitem__) == digit
    assert sum(shares) == pytest.approx(1, abs=0.01)
    page.get_by_role("button", name="Clear").click()
    wait_for_status(page, "Nothing is drawn")
    assert page.complaints == []


def test_test_images_are_stepped_through_by_keyboard(open_live):
    page = open_live()
    pick = page.get_by_label("or take")
    pick.focus()
    for digit in (8, 9):
        pick.press("ArrowDown")
        wait_for_status(page, f"convolutional one {digit} (")
        assert pick.locator("option:checked").inner_text() == (
            f"test image of a {digit}"
        )


def test_noise_and_denoising_follow_the_level(open_live):
    page = open_live()
    level = page.get_by_role("slider", name="Noise level")
    seen = "document.getElementById('live-%s').toDataURL()"
    level.fill("0")
    page.wait_for_function(
        f"{seen % 'seasoned'} === {seen % 'seen'}", timeout=60_000
    )
    level.fill("1")
    page.wait_for_function(f"{seen % 'seasoned'} !== {seen % 'seen'}")
    assert page.locator("#live-level-value").inner_text() == "1.00"
    level.press("ArrowLeft")
    page.wait_for_function(
        "document.getElementById('live-level-value').value === '0.95'"
    )


def test_between_two_digits_made_lie_others(open_live):
    page = open_live()
    picture = "document.getElementById('live-%s').toDataURL()"
    share = page.get_by_role("slider", name="Share of the second code")
    for value, end in (("0", "first-made"), ("1", "second-made")):
        share.fill(value)
        page.wait_for_function(
            f"{picture % 'between'} === {picture % end}", timeout=60_000
        )
    before = page.evaluate(picture % "first-made")
    page.get_by_role("button", name="Draw again").click()
    page.wait_for_function(
        f"before => {picture % 'first-made'} !== before", arg=before
    )


def test_the_inside_is_shown(open_live):
    page = open_live()
    for name in ("maps", "occlusion"):
        page.wait_for_function(
            "name => { const shown = document.getElementById(`live-${name}`);"
            " return shown.getContext('2d').getImageData(0, 0, shown.width,"
            " shown.height).data.some((value) => value > 0 && value < 200); }",
            arg=name, timeout=60_000,
        )


def test_networks_are_unpacked_when_they_are_first_seen(open_report):
    page = open_report()
    options = page.locator("#live-pick option")
    assert options.count() == 1
    page.locator("#live-paper").scroll_into_view_if_needed()
    page.wait_for_selector('.live[aria-busy="false"]', timeout=60_000)
    assert options.count() == 11


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_axe_finds_nothing_where_networks_run(open_live, width, scheme):
    page = open_live(width, scheme)
    found = Axe().run(page, context=".live").response["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_finger_draws_and_does_not_scroll(browser, rendered_html):
    page = browser.new_page(
        has_touch=True, viewport={"width": 360, "height": 700}
    )
    page.goto(rendered_html.as_uri())
    page.locator("#live-paper").scroll_into_view_if_needed()
    page.wait_for_selector('.live[aria-busy="false"]', timeout=60_000)
    page.locator("#live-paper").scroll_into_view_if_needed()
    box = page.locator("#live-paper").bounding_box()
    before = page.evaluate("scrollY")
    session = page.context.new_cdp_session(page)
    for step in range(11):
        session.send("Input.dispatchTouchEvent", {
            "type": "touchMove" if step else "touchStart",
            "touchPoints": [{"x": box["x"] + box["width"] / 2,
                             "y": box["y"] + box["height"] * (1 + step) / 14}],
        })
    session.send("Input.dispatchTouchEvent",
                 {"type": "touchEnd", "touchPoints": []})
    wait_for_status(page, "convolutional one 1 (")
    assert page.evaluate("scrollY") == before
    page.close()


def test_on_paper_and_without_script_there_is_a_still_picture(
    browser, open_report, rendered_html
):
    printed = open_report()
    printed.emulate_media(media="print")
    silent = browser.new_page(java_script_enabled=False)
    silent.goto(rendered_html.as_uri())
    for page in (printed, silent):
        assert not page.locator(".live").is_visible()
        assert page.locator("table", has_text="Seasoned").last.is_visible()
        assert page.locator("p.live-still").is_visible()
    silent.close()
    printed.emulate_media(media="screen")
    assert printed.locator(".live").is_visible()
    assert not printed.locator("p.live-still").is_visible()


def test_the_page_has_the_stored_networks_and_is_small(rendered_html):
    text = rendered_html.read_text(encoding="utf-8")
    stored = (paths.RESULTS / "page/networks.npz").read_bytes()
    assert f'data-sha256="{hashlib.sha256(stored).hexdigest()}"' in text
    assert len(text.encode()) <= 6_000_000

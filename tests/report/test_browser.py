"""The HTML in headless Chromium: silent, foldable, accessible."""

import hashlib
import math

import pytest
from axe_playwright_python.sync_playwright import Axe

import live
from digits import paths

pytestmark = pytest.mark.skipif(
    live.CHROMIUM is None, reason="needs Chromium on PATH"
)


PATIENCE = 240_000  # milliseconds; only a hang lasts so long


@pytest.fixture(scope="module")
def browser():
    with live.chromium() as started:
        yield started


def opened(browser, file, width, scheme):
    """Open a page; collect what it asks for and complains of."""
    page = browser.new_page(
        viewport={"width": width, "height": 900}, color_scheme=scheme
    )
    page.asked, page.complaints = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("console", lambda line: page.complaints.append(line.text)
            if line.type == "error" else None)
    page.goto(file.as_uri())
    page.wait_for_load_state("networkidle")
    return page


@pytest.fixture(scope="module")
def shared(browser, rendered_html):
    """Give the report of a width and scheme, open for all tests that look."""
    pages = {}

    def get(width=1280, scheme="light"):
        if (width, scheme) not in pages:
            pages[width, scheme] = opened(browser, rendered_html, width, scheme)
        return pages[width, scheme]

    yield get
    for page in pages.values():
        page.close()


@pytest.fixture
def open_report(browser, rendered_html):
    """Open the report for a test of its own."""
    pages = []

    def open_it(width=1280, scheme="light"):
        pages.append(opened(browser, rendered_html, width, scheme))
        return pages[-1]

    yield open_it
    for page in pages:
        page.close()


@pytest.fixture(scope="module")
def silent(browser, rendered_html):
    """Open the report where there is no script."""
    page = browser.new_page(java_script_enabled=False)
    page.goto(rendered_html.as_uri())
    yield page
    page.close()


@pytest.mark.parametrize(("width", "scheme"), [
    (1280, "light"), (360, "dark"),
    pytest.param(1280, "dark", marks=pytest.mark.long),
    pytest.param(360, "light", marks=pytest.mark.long),
])
def test_axe_finds_no_violation(shared, width, scheme):
    page = shared(width, scheme)
    found = Axe().run(page).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in found] == []


def test_no_request_leaves_and_nothing_fails(shared):
    page = shared()
    outside = [url for url in page.asked
               if not url.startswith(("data:", "file:", "blob:"))]
    assert outside == []
    assert sum(url.startswith("file:") for url in page.asked) == 1
    assert page.complaints == []


def test_page_is_no_wider_than_a_narrow_screen(shared):
    page = shared(360, "dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_light_and_dark_differ_and_toggle(shared, open_report):
    background = "getComputedStyle(document.body).backgroundColor"
    light = open_report(scheme="light")
    dark = shared(360, "dark")
    assert light.evaluate(background) == "rgb(255, 255, 255)"
    assert dark.evaluate(background) == "rgb(22, 24, 28)"
    light.click(".quarto-color-scheme-toggle")
    light.wait_for_function(f"{background} === 'rgb(22, 24, 28)'")


def test_without_script_the_page_is_light(silent):
    visible = silent.locator("h1").first.evaluate(
        "node => getComputedStyle(node.ownerDocument.body).backgroundColor"
    )
    assert visible == "rgb(255, 255, 255)"


def test_code_unfolds(shared):
    page = shared()
    block = page.locator("details.code-fold").first
    assert not block.locator("pre").is_visible()
    block.locator("summary").click()
    assert block.locator("pre").is_visible()
    block.locator("summary").click()
    assert not block.locator("pre").is_visible()


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


def unpacked(page):
    """Wait until the networks of a page run."""
    page.locator("#live-paper").scroll_into_view_if_needed()
    page.wait_for_selector('.live[aria-busy="false"]', timeout=PATIENCE)
    return page


@pytest.fixture
def live_page(shared):
    """Give the report where its networks run, and have read a 7."""
    page = unpacked(shared())
    page.get_by_label("or take").select_option(label="test image of a 7")
    wait_for_status(page, "convolutional one 7 (")
    return page


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
        ".textContent.includes(words)", arg=words, timeout=PATIENCE,
    )


CIRCLE = [(140 + 60 * math.sin(angle / 6), 140 - 90 * math.cos(angle / 6))
          for angle in range(39)]
SEVEN = [(80, 60), (200, 60), (180, 110), (150, 160), (130, 230)]


@pytest.mark.parametrize(("digit", "places"), [(0, CIRCLE), (7, SEVEN)])
def test_what_is_drawn_is_read_by_both_networks(live_page, digit, places):
    page = live_page
    stroke(page, *places)
    page.wait_for_function(
        "document.getElementById('live-pick').value === ''"
    )
    wait_for_status(page, f"dense network reads {digit} (")
    wait_for_status(page, f"convolutional one {digit} (")
    bars = page.locator(".live-convolutional")
    # They follow the pen; the words wait until it rests.
    page.wait_for_function(
        "digit => document.querySelectorAll('.live-convolutional')[digit]"
        ".innerText > '0.5'", arg=digit, timeout=PATIENCE,
    )
    shares = [float(bars.nth(n).inner_text()) for n in range(10)]
    assert max(range(10), key=shares.__getitem__) == digit
    assert sum(shares) == pytest.approx(1, abs=0.01)
    page.get_by_role("button", name="Clear").click()
    wait_for_status(page, "Nothing is drawn")
    assert page.complaints == []


def test_test_images_are_stepped_through_by_keyboard(live_page):
    page = live_page
    pick = page.get_by_label("or take")
    pick.focus()
    for digit in (8, 9):
        pick.press("ArrowDown")
        wait_for_status(page, f"convolutional one {digit} (")
        assert pick.locator("option:checked").inner_text() == (
            f"test image of a {digit}"
        )


def test_noise_and_denoising_follow_the_level(live_page):
    page = live_page
    level = page.get_by_role("slider", name="Noise level")
    seen = "document.getElementById('live-%s').toDataURL()"
    level.fill("0")
    page.wait_for_function(
        f"{seen % 'seasoned'} === {seen % 'seen'}", timeout=PATIENCE
    )
    level.fill("1")
    page.wait_for_function(f"{seen % 'seasoned'} !== {seen % 'seen'}")
    assert page.locator("#live-level-value").inner_text() == "1.00"
    level.press("ArrowLeft")
    page.wait_for_function(
        "document.getElementById('live-level-value').value === '0.95'"
    )


def test_between_two_digits_made_lie_others(live_page):
    page = live_page
    picture = "document.getElementById('live-%s').toDataURL()"
    share = page.get_by_role("slider", name="Share of the second code")
    for value, end in (("0", "first-made"), ("1", "second-made")):
        share.fill(value)
        page.wait_for_function(
            f"{picture % 'between'} === {picture % end}", timeout=PATIENCE
        )
    before = page.evaluate(picture % "first-made")
    page.get_by_role("button", name="Draw again").click()
    page.wait_for_function(
        f"before => {picture % 'first-made'} !== before", arg=before
    )


def test_the_inside_is_shown(live_page):
    page = live_page
    for name in ("maps", "occlusion"):
        page.wait_for_function(
            "name => { const shown = document.getElementById(`live-${name}`);"
            " return shown.getContext('2d').getImageData(0, 0, shown.width,"
            " shown.height).data.some((value) => value > 0 && value < 200); }",
            arg=name, timeout=PATIENCE,
        )


def test_networks_are_unpacked_when_they_are_first_seen(open_report):
    page = open_report()
    options = page.locator("#live-pick option")
    assert options.count() == 1
    unpacked(page)
    assert options.count() == 11


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_axe_finds_nothing_where_networks_run(shared, width, scheme):
    page = unpacked(shared(width, scheme))
    found = Axe().run(page, context=".live").response["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_finger_draws_and_does_not_scroll(browser, rendered_html):
    page = browser.new_page(
        has_touch=True, viewport={"width": 360, "height": 700}
    )
    page.goto(rendered_html.as_uri())
    unpacked(page)
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


def test_on_paper_and_without_script_there_is_a_still_picture(shared, silent):
    printed = shared()
    printed.emulate_media(media="print")
    for page in (printed, silent):
        assert not page.locator(".live").is_visible()
        assert page.locator("table", has_text="Seasoned").last.is_visible()
        assert page.locator("p.live-still").is_visible()
    printed.emulate_media(media="screen")
    assert printed.locator(".live").is_visible()
    assert not printed.locator("p.live-still").is_visible()


def test_the_page_has_the_stored_networks_and_is_small(rendered_html):
    text = rendered_html.read_text(encoding="utf-8")
    stored = (paths.RESULTS / "page/networks.npz").read_bytes()
    assert f'data-sha256="{hashlib.sha256(stored).hexdigest()}"' in text
    assert len(text.encode()) <= 6_000_000

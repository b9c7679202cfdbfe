"""The step after rendering that puts the networks into the page."""

import hashlib
import shutil

import pytest

from digits import paths
from project import needs_quarto, quarto

PARTS = ("code/page", "code/quarto", "data/results/page")
PLACE = '<div id="live-here">'

pytestmark = needs_quarto


@pytest.fixture
def project(tmp_path):
    for part in PARTS:
        shutil.copytree(paths.ROOT / part, tmp_path / part)
    return tmp_path


def embed(project, text):
    page = project / "report.html"
    page.write_text(text, encoding="utf-8")
    done = quarto(project, "run", "code/quarto/live.ts",
                  QUARTO_PROJECT_OUTPUT_FILES="report.html")
    return done, page.read_text(encoding="utf-8")


def test_the_page_gets_networks_scripts_and_controls(project):
    done, text = embed(project, f"<p>before</p>{PLACE}</div><p>after</p>")
    assert done.returncode == 0, done.stderr
    assert text.startswith(f"<p>before</p>{PLACE}<style>")
    assert text.endswith("</div><p>after</p>")
    stored = (project / "data/results/page/networks.npz").read_bytes()
    assert hashlib.sha256(stored).hexdigest() in text
    assert text.count('<th scope="row">') == 10
    assert "<!-- " not in text.partition('<script type="application')[0]
    for script in (paths.CODE / "page").glob("*.js"):
        assert script.read_text(encoding="utf-8").strip() in text


def test_a_page_without_the_place_stays_as_it_is(project):
    done, text = embed(project, "<p>nothing</p>")
    assert done.returncode == 0, done.stderr
    assert text == "<p>nothing</p>"


def test_damaged_networks_do_not_get_into_the_page(project):
    file = project / "data/results/page/networks.npz"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    done, text = embed(project, f"{PLACE}</div>")
    assert done.returncode != 0
    assert "damaged" in done.stdout + done.stderr
    assert text == f"{PLACE}</div>"

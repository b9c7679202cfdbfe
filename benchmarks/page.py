"""What the page's networks give in a real browser: right, near, quick, small?

All 10,000 test images are read in headless Chromium by the scripts and the
8-bit weights that the page has, and by Keras with the stored ones; so are the
first of them, seasoned. Then a pointer draws in the live part. Times are those
that the browser's thread worked, and not by the clock unless it is said, so
that other work on the machine does not count.
"""

import datetime
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from digits import data, paths
from digits.experiments import page as experiment
from digits.figures import appendix
from digits.kept import LARDER, compute
from digits.noise import salt_and_pepper
from digits.stating import benchmarks
from digits.tasks import trained
from digits.tasks.scoring import short_float
from larder import store
from larder.machine import hardware, versions

sys.path.insert(0, str(Path(__file__).parents[1] / "tests/helpers"))
from live import chromium, keras_outputs, load, open_scripts, outputs, packed

NAMES = ("dense", "convolutional", "autoencoder")
SEASONED = 1_000
TIMED = 500  # predictions
MOVES = 200  # of the pointer


def seasoned(images: np.ndarray) -> np.ndarray:
    """Season the first images, evenly at all levels: uint8 (n, 28, 28)."""
    levels = np.linspace(0, 1, SEASONED, dtype=np.float32)[:, None, None]
    noisy = salt_and_pepper(images[:SEASONED] / np.float32(255), levels, 0)
    return np.uint8(np.round(255 * noisy))


def clock(page) -> Callable[[], float]:
    """Give what says how many milliseconds the page's thread has worked."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def worked() -> float:
        found = session.send("Performance.getMetrics")["metrics"]
        return 1000 * next(
            item["value"] for item in found if item["name"] == "TaskDuration"
        )

    return worked


def milliseconds(page, name: str, images: np.ndarray) -> float:
    """Time a prediction, in the mean over a few, after as many to warm up."""
    outputs(page, name, images)
    worked = clock(page)
    before = worked()
    outputs(page, name, images)
    return (worked() - before) / len(images)


def measure(page, name: str, run, stored) -> dict:
    """Compare a network in the page with the stored one: a row of the table.

    Of a classifier both accuracies, the share of test images of which both
    give the same class, and the largest difference of logits; of the
    auto-encoder, the largest of pixels.
    """
    arrays = data.read_arrays()
    images, labels = arrays["x_test"], arrays["y_test"]
    network = trained.restore(run.config.network, stored.result.weights)
    noisy = seasoned(images)
    ours, theirs = outputs(page, name, images), keras_outputs(network, images)
    apart = np.abs(outputs(page, name, noisy) - keras_outputs(network, noisy))
    row = {
        "network": name,
        "parameters": network.count_params(),
        "milliseconds": round(milliseconds(page, name, images[:TIMED]), 2),
        "difference": short_float(np.abs(ours - theirs).max()),
        "seasoned_difference": short_float(apart.max()),
        "accuracy": None, "stored_accuracy": None, "same": None,
    }
    if name != "autoencoder":
        read, expected = ours.argmax(axis=1), theirs.argmax(axis=1)
        row["accuracy"] = float(np.mean(read == labels))
        row["stored_accuracy"] = float(np.mean(expected == labels))
        row["same"] = float(np.mean(read == expected))
    print(row, flush=True)
    return row


def built(folder: Path) -> Path:
    """Give a page with nothing but the report's live part, by its own step."""
    file = folder / "live.html"
    file.write_text(
        '<!doctype html><meta charset="utf-8"><div id="live-here"></div>'
    )
    subprocess.run(
        ["quarto", "run", "code/quarto/live.ts"], cwd=paths.ROOT, check=True,
        env=os.environ | {"QUARTO_PROJECT_OUTPUT_FILES": str(file)},
    )
    return file


def drawing(page) -> dict[str, float]:
    """Draw circles with a pointer, and say how busy that keeps the page.

    Milliseconds: `move`, what the page's thread works for a move of the
    pointer, and `gap`, the longest by the clock between two frames.
    """
    page.wait_for_selector(".live[aria-busy=false]", timeout=120_000)
    paper = page.locator("#live-paper")
    paper.scroll_into_view_if_needed()
    box = paper.bounding_box()
    page.evaluate("""() => {
      window.gaps = [];
      const next = (last) => requestAnimationFrame((now) => {
        if (last) gaps.push(now - last);
        next(now);
      });
      next();
    }""")
    worked = clock(page)
    before = worked()
    for number in range(MOVES):
        angle = 2 * np.pi * number / 50
        page.mouse.move(box["x"] + box["width"] * (0.5 + 0.3 * np.cos(angle)),
                        box["y"] + box["height"] * (0.5 + 0.3 * np.sin(angle)))
        if number == 0:
            page.mouse.down()
    page.mouse.up()
    return {"move": (worked() - before) / MOVES,
            "gap": page.evaluate("Math.max(...gaps)")}


def main() -> None:
    """Measure all networks; store the table and print it."""
    stored = experiment.result()
    runs = experiment.runs()[0].needs
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        page = open_scripts(browser, Path(folder), "unpack.js", "networks.js")
        worked = clock(page)
        before = worked()
        load(page, stored.result.arrays)
        unpacking = worked() - before
        rows = [
            measure(page, *each)
            for each in zip(NAMES, runs, compute(list(runs)), strict=True)
        ]
        version = re.sub(r"\..*", "", browser.version)
        page.goto(built(Path(folder)).as_uri())
        drawn = drawing(page)
        print(drawn, flush=True)
    store.save(
        benchmarks.path(name="page"),
        store.Result(
            metrics={
                "packed_bytes": len(packed(stored.result.arrays)),
                "unpacking_milliseconds": round(unpacking),
                "move_milliseconds": round(drawn["move"], 1),
                "longest_gap_milliseconds": round(drawn["gap"]),
            },
            table={key: [row[key] for row in rows] for key in rows[0]},
        ),
        {"hardware": hardware(), "versions": versions(LARDER.libraries),
         "browser": f"Chromium {version}", "page": stored.outcome,
         "finished": datetime.date.today().isoformat()},
    )
    print(appendix.page_benchmark(benchmarks.load_page()).data)


if __name__ == "__main__":
    main()

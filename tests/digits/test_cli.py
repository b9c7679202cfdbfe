"""The command: what it prints, and its exit codes."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import toy_tasks
from digits import cli, handwriting, paths
from digits.experiments import baseline
from digits.handwriting import recognition
from digits.kept import LARDER
from digits.tasks.notebook import train_as_notebook
from larder import Run


@pytest.fixture
def call():
    return lambda *words: CliRunner().invoke(cli.main, words)


@pytest.fixture
def stale_baseline(monkeypatch):
    """Ask for another learning rate in one run of the baseline."""
    runs = baseline.runs()
    runs[0] = Run(
        "baseline", runs[0].name, train_as_notebook,
        toy_tasks.dense(whole_training_set=True, learning_rate=0.2),
    )
    monkeypatch.setattr(baseline, "runs", lambda: runs)
    return runs


def test_help_names_every_command(call):
    text = call("--help").output
    for name in ("train", "status", "check", "results", "predict", "generate",
                 "data", "render", "submit"):
        assert f"\n  {name} " in text
        assert call(name, "--help").exit_code == 0


def test_module_is_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "digits", "status", "--json"],
        capture_output=True, text=True, check=True,
    )
    states = [row["state"] for row in json.loads(done.stdout)]
    assert states == ["fresh"] * len(LARDER.runs())


def test_check_passes_on_what_is_committed(call):
    done = call("check")
    assert done.exit_code == 0, done.output


def test_status_tells_why_a_run_is_stale(call, stale_baseline):
    rows = json.loads(call("status", "--json").output)
    stale = [row for row in rows if row["state"] == "stale"]
    assert [row["run"] for row in stale] == [stale_baseline[0].name]
    (reason,) = stale[0]["reasons"]
    assert reason == "config: schedule.learning_rate was 0.1, is now 0.2"
    assert reason in call("status", "baseline").output


def test_check_fails_on_a_stale_run(call, stale_baseline):
    done = call("check")
    assert done.exit_code == 1
    assert "learning_rate was 0.1" in done.output
    assert "digits train" in done.output


def test_results_refuse_a_stale_run(call, stale_baseline):
    done = call("results", "baseline")
    assert done.exit_code == 1
    assert stale_baseline[0].name in done.output


def test_results_have_a_row_a_run(call):
    rows = json.loads(call("results", "baseline", "--format", "json").output)
    assert len(rows) == len(baseline.runs())
    for key in ("seed", "learning_rate", "train_accuracy",
                "validation_accuracy", "test_accuracy", "seconds"):
        assert all(key in row for row in rows)
    lines = call("results", "baseline").output.splitlines()
    assert len(lines) == 1 + len(rows)
    assert "test_accuracy" in lines[0].split(",")


def test_train_with_nothing_to_do_says_so(call):
    done = call("train", "baseline")
    assert done.exit_code == 0
    assert done.output == f"{len(baseline.runs())} runs are fresh.\n"


def test_train_never_names_run_reason_and_command(
    call, stale_baseline, monkeypatch
):
    monkeypatch.setenv("DIGITS_TRAIN", "never")
    done = call("train")
    assert done.exit_code == 1
    assert f"baseline/{stale_baseline[0].name}: stale" in done.output
    assert "digits train baseline" in done.output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["train", "nonsense"], "nonsense"),
        (["train", "--jobs", "0"], "x>=1"),
        (["results"], "EXPERIMENT"),
        (["results", "baseline", "--format", "xml"], "xml"),
        (["nonsense"], "nonsense"),
    ],
)
def test_wrong_words_get_exit_code_2(call, words, told):
    done = call(*words)
    assert done.exit_code == 2
    assert told in done.output


def test_bad_data_is_one_line(call, tmp_path, monkeypatch):
    file = tmp_path / "mnist.npz"
    file.write_bytes(b"no archive")
    monkeypatch.setenv("DIGITS_MNIST", str(file))
    done = call("data")
    assert done.exit_code == 1
    assert done.output.startswith(f"Error: {file} can't be read")
    assert len(done.output.splitlines()) == 1


def test_data_says_where_it_lies(call, mnist_file):
    done = call("data")
    assert done.exit_code == 0
    assert str(mnist_file) in done.output


def test_status_needs_no_tensorflow():
    code = (
        "import sys; from digits.kept import LARDER, statuses; "
        "found = [item.state for item in statuses(LARDER.runs())]; "
        "results = [LARDER.experiment(name).result() "
        "for name in LARDER.experiments]; "
        "print(set(found), {'tensorflow', 'keras'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=paths.ROOT,
        capture_output=True, text=True, check=True,
    )
    assert done.stdout == "{'fresh'} set()\n"


# Pictures.


SURE = recognition.LEAST_SCORE + 1


@pytest.fixture
def sure_of_seven(monkeypatch):
    """Let the networks say 7 of whatever they see; remember what it was."""
    seen = []

    def classify(images):
        seen.append(images)
        shares = np.tile(np.eye(10)[7] * 0.91 + 0.009, (len(images), 1))
        return shares, np.full(len(images), SURE)

    monkeypatch.setattr(recognition, "judge", classify)
    return seen


def test_predict_prints_the_digit_and_all_probabilities(
    call, sure_of_seven, tmp_path
):
    stroke = np.full((40, 30), 255, np.uint8)
    stroke[5:35, 12:18] = 0
    file = tmp_path / "stroke.png"
    Image.fromarray(stroke).save(file)
    done = call("predict", str(file), str(file))
    assert done.exit_code == 0, done.output
    (images,) = sure_of_seven
    assert images.shape[1:] == (28, 28, 1)
    lines = done.output.splitlines()
    assert len(lines) == 3
    assert lines[1].split() == ["7", *["0.009"] * 7, "0.919",
                                *["0.009"] * 2, f"{SURE:.1f}", str(file)]


def test_predict_tells_of_bad_files_after_the_good_ones(
    call, sure_of_seven, tmp_path
):
    stroke = np.zeros((40, 30), np.uint8)
    stroke[5:35, 12:18] = 255
    good, bad = tmp_path / "good.png", tmp_path / "bad.png"
    Image.fromarray(stroke).save(good)
    bad.write_text("no picture")
    done = call("predict", str(bad), str(good), str(tmp_path / "absent.png"))
    assert done.exit_code == 1
    assert f"   {good}" in done.output
    assert "bad.png can't be read as PNG, JPEG" in done.output
    assert "No such file" in done.output


@pytest.fixture
def folder(tmp_path):
    """Write pictures of one digit, of three, and of none."""
    stroke = np.full((80, 60), 255, np.uint8)
    stroke[15:65, 25:35] = 0
    inside = tmp_path / "pictures"
    inside.mkdir()
    Image.fromarray(stroke).save(inside / "a.png")
    Image.fromarray(np.hstack([stroke] * 3)).save(inside / "b.webp")
    Image.fromarray(np.full_like(stroke, 255)).save(inside / "c.bmp")
    (inside / "notes.txt").write_text("no picture")
    return inside


def test_predict_takes_folders_and_globs(call, sure_of_seven, folder):
    whole = call("predict", str(folder))
    assert whole.exit_code == 0, whole.output
    assert "a.png" in whole.output
    assert whole.output.count("b.webp: ") == 3
    assert "3 of 3 in 777" in whole.output
    assert "c.bmp: no digit found" in whole.output
    some = call("predict", str(folder / "[ab].*"))
    assert some.exit_code == 0
    assert "c.bmp" not in some.output
    nothing = call("predict", str(folder / "*.gif"))
    assert nothing.exit_code == 1
    assert "no picture is there" in nothing.output


def test_predict_writes_json_and_csv(call, sure_of_seven, folder):
    found = json.loads(call("predict", str(folder), "--format", "json").output)
    assert [item["answer"] for item in found] == ["7", "777", None]
    assert found[2]["doubt"] == recognition.NOTHING_FOUND
    assert found[0]["digits"][0]["p7"] == pytest.approx(0.919)
    written = call("predict", str(folder), "--format", "csv").output
    rows = list(csv.DictReader(io.StringIO(written)))
    assert [row["digit"] for row in rows] == ["7"] * 4 + [""]
    assert rows[1]["answer"] == "777"


def test_predict_single_reads_one_digit_each(call, sure_of_seven, folder):
    done = call("predict", "--single", "--format", "json", str(folder))
    found = json.loads(done.output)
    assert [item["answer"] for item in found] == ["7", "7", None]


def test_predict_strict_ends_with_3_in_doubt(
    call, sure_of_seven, folder, monkeypatch
):
    sure = folder / "a.png"
    assert call("predict", "--strict", str(sure)).exit_code == 0
    assert call("predict", "--strict", str(folder)).exit_code == 3
    monkeypatch.setattr(recognition, "LEAST_SCORE", SURE + 1)
    done = call("predict", "--strict", str(sure))
    assert done.exit_code == 3
    assert done.output.splitlines()[1].split()[0] == "?"
    assert recognition.UNLIKE in done.output


def test_predict_shows_what_the_network_saw(
    call, sure_of_seven, folder, tmp_path
):
    file = tmp_path / "shown.png"
    done = call("predict", str(folder), "--show", str(file))
    assert done.exit_code == 0, done.output
    with Image.open(file) as picture:
        shown = np.asarray(picture)
    rows = np.split(shown, 3)
    assert (rows[0] < 100).any()
    assert (rows[1] == (213, 94, 0)).all(-1).any()  # frames
    refused = call("predict", str(folder), "--show", "shown.jpg")
    assert refused.exit_code == 2
    assert "ends in .png" in refused.output


def test_predict_takes_the_reading_most_like_digits(monkeypatch):
    """Of two ways to read a picture, the one with the higher score."""
    def judge(images):
        scores = images.mean((1, 2, 3))
        return np.eye(10)[np.arange(len(images)) % 10], scores

    monkeypatch.setattr(recognition, "judge", judge)
    faint, dark = (
        handwriting.Digit(np.full((28, 28, 1), grey), (0, 0, 1, 1), 0)
        for grey in (0.1, 0.9)
    )
    first, second, third = recognition.recognise(
        [[[faint], [dark]], [[]], [[dark, faint], [dark]]]
    )
    assert first.text == "1"
    assert second.doubt == recognition.NOTHING_FOUND
    assert len(third.digits) == 1


def test_generate_writes_a_grid(call, monkeypatch, tmp_path):
    asked = []

    def generate(digit, count, seed):
        asked.append((digit, count, seed))
        return np.linspace(0, 1, count * 784).reshape(count, 28, 28, 1)

    monkeypatch.setattr(cli.generation, "generate", generate)
    file = tmp_path / "sevens.png"
    done = call("generate", "7", "--count", "5", "--out", str(file))
    assert done.exit_code == 0, done.output
    assert asked == [(7, 5, 0)]
    with Image.open(file) as picture:
        assert picture.size == (3 * 28, 2 * 28)
        grid = np.asarray(picture)
    assert grid[0, 0] == 255  # dark on light
    assert (grid[28:, 56:] == 255).all()  # no sixth


@pytest.mark.parametrize(("words", "told"), [
    (("10", "--out", "a.png"), "10 is not in the range"),
    (("7", "--count", "0", "--out", "a.png"), "0 is not in the range"),
    (("7", "--out", "a.jpg"), "ends in .png"),
    (("7",), "--out"),
])
def test_generate_refuses(call, words, told):
    done = call("generate", *words)
    assert done.exit_code == 2
    assert told in done.output


# As an array of jobs.


def test_the_documented_array_computes_each_run_of_the_list(tmp_path):
    """Run the script of docs/cluster.md as Slurm would, without Slurm."""
    text = (paths.ROOT / "docs/cluster.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"```sh\n(#!.*?)```", text, flags=re.S)
    (last,) = re.findall(r"--array=0-(\d+)$", script, flags=re.M)
    assert int(last) == len(LARDER.runs(["weight_decay"])) - 1
    file = tmp_path / "array.sh"
    file.write_text(script, encoding="utf-8")
    scripts = Path(sys.executable).parent
    for number, code in (("0", 0), (last, 0), (int(last) + 1, 2)):
        done = subprocess.run(
            ["bash", str(file)], capture_output=True, text=True,
            env=os.environ | {
                "SLURM_ARRAY_TASK_ID": str(number),
                "DIGITS_TRAIN": "never",
                "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
            },
        )
        assert done.returncode == code, done.stderr
        # Its runs are fresh here, so it ends at once.
        assert done.stdout == "1 runs are fresh.\n" * (code == 0)
    assert f"numbered from 0 to {last}" in done.stderr

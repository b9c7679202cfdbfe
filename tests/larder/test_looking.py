"""What changed since a commit, and the runs as a picture."""

import dataclasses
import subprocess

import pytest

import toy_tasks
from digits import paths
from digits.kept import LARDER, compute
from larder import Run, store
from larder.looking import diff, graph
from toy_tasks import Toy, toys


def git(folder, *words):
    subprocess.run(
        ["git", "-c", "user.name=Test", "-c", "user.email=t@localhost",
         *words], cwd=folder, check=True, capture_output=True,
    )


@pytest.fixture
def kept(tmp_path, here):
    """Give a larder with four stored toys, in git."""
    runs = [Run("toys", f"square_seed-{n}", toy_tasks.square, Toy(n))
            for n in range(3)] + toys()
    larder = dataclasses.replace(LARDER, root=tmp_path,
                                 results=tmp_path / "data/results")
    compute(runs, executor=here, folder=larder.results)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "results")
    return larder


def change(larder, name, metrics, config=None):
    path = store.path_of(larder.results, "toys", name)
    stored = store.load(path)
    result = dataclasses.replace(stored.result, metrics=metrics)
    store.save(path, result, stored.stamp | ({"config": config} if config
                                             else {}))


def test_nothing_differs_from_what_was_committed(kept):
    assert diff.told(kept, "HEAD") == []


def test_replicates_are_told_together_in_their_deviations(kept):
    for number, value in enumerate((2.0, 3.0, 4.0)):  # were 0, 1 and 4
        change(kept, f"square_seed-{number}", {"square": value})
    assert diff.told(kept, "HEAD") == [
        "toys/square: square 1.66667 → 3 (+1.3 standard deviations of 3 runs)"
    ]


def test_one_run_is_told_with_its_difference_and_its_config(kept):
    change(kept, "toy-0", {"square": 5, "more": None}, {"number": 9})
    assert diff.told(kept, "HEAD") == [
        "toys/toy-0: config: folder was '', is 'absent'",
        "toys/toy-0: config: number was 0, is 9",
        "toys/toy-0: config: seconds was 0.0, is 'absent'",
        "toys/toy-0: square 0 → 5 (+5)",
    ]


def test_what_came_and_went_is_named(kept):
    path = store.path_of(kept.results, "toys", "toy-0")
    stored = store.load(path)
    store.save(store.path_of(kept.results, "toys", "other"), stored.result,
               stored.stamp)
    path.unlink()
    assert diff.told(kept, "HEAD") == [
        "toys/other: is new", "toys/toy-0: is gone",
    ]


def test_a_commit_that_is_none_is_named(kept):
    with pytest.raises(diff.RevisionError, match="no results of 'nowhere'"):
        diff.told(kept, "nowhere")


def test_runs_are_drawn_in_groups_with_what_they_need():
    squares = toys(3)
    total = Run("sums", "total", toy_tasks.add, Toy(),
                {"needed": tuple(squares)})
    assert graph.mermaid([total]).splitlines() == [
        "flowchart LR",
        "  subgraph sums", '    n0["add × 1"]', "  end",
        "  subgraph toys", '    n1["square × 3"]', "  end",
        "  n1 --> n0",
    ]


def test_the_picture_in_the_docs_is_of_these_runs():
    text = (paths.ROOT / "docs/rooms.md").read_text(encoding="utf-8")
    drawn = text.partition("```mermaid\n")[2].partition("\n```")[0]
    assert drawn == graph.mermaid(LARDER.runs())

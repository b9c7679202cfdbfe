"""Results carried over a refactoring, in a repository made for it."""

import contextlib
import json
import os
import signal
import time
from pathlib import Path

import pytest

from confirming import Repository, case
from larder import store
from test_workers import PATIENCE

NEUTRAL = ("neutral", "message", "moved", "renamed", "defaulted", "field")
CHANGED = ("rate", "draws", "last", "scoring", "resuming")


def cases(moved="toy_moved", renamed=("train", "Config")):
    task, config = renamed
    return [
        *(case(name) for name in (*CHANGED, "neutral", "message", "defaulted",
                                  "field", "other")),
        case("neutral.seed-1", config="Config(seed=1)"),
        case("stages.one", config="Config(stages=1)"),
        case("stages.two", config="Config(stages=2)"),
        case("moved", module=moved),
        case("renamed", task=task, config=f"{config}()"),
    ]


def refactor(repository):
    """Make each module the same or not, in ways of its own."""
    edit = repository.edit
    edit("toy_neutral.py", "targets = data.one_hot(mnist.train.labels)",
         "labels = mnist.train.labels; targets = data.one_hot(labels)")
    edit("toy_judge.py", "size = float(", "size = 1.0 * float(")
    edit("toy_message.py", "epochs must be positive", "epochs: 1 or more")
    (repository.package / "toy_moved.py").rename(
        repository.package / "toy_elsewhere.py"
    )
    edit("toy_renamed.py", "class Config:", "class Descent:")
    edit("toy_renamed.py", "def train(config: Config",
         "def descend(config: Descent")
    edit("toy_defaulted.py", "    stages: int = 1\n",
         "    stages: int = 1\n    decay: float = 0.0\n")
    edit("toy_field.py", "    rate: float", "    learning_rate: float")
    edit("toy_field.py", "config.rate", "config.learning_rate")
    edit("toy_field.py", "    @ignored(IN_SMALL)\n", """\
    @ignored("says how older stamps have it")
    def formerly(self):
        fields = dict(vars(self))
        return fields | {"rate": fields.pop("learning_rate")}

    @ignored(IN_SMALL)
""")
    edit("toy_other.py", "epochs: int = 6", "epochs: int = 7")
    edit("toy_rate.py", "config.rate *", "1.5 * config.rate *")
    edit("toy_draws.py", """\
    weights = generator.normal(size=(784, 10))
    bias = generator.normal(size=10)
""", """\
    bias = generator.normal(size=10)
    weights = generator.normal(size=(784, 10))
""")
    edit("toy_last.py", '        table["epoch"].append',
         '        bias = bias * (1 + (epoch == config.epochs - 1) * 1e-15)\n'
         '        table["epoch"].append')
    edit("toy_scoring.py", "return float((found == part.labels).mean())",
         "return float((found == part.labels)[1:].mean())")
    edit("toy_resuming.py", "np.array(epoch + 1), weights,",
         "np.array(epoch + 1), weights.astype(np.float32),")
    edit("toy_stages.py", "np.tanh(weights)", "np.tanh(0.9 * weights)")
    repository.list_runs(cases("toy_elsewhere", ("descend", "Descent")))


@pytest.fixture(scope="module")
def refactored(tmp_path_factory):
    """Give a repository whose results are all stale, and confirm them."""
    repository = Repository(
        tmp_path_factory.mktemp("refactored"), cases(),
        judged=("neutral", "rate"),
    )
    code, _, errors = repository.digits("train", "toys", "--jobs", "2")
    assert code == 0, errors
    repository.computed_by = repository.commit("results")
    refactor(repository)
    repository.before = repository.contents()
    repository.dry_run = repository.digits("confirm", "toys", "--dry-run")
    repository.after_dry_run = repository.contents()
    repository.confirmed = repository.digits("confirm", "toys", "--jobs", "2")
    repository.states = states(repository)
    return repository


def stamp_of(repository, name):
    path = store.path_of(repository.results, "toys", name)
    return store.load(path).stamp


def states(repository):
    _, output, _ = repository.digits("status", "toys", "--json")
    return {row["run"]: row for row in json.loads(output)}


def test_what_changes_nothing_is_confirmed(refactored):
    code, output, errors = refactored.confirmed
    assert code == 1, errors
    for name in (*NEUTRAL, "neutral.seed-1", "stages.one", "judge_neutral"):
        commit = refactored.computed_by[:10]
        assert f"confirmed  toys/{name}: the same bits as" in output, name
        assert commit in output
    found = refactored.states
    for name in NEUTRAL:
        assert (found[name]["state"], found[name]["confirmed"]) == (
            "fresh", True
        )
    _, output, _ = refactored.digits("status", "toys")
    assert "fresh, confirmed by rehearsal" in output


@pytest.mark.parametrize(
    ("name", "differs"),
    [
        ("rate", "table: norm in row 1 was"),
        ("draws", "table: norm in row 1 was"),
        ("last", "arrays: bias differs in"),
        ("scoring", "metrics: accuracy was"),
        ("resuming", "resumed, it is another"),
        ("stages.two", "metrics: accuracy was"),
    ],
)
def test_what_changes_a_bit_is_refused_with_the_first_difference(
    refactored, name, differs
):
    _, output, _ = refactored.confirmed
    (line,) = (line for line in output.splitlines()
               if f" toys/{name}:" in line)
    assert line.startswith("refused")
    assert differs in line
    assert refactored.states[name]["state"] == "stale"


def test_other_configs_and_needs_that_stay_stale_are_impossible(refactored):
    _, output, _ = refactored.confirmed
    assert ("impossible toys/other: config: epochs was 6, is now 7") in output
    assert ("impossible toys/judge_rate: needs toys/rate, which is not "
            "confirmed") in output


def test_a_dry_run_says_the_same_and_writes_nothing(refactored):
    assert refactored.after_dry_run == refactored.before
    dry, real = (
        [line for line in output.splitlines() if " toys/" in line]
        for _, output, _ in (refactored.dry_run, refactored.confirmed)
    )
    assert dry == real
    assert "(dry run: no stamp was written)" in refactored.dry_run[1]


def test_only_stamps_are_written(refactored):
    after = refactored.contents()
    assert after.keys() == refactored.before.keys()
    for name, content in refactored.before.items():
        if not name.endswith(".json"):
            assert after[name] == content, name
            continue
        then, now = json.loads(content), json.loads(after[name])
        for key in ("metrics", "table", "files"):
            assert now[key] == then[key]
        for key in ("seconds", "finished", "versions", "hardware"):
            assert now["stamp"][key] == then["stamp"][key]


def test_the_stamp_says_what_computed_it_and_what_was_compared(refactored):
    confirmed = stamp_of(refactored, "neutral.seed-1")["confirmed"]
    assert confirmed["computed_by"]["commit"] == refactored.computed_by
    assert confirmed["computed_by"]["task"] == "digits.toy_neutral.train"
    assert confirmed["rehearsal"] == {
        "run": "toys/neutral", "changes": {"epochs": 3},
        "data": {"train": 120, "test": 40},
        "same": ["metrics", "table", "arrays"],
    }
    assert stamp_of(refactored, "moved")["task"] == "digits.toy_elsewhere.train"


def test_check_can_refuse_what_was_confirmed(refactored):
    (refactored.root / "report.qmd").touch()
    code, _, errors = refactored.check("--computed")
    assert code == 1
    assert "toys/neutral: confirmed by rehearsal" in errors


@pytest.fixture(scope="module")
def edited(tmp_path_factory):
    """Give a repository with two trainings, and a neutral edit of both."""
    repository = Repository(
        tmp_path_factory.mktemp("edited"), [case("one"), case("two")]
    )
    assert repository.digits("train", "toys", "--jobs", "1")[0] == 0
    repository.commit("results")
    for name in ("one", "two"):
        repository.edit(f"toy_{name}.py", "for stage in range(",
                        "for stage in range(0, ")
    return repository


@pytest.fixture
def small(edited, tmp_path):
    """Give a copy of that repository, for a test of its own."""
    return edited.copied(tmp_path / "small")


def test_code_that_was_never_committed_is_confirmed_twice(small):
    assert small.digits("confirm")[0] == 0
    first = stamp_of(small, "one")
    small.edit("toy_one.py", "range(0, ", "range(+0, ")
    code, output, errors = small.digits("confirm")
    assert code == 0, output + errors
    second = stamp_of(small, "one")
    assert second["code"] != first["code"]
    assert (second["confirmed"]["computed_by"]
            == first["confirmed"]["computed_by"])


def test_without_history_nothing_is_confirmed(small):
    before = small.contents()
    (small.root / ".git").rename(small.root / "git-was-here")
    code, output, _ = small.digits("confirm")
    assert code == 1
    assert output.count("git rev-list failed") == 2
    assert small.contents() == before


def test_without_the_commit_nothing_is_confirmed(small):
    before = small.contents()
    small.git("checkout", "--quiet", "--orphan", "new")
    small.commit("anew")
    code, output, _ = small.digits("confirm")
    assert code == 1
    assert output.count("no commit has a run like it") == 2
    assert small.contents() == before


def test_other_data_are_an_obstacle(small):
    path = store.path_of(small.results, "toys", "one")
    stored = store.load(path)
    store.save(path, stored.result, stored.stamp | {"data": "other"})
    code, output, _ = small.digits("confirm")
    assert code == 1
    assert "impossible toys/one: it was computed on other data" in output
    assert "confirmed  toys/two" in output


def test_old_code_that_cannot_run_here_is_told(small):
    small.git("stash", "--quiet")
    small.edit("toy_one.py", "import numpy as np\n",
               "import numpy as np\nimport toy_library\n")
    small.edit("toy_one.py", "for stage in range(",
               "for stage in range(toy_library.START, ")
    library = small.root / "library/toy_library.py"
    library.parent.mkdir()
    library.write_text("START = 0\n")
    both = os.pathsep.join(map(str, (small.root / "code", library.parent)))
    assert small.digits("train", "toys", PYTHONPATH=both)[0] == 0
    small.commit("results by a library that is gone")
    small.edit("toy_one.py", "import toy_library\n", "")
    small.edit("toy_one.py", "toy_library.START", "0")
    before = small.contents()
    code, output, _ = small.digits("confirm")
    assert code == 1
    assert ("which computed it, can't run here: ModuleNotFoundError: No "
            "module named 'toy_library'") in output
    assert small.contents() == before


def running(root):
    """List the processes that rehearse the code of a repository."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if b"rehearse.py" in (place / "cmdline").read_bytes() and (
                f"PYTHONPATH={root}/code".encode()
                in (place / "environ").read_bytes()
            ):
                found.append(place.name)
    return found


def wait_for_none(look, *words):
    """Look until nothing is found; give what is left."""
    end = time.monotonic() + PATIENCE
    while (found := look(*words)) and time.monotonic() < end:
        time.sleep(0.1)
    return found


@pytest.mark.parametrize(
    "kills", [2, pytest.param(12, marks=pytest.mark.long)]
)
def test_a_kill_leaves_stamps_old_or_new(small, kills):
    before = small.contents()
    began = time.monotonic()
    assert small.digits("confirm", "--dry-run")[0] == 0
    longest = time.monotonic() - began
    for number in range(kills):
        process = small.start("confirm")
        time.sleep(longest * (number + 1) / (kills + 1))
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        assert not wait_for_none(running, small.root)
        for name in ("one", "two"):
            stamp = stamp_of(small, name)  # which verifies all
            content = small.contents()[f"{name}.json"]
            assert ("confirmed" in stamp) == (
                content != before[f"{name}.json"]
            )
    assert small.digits("confirm")[0] == 0
    assert all(row["confirmed"] for row in states(small).values())
    assert small.digits("confirm")[:2] == (0, "No result is stale.\n")


def test_two_at_once_do_not_harm_each_other(small):
    processes = [small.start("confirm") for _ in range(2)]
    outputs = [process.communicate()[0] for process in processes]
    assert "confirmed  toys/one" in "".join(outputs)
    assert {row["state"] for row in states(small).values()} == {"fresh"}
    assert small.digits("confirm")[0] == 0


def test_a_result_damaged_meanwhile_is_left_alone(small):
    process = small.start("confirm")
    process.stderr.readline()  # the first rehearsal is done
    damaged = small.results / "toys/one.npz"
    damaged.write_bytes(damaged.read_bytes()[:-1])
    content = small.contents()["one.json"]
    output, _ = process.communicate()
    assert process.returncode == 1
    assert "impossible toys/one" in output
    assert "its checksum does not match" in output
    assert "confirmed  toys/two" in output
    assert small.contents()["one.json"] == content


def test_forced_training_computes_anew(small):
    assert small.digits("confirm")[0] == 0
    assert small.digits("train", "toys", "--force")[0] == 0
    assert not any(row["confirmed"] for row in states(small).values())

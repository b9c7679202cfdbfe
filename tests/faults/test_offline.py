"""Without a network, and with nothing installed but what the lock names."""

import re
import shutil
import subprocess
import sys

import pytest
import yaml

from digits import paths
from project import copy, environment, needs_quarto

# A shell whose only network is the loopback interface, on which Jupyter talks
# to its kernel.
ALONE = ["unshare", "--net", "sh", "-c",
         'ip link set lo up && exec "$@"', "alone"]


@pytest.fixture(scope="module")
def alone():
    """Give the beginning of a command without a network, or skip."""
    if not (shutil.which("unshare") and shutil.which("ip")) or subprocess.run(
        [*ALONE, "true"], capture_output=True
    ).returncode:
        pytest.skip("needs the right to make an empty network namespace")
    return ALONE


REACHED = """
import socket
try:
    socket.create_connection(("1.1.1.1", 53), timeout=5)
except OSError as error:
    print(error)
"""


def test_there_is_no_network_in_an_empty_namespace(alone):
    """So that the tests below show what they are to show."""
    done = subprocess.run(
        [*alone, sys.executable, "-c", REACHED], capture_output=True,
        text=True, check=True,
    )
    assert "unreachable" in done.stdout


def test_results_are_read_without_a_network(alone, attempt):
    with attempt("no network: status"):
        done = subprocess.run(
            [*alone, sys.executable, "-m", "digits", "status", "baseline"],
            capture_output=True, text=True,
        )
        assert done.returncode == 0, done.stderr
        assert "missing" not in done.stdout


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("file", [
    "test_store.py", "test_needs.py", "test_workers.py", "test_data.py",
    "test_training.py",
])
def test_tests_pass_without_a_network(file, alone, attempt):
    with attempt("no network: a file of tests"):
        done = subprocess.run(
            [*alone, sys.executable, "-m", "pytest", "-q", "-p",
             "no:cacheprovider", str(paths.ROOT / "tests" / file)],
            capture_output=True, text=True, cwd=paths.ROOT,
        )
        assert done.returncode == 0, done.stdout


@needs_quarto
@pytest.mark.long
@pytest.mark.parametrize("with_python", [False, True])
def test_the_report_renders_without_a_network(
    with_python, tmp_path, alone, attempt
):
    """From the freeze without Python, and executing."""
    project = copy(tmp_path / "project")
    words = ["report.qmd"] if with_python else []
    with attempt("no network: render"):
        done = subprocess.run(
            [*alone, "quarto", "render", *words, "--to", "html"],
            cwd=project, env=environment(project, with_python),
            capture_output=True, text=True, stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, done.stderr
        assert (project / "report.html").stat().st_size > 100_000


# What is installed.


@pytest.mark.parametrize("lock", [
    "requirements.lock", "requirements-quarto.lock",
])
def test_each_locked_package_has_its_hashes(lock):
    text = (paths.ROOT / lock).read_text(encoding="utf-8")
    packages = re.findall(r"^\w[^\n]*(?:\n [^\n]*)*", text, re.M)
    assert packages
    for package in packages:
        assert re.match(r"[\w.-]+(\[[\w,-]+\])?==", package), package
        assert "--hash=sha256:" in package


def test_only_what_the_lock_names_is_installed_and_it_is_audited():
    """By make, and by whatever the workflow calls."""
    makefile = (paths.ROOT / "Makefile").read_text(encoding="utf-8")
    installs = re.findall(r"\$\$install (.*?)(?: &&|$)", makefile, re.M)
    assert len(installs) == 2
    for options in installs:
        assert "--require-hashes" in options or "--no-deps" in options
    workflow = yaml.safe_load(
        (paths.ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    )
    steps = [step for job in workflow["jobs"].values()
             for step in job["steps"]]
    used = {step.get("uses", "").partition("@")[0]: step for step in steps}
    audit = used["pypa/gh-action-pip-audit"]["with"]
    assert "requirements.lock" in audit["inputs"]
    assert audit["require-hashes"] is True
    assert "gitleaks/gitleaks-action" in used

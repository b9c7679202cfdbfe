"""What the tests share: small data, a folder of results, real MNIST."""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

import names
from digits import data, paths
from project import (
    call_digits,
    make_report,
    pretend_installed,
    shorten,
    unpack,
)

# Quiet, and on the CPU, before anything imports TensorFlow.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

settings.register_profile(
    "digits",
    derandomize=True,
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
settings.load_profile("digits")


@pytest.fixture
def results(tmp_path):
    """Give a folder for results that is gone after the test."""
    return tmp_path / "results"


@pytest.fixture
def marks(tmp_path):
    """Name a folder where toys leave traces."""
    return str(tmp_path / "marks")


@pytest.fixture
def here():
    """Give an executor without processes: quick, and in reach of patches."""
    with ThreadPoolExecutor(1) as executor:
        yield executor


@pytest.fixture(scope="module")
def keras():
    """Start TensorFlow with one thread, before anything else does."""
    from digits.tasks import training

    training.start(0)
    import keras

    return keras


@pytest.fixture(autouse=True)
def training_allowed(monkeypatch):
    """Let tests train, whatever the user's environment says."""
    monkeypatch.delenv("DIGITS_TRAIN", raising=False)


@pytest.fixture(scope="session")
def mnist_file():
    """Name the real MNIST, or skip the test where it is not at hand."""
    named = os.environ.get(data.ENVIRONMENT_VARIABLE)
    if not named and not (paths.DATA / "mnist.npz").is_file():
        pytest.skip(
            f"needs MNIST: {data.ENVIRONMENT_VARIABLE} is unset and "
            "data/mnist.npz is absent"
        )
    return data.locate()


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """Give what makes a folder once in a run of the tests, for all workers.

    `once(name, make)` calls make(folder) where no worker has yet, and returns
    the folder. Whoever uses it leaves it as it is.
    """
    common = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        common = common.parent  # as pytest-xdist's documentation has it

    def once(name, make):
        folder, made = common / name, common / f"{name}.made"
        with FileLock(common / f"{name}.lock"):
            if not made.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                make(folder)
                made.touch()
        return folder

    return once


def _needs(*tools):
    """Skip where one of these programs is absent."""
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"needs {tool} on PATH")


@pytest.fixture(scope="session")
def plain_project(once):
    """Give an unpacked hand-in with its report in the plain layout.

    Its group has many authors since it was packed; `said` is what the command
    printed.
    """
    def make(folder):
        project = unpack(folder)
        (project / "group.yml").write_text(names.group(), "utf-8")
        done = call_digits(project, "render", hidden={"quarto", "git"})
        assert done.returncode == 0, done.stderr
        (project / "said").write_text(done.stdout, encoding="utf-8")

    return once("plain", make) / "hand-in"


@pytest.fixture(scope="session")
def bare_project(once):
    """Give an unpacked hand-in after `make report` where nothing is installed.

    But Quarto and LaTeX: there is no Python that is good for anything. `said`
    is what was printed.
    """
    _needs("make", "quarto", "xelatex")

    def make(folder):
        project = unpack(folder)
        done = make_report(project, with_python=False)
        assert done.returncode == 0, done.stderr
        said = done.stdout + done.stderr
        (project / "said").write_text(said, encoding="utf-8")

    return once("bare", make) / "hand-in"


@pytest.fixture(scope="session")
def rendered_html(bare_project):
    """Name report.html, by Quarto, from the freeze."""
    return bare_project / "report.html"


@pytest.fixture(scope="session")
def rendered_pdf(bare_project):
    """Name report.pdf, by Quarto and LaTeX, from the freeze."""
    return bare_project / "report.pdf"


@pytest.fixture(scope="session")
def made_project(once):
    """Give an unpacked hand-in after `make report` where all is installed.

    Its group has many authors, and its report one sentence, so that Quarto is
    soon done; `said` is what make printed.
    """
    _needs("make", "quarto", "xelatex")

    def make(folder):
        project = unpack(folder)
        shorten(project)
        (project / "group.yml").write_text(names.group(), "utf-8")
        pretend_installed(project)
        done = make_report(project)
        assert done.returncode == 0, done.stderr
        (project / "said").write_text(done.stdout, encoding="utf-8")

    return once("made", make) / "hand-in"

"""What the tests share: small data, a folder of results, real MNIST."""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, settings

from digits import data, paths
from project import copy, quarto

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


def _rendered(folder, name, *tools):
    """Render the report from the freeze, without Python, or skip."""
    for tool in ("quarto", *tools):
        if shutil.which(tool) is None:
            pytest.skip(f"needs {tool} on PATH")
    done = quarto(
        copy(folder), "render", "--to", name, with_python=False
    )
    assert done.returncode == 0, done.stderr
    return folder / f"report.{name}"


@pytest.fixture(scope="session")
def plain_project(tmp_path_factory):
    """Give a project with its report in the plain layout, by many authors."""
    from names import HERE, group
    from test_render import render

    folder = copy(tmp_path_factory.mktemp("plain"))
    (folder / "group.yml").write_text(group(HERE.values()), "utf-8")
    done = render(folder, {"quarto"})
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def rendered_html(tmp_path_factory):
    """Name report.html, rendered by Quarto."""
    return _rendered(tmp_path_factory.mktemp("html"), "html")


@pytest.fixture(scope="session")
def rendered_pdf(tmp_path_factory):
    """Name report.pdf, rendered by Quarto and LaTeX."""
    return _rendered(tmp_path_factory.mktemp("pdf"), "pdf", "xelatex")

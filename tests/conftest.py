"""What the tests share: small data, a folder of results, real MNIST."""

import os

import pytest
from hypothesis import HealthCheck, settings

from digits import data, paths

# One thread, before anything imports TensorFlow; quiet.
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

"""The stored weights give the stated accuracies again, on the real MNIST."""

import h5py
import numpy as np
import pytest

from digits import data, paths
from digits.experiments import convolution, influences
from digits.kept import compute
from digits.tasks import scoring, trained

FINAL = [
    *convolution.first_runs(), *convolution.final_runs(),
    *influences.final_runs(),
]


@pytest.fixture(scope="module")
def test_set(mnist_file):
    return data.load_mnist().test


@pytest.mark.parametrize("run", FINAL, ids=str)
def test_a_final_network_has_its_stated_accuracy(run, test_set):
    (stored,) = compute([run])
    network = trained.restore(run.config.network, stored.result.weights)
    found = scoring.outputs(network, test_set.images).argmax(axis=1)
    accuracy = np.mean(found == test_set.labels)
    # On another processor, sums are rounded otherwise: an image or two may tip.
    assert accuracy == pytest.approx(
        stored.result.metrics["test_accuracy"], abs=2e-4
    )


def test_the_ensemble_has_its_stated_accuracy(test_set):
    found = convolution.probabilities(test_set.images).argmax(axis=1)
    errors = convolution.result().errors
    assert np.mean(found == test_set.labels) == pytest.approx(
        errors.metrics["ensemble_accuracy"], abs=2e-4
    )


def test_no_optimisers_state_is_stored_beside_a_network():
    files = sorted(paths.RESULTS.rglob("*.weights.h5"))
    assert files
    for file in files:
        with h5py.File(file) as stored:
            assert set(stored) <= {"layers", "vars"}, file

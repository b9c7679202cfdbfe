"""Training on bent images, on made-up data."""

import dataclasses
import math

import numpy as np
import pytest

import toy_tasks
from digits import checkpoint, data, elastic, networks, training
from digits.classifier import ClassifierConfig
from digits.elastic import ElasticConfig

SMALL = ElasticConfig(ClassifierConfig(
    stem=4, stages=((4,), (8,)), epochs=2, batch_size=50, rotation=10,
    keep_weights=True,
))


def changed(**fields):
    return dataclasses.replace(
        SMALL, classifier=dataclasses.replace(SMALL.classifier, **fields)
    )


@pytest.fixture
def fakes(monkeypatch):
    """Put 5,300 made-up images in MNIST's place, 5,000 held out."""
    arrays = toy_tasks.fake_arrays(train=5_300)
    monkeypatch.setattr(data, "read_arrays", lambda: arrays)
    return arrays


@pytest.mark.parametrize("bend", [-0.1, math.nan, math.inf])
def test_a_bend_out_of_range_is_refused_by_name(bend):
    with pytest.raises(ValueError, match=f"bend is {bend}; allowed: pixels"):
        ElasticConfig(ClassifierConfig(), bend)


def test_bending_matters_and_the_seed_decides(keras, fakes):
    first = elastic.train_elastic_classifier(SMALL)
    again = elastic.train_elastic_classifier(SMALL)
    assert (first.table, first.weights) == (again.table, again.weights)
    for config in (changed(seed=1), dataclasses.replace(SMALL, bend=0.2)):
        other = elastic.train_elastic_classifier(config)
        assert other.weights != first.weights
    assert first.metrics["test_accuracy"] is None
    assert first.metrics["validation_accuracy"] == (
        first.table["validation_accuracy"][-1]
    )


def test_the_weights_are_the_classifiers_own(keras, fakes):
    config = changed(whole_training_set=True, training_images=100)
    result = elastic.train_elastic_classifier(config)
    network = networks.restore(config.classifier, result.weights)
    found = training.outputs(network, data.scale(fakes["x_test"]))
    np.testing.assert_array_equal(found, result.arrays["test_probabilities"])
    assert result.metrics["test_accuracy"] == np.mean(
        found.argmax(axis=1) == fakes["y_test"]
    )
    assert result.metrics["validation_accuracy"] is None


def test_resumed_after_an_epoch_it_ends_with_the_same_bits(
    keras, fakes, tmp_path, monkeypatch
):
    whole = elastic.train_elastic_classifier(SMALL)
    save = checkpoint.save

    def save_and_stop(state):
        save(state)
        raise KeyboardInterrupt

    with checkpoint.keep_in(tmp_path / "state", "me"):
        with monkeypatch.context() as patch:
            patch.setattr(checkpoint, "save", save_and_stop)
            with pytest.raises(KeyboardInterrupt):
                elastic.train_elastic_classifier(SMALL)
        resumed = elastic.train_elastic_classifier(SMALL)
    assert (resumed.table, resumed.weights) == (whole.table, whole.weights)

"""The training of the final convolutional networks, on made-up data."""

import numpy as np
import pytest

import toy_tasks
from digits import data
from digits.augmentation.configs import Warp
from digits.tasks.classifier import train_with_loss
from digits.tasks.scoring import outputs
from digits.tasks.split import Split, load
from digits.tasks.trained import restore
from larder import Context, varied

# All that has a state: random layers, dropout and normalization.
SMALL = toy_tasks.convolutional(
    stem=4, stages=((4,), (8,)), dropout=0.2, last_convolution=12, epochs=2,
    batch_size=50, keep_weights=True, augmentation=Warp(
        rotation=10, shear=0.1, zoom=0.1, shift=2, noise=0.2, bend=0.7,
        contrast=2.0,
    ),
)


@pytest.fixture
def fakes(monkeypatch):
    """Put 5,300 made-up images in MNIST's place, 5,000 held out."""
    arrays = toy_tasks.fake_arrays(train=5_300)
    monkeypatch.setattr(data, "read_arrays", lambda: arrays)
    return arrays


def test_each_change_of_the_images_matters_and_the_seed_decides(keras, fakes):
    first = train_with_loss(SMALL)
    again = train_with_loss(SMALL)
    assert (first.table, first.weights) == (again.table, again.weights)
    for change in ({"seed": 1}, {"bend": 0.2}, {"contrast": 1.0},
                   {"rotation": 20}, {"noise": 0.0}):
        other = train_with_loss(
            varied(SMALL, **change)
        )
        assert other.weights != first.weights


def test_images_are_held_out_of_all_the_same_for_each_seed(fakes):
    for seed in (0, 1):
        mnist = load(Split(held_out=300), seed)
        train, held_out = mnist.train, mnist.validation
        mask = data.validation_mask(fakes["y_train"], 300)
        np.testing.assert_array_equal(
            held_out.images, data.scale(fakes["x_train"][mask])
        )
        np.testing.assert_array_equal(
            train.images, data.scale(fakes["x_train"][~mask])
        )
        np.testing.assert_array_equal(train.labels, fakes["y_train"][~mask])


def test_held_out_images_are_scored_after_each_epoch(keras, fakes):
    result = train_with_loss(SMALL)
    metrics = result.metrics
    assert metrics["validation_accuracy"] == (
        result.table["validation_accuracy"][-1]
    )
    network = restore(SMALL.network, result.weights)
    mask = data.validation_mask(fakes["y_train"], SMALL.split.held_out)
    found = outputs(network, data.scale(fakes["x_train"][mask]))
    true = found[np.arange(mask.sum()), fakes["y_train"][mask]]
    assert metrics["validation_loss"] == pytest.approx(
        -np.log(true).mean(), rel=1e-4
    )
    assert metrics["test_accuracy"] is None
    assert result.arrays == {}


def test_test_images_are_scored_only_with_the_whole_training_set(keras, fakes):
    config = varied(
        SMALL, whole_training_set=True, training_images=100
    )
    result = train_with_loss(config)
    network = restore(config.network, result.weights)
    found = outputs(network, data.scale(fakes["x_test"]))
    np.testing.assert_array_equal(found, result.arrays["test_probabilities"])
    assert result.metrics["test_accuracy"] == np.mean(
        found.argmax(axis=1) == fakes["y_test"]
    )
    assert result.metrics["validation_accuracy"] is None
    assert result.metrics["validation_loss"] is None
    assert result.table["validation_accuracy"] == [None, None]


def test_resumed_after_an_epoch_it_ends_with_the_same_bits(
    keras, fakes, tmp_path
):
    whole = train_with_loss(SMALL)

    def stop(done, total):
        raise KeyboardInterrupt

    file = tmp_path / "state"
    with pytest.raises(KeyboardInterrupt):
        train_with_loss(SMALL, Context(stop, file))
    resumed = train_with_loss(SMALL, Context(file=file))
    assert (resumed.table, resumed.weights) == (whole.table, whole.weights)

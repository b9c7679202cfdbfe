"""The long training: augmented, resumable, averaged; on made-up data."""

import dataclasses
import math
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import toy_tasks
from digits import data
from digits.kept import compute
from digits.tasks import classifier, training
from digits.tasks.classifier import ClassifierConfig
from larder import Context, Run
from larder.computing.locks import checkpoint_of

# All that has a state: random layers, an optimiser, means of weights.
SMALL = ClassifierConfig(
    stem=4, stages=((4,), (8,)), dropout=0.2, epochs=4, averaged_epochs=2,
    batch_size=50, optimizer="adamw", learning_rate=0.003, weight_decay=0.01,
    label_smoothing=0.1, rotation=10, shear=0.1, zoom=0.1, shift=2, noise=0.2,
    keep_weights=True,
)


@pytest.fixture
def fakes(monkeypatch):
    """Put 6,000 made-up images in MNIST's place, 5,000 held out."""
    arrays = toy_tasks.fake_arrays(train=5_300)
    monkeypatch.setattr(data, "read_arrays", lambda: arrays)
    return arrays


def same(one, other):
    assert one.metrics == other.metrics
    assert one.table == other.table
    assert one.weights == other.weights
    assert one.arrays.keys() == other.arrays.keys()
    for name, array in one.arrays.items():
        np.testing.assert_array_equal(array, other.arrays[name])
    return True


# Configs.

WRONG = {
    "stem": [0, 1.5],
    "stages": [((0,),), ((),), ((8, -1),)],
    "hidden_units": [(0,), (1.5,)],
    "dropout": [-0.1, 1, math.nan],
    "seed": [-1, 2**32, 0.5],
    "training_images": [0, 1.5],
    "epoch_images": [0, 1.5],
    "epochs": [0, 1.0],
    "averaged_epochs": [0, 11],
    "batch_size": [0],
    "optimizer": ["SGD", ""],
    "learning_rate": [0, math.inf, math.nan],
    "weight_decay": [-1, math.inf, math.nan],
    "label_smoothing": [-0.1, 1, math.nan],
    "rotation": [-1, 181, math.nan],
    "shear": [-0.1, 1, math.nan],
    "zoom": [-0.1, 1, math.nan],
    "shift": [-1, 29, math.nan],
    "noise": [-0.1, 1.1, math.nan],
}


@pytest.mark.parametrize(
    ("field", "value"),
    [(field, value) for field, values in WRONG.items() for value in values],
)
def test_values_out_of_range_are_refused(field, value):
    with pytest.raises(ValueError, match=f"^{field} is .*; allowed: "):
        ClassifierConfig(**{field: value})


def test_stages_and_hidden_units_exclude_each_other():
    with pytest.raises(ValueError, match="none beside stages"):
        ClassifierConfig(stages=((8,),), hidden_units=(8,))


def test_every_field_that_can_be_wrong_is_tried():
    fields = {field.name for field in dataclasses.fields(ClassifierConfig)}
    free = {"normalize", "whole_training_set", "keep_weights"}
    assert set(WRONG) == fields - free


# Networks.


def test_the_parameters_are_those_counted_by_hand(keras):
    """Each normalized channel has 4 numbers beside its kernel."""
    network = classifier.build(
        ClassifierConfig(stem=32, stages=((64,), (128, 128)))
    )
    expected = (
        25 * 32 + 4 * 32
        + 9 * 32 * 64 + 4 * 64
        + 9 * 64 * 128 + 4 * 128
        + 9 * 128 * 128 + 4 * 128
        + 128 * 10 + 10
    )
    assert network.count_params() == expected
    assert network.output_shape == (None, 10)


def test_multiplications_are_those_counted_by_hand(keras):
    network = classifier.build(
        ClassifierConfig(stem=32, stages=((64,), (128, 128)))
    )
    assert classifier.multiplications(network) == (
        25 * 32 * 14**2 + 9 * 32 * 64 * 14**2
        + 9 * 64 * 128 * 7**2 + 9 * 128 * 128 * 7**2 + 128 * 10
    )
    dense = classifier.build(ClassifierConfig(hidden_units=(500, 300)))
    assert classifier.multiplications(dense) == 784 * 500 + 500 * 300 + 3_000


def test_without_normalization_there_are_biases(keras):
    network = classifier.build(
        ClassifierConfig(stem=4, stages=((8,),), normalize=False)
    )
    assert network.count_params() == (
        25 * 4 + 4 + 9 * 4 * 8 + 8 + 8 * 10 + 10
    )


def test_without_stages_it_is_the_dense_network(keras):
    network = classifier.build(ClassifierConfig(hidden_units=(500, 300)))
    assert network.count_params() == 545_810


def test_outputs_are_probabilities(keras):
    network = classifier.build(ClassifierConfig(stem=4, stages=((4,),)))
    images = np.random.default_rng(0).random((1_234, 28, 28, 1), np.float32)
    found = training.outputs(network, images)
    assert found.shape == (1_234, 10)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)


# Training.


def test_a_network_can_learn_32_images_by_heart(keras, fakes):
    result = classifier.train_classifier(ClassifierConfig(
        stem=8, stages=((16,),), training_images=32, epoch_images=640,
        epochs=8, batch_size=32, optimizer="adamw", learning_rate=0.01,
    ))
    assert result.table["accuracy"][-1] == 1
    assert result.table["epoch"] == list(range(1, 9))


def test_the_same_seed_gives_the_same_bits_and_another_others(keras, fakes):
    first = classifier.train_classifier(SMALL)
    assert same(first, classifier.train_classifier(SMALL))
    other = classifier.train_classifier(dataclasses.replace(SMALL, seed=1))
    assert other.weights != first.weights


def test_test_images_are_scored_only_with_the_whole_training_set(keras, fakes):
    held_out = classifier.train_classifier(SMALL)
    assert held_out.metrics["test_accuracy"] is None
    assert held_out.metrics["validation_accuracy"] is not None
    assert held_out.arrays == {}
    whole = classifier.train_classifier(dataclasses.replace(
        SMALL, whole_training_set=True, training_images=100
    ))
    assert whole.metrics["validation_accuracy"] is None
    assert whole.table["validation_accuracy"] == [None] * 4
    found = whole.arrays["test_probabilities"]
    assert found.dtype == np.float32
    assert whole.metrics["test_accuracy"] == np.mean(
        found.argmax(axis=1) == fakes["y_test"]
    )


def test_stored_weights_give_the_stored_probabilities(
    keras, fakes, tmp_path
):
    config = dataclasses.replace(SMALL, whole_training_set=True,
                                 training_images=100)
    result = classifier.train_classifier(config)
    file = tmp_path / "of.weights.h5"
    file.write_bytes(result.weights)
    network = classifier.build(config)
    network.load_weights(file)
    np.testing.assert_array_equal(
        training.outputs(network, data.scale(fakes["x_test"])),
        result.arrays["test_probabilities"],
    )


def test_the_final_weights_are_the_mean_of_the_last(keras, fakes):
    """With one epoch averaged, an epoch's validation is the final one."""
    single = classifier.train_classifier(
        dataclasses.replace(SMALL, averaged_epochs=1)
    )
    assert single.metrics["validation_accuracy"] == (
        single.table["validation_accuracy"][-1]
    )
    network = classifier.build(SMALL)
    seen = []

    def look(*_):
        seen.append([array.copy() for array in network.get_weights()])

    mnist = data.load_mnist()
    classifier._fit(network, mnist.train, None, SMALL, Context(look))
    for mean, third, fourth in zip(
        network.get_weights(), seen[2], seen[3], strict=True
    ):
        np.testing.assert_allclose(mean, (third + fourth) / 2, atol=1e-6)


def test_a_loss_that_is_not_finite_is_an_error(keras, fakes):
    config = dataclasses.replace(SMALL, optimizer="sgd", learning_rate=1e30)
    with pytest.raises(FloatingPointError, match="smaller learning rate"):
        classifier.train_classifier(config)


@pytest.mark.parametrize(("count", "size"), [(10, 10), (10, 25), (10, 4)])
def test_an_epoch_takes_each_image_about_as_often(count, size):
    order = classifier._order(count, size, (0, 0))
    assert len(order) == size
    times = np.bincount(order, minlength=count)
    assert times.max() - times.min() <= 1
    assert list(order) != list(classifier._order(count, size, (0, 1)))
    assert list(order) != list(classifier._order(count, size, (1, 0)))


def test_a_subset_has_each_class_in_proportion(fakes):
    train = data.load_mnist().train
    config = dataclasses.replace(SMALL, training_images=50)
    subset = classifier._subset(train, config)
    assert subset.images.shape == (50, 28, 28, 1)
    assert list(np.bincount(subset.labels)) == [5] * 10
    other = classifier._subset(train, dataclasses.replace(config, seed=1))
    assert not np.array_equal(subset.images, other.images)


# Interruptions.


class Stopped(Exception):
    pass


def test_a_run_that_stopped_ends_with_the_same_bits(keras, fakes, tmp_path):
    whole = classifier.train_classifier(SMALL)
    kept = tmp_path / "kept"
    for last in (1, 3):

        def stop(done, _, last=last):
            if done == last:
                raise Stopped

        with pytest.raises(Stopped):
            classifier.train_classifier(SMALL, Context(stop, kept))
    epochs = []
    resumed = classifier.train_classifier(
        SMALL, Context(lambda done, _: epochs.append(done), kept)
    )
    assert epochs == [4]
    assert same(resumed, whole)


RUN = """
import sys
from pathlib import Path
import toy_tasks
from digits.kept import compute
from test_classifier import killed_run
if __name__ == "__main__":
    compute([killed_run()], jobs=1, folder=Path(sys.argv[1]))
"""


def killed_run() -> Run:
    config = dataclasses.replace(
        SMALL, whole_training_set=True, epochs=24, epoch_images=4_000
    )
    return Run("toys", "killed", toy_tasks.train_classifier_on_fakes, config)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kills", [
    2, pytest.param(10, marks=pytest.mark.long),
])
def test_killed_again_and_again_it_ends_with_the_same_bits(tmp_path, kills):
    run, folder = killed_run(), tmp_path / "killed"
    script = tmp_path / "script.py"
    script.write_text(RUN)
    kept = checkpoint_of(run.path(folder))
    generator = random.Random(1)
    for _ in range(kills):
        before = _time_of(kept)
        process = _start(script, folder)
        while _time_of(kept) == before and process.poll() is None:
            time.sleep(0.02)
        time.sleep(generator.uniform(0, 0.3))
        assert process.poll() is None, "it ended before it could be killed"
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert _start(script, folder).wait() == 0
    (killed,) = compute([run], folder=folder)
    assert not kept.exists()
    (whole,) = compute([run], jobs=1, folder=tmp_path / "whole")
    assert same(killed.result, whole.result)
    assert killed.outcome == whole.outcome


def _start(script: Path, folder: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, script, folder],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(
            [str(Path(__file__).parent), str(Path(toy_tasks.__file__).parent)]
        )},
        start_new_session=True,
    )


def _time_of(file: Path) -> int:
    return file.stat().st_mtime_ns if file.exists() else 0

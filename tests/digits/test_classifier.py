"""The training of Question 3: augmented, averaged; on made-up data."""

import os
import random
import signal
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import toy_tasks
from digits import data
from digits.augmentation.configs import Affine
from digits.kept import compute
from digits.tasks.classifier import train_classifier
from digits.tasks.scoring import outputs
from digits.tasks.split import Split, load
from digits.tasks.training import drawn_order, fit
from larder import Context, Run, varied
from larder.computing.locks import checkpoint_of

# All that has a state: random layers, an optimiser, means of weights.
SMALL = toy_tasks.convolutional(
    stem=4, stages=((4,), (8,)), dropout=0.2, epochs=4, averaged_epochs=2,
    batch_size=50, optimizer="adamw", momentum=0.0, nesterov=False,
    learning_rate=0.003, weight_decay=0.01, label_smoothing=0.1,
    augmentation=Affine(10, 0.1, 0.1, 2, 0.2), keep_weights=True,
)


@pytest.fixture
def fakes(monkeypatch):
    """Put 5,300 made-up images in MNIST's place, 5,000 held out."""
    arrays = toy_tasks.fake_arrays(train=5_300)
    monkeypatch.setattr(data, "read_arrays", lambda: arrays)
    return arrays


@cache
def trained(config):
    """Train on the fakes, once for all tests that only look."""
    return train_classifier(config)


WHOLE = varied(SMALL, whole_training_set=True, training_images=100)


def same(one, other):
    assert one.metrics == other.metrics
    assert one.table == other.table
    assert one.weights == other.weights
    assert one.arrays.keys() == other.arrays.keys()
    for name, array in one.arrays.items():
        np.testing.assert_array_equal(array, other.arrays[name])
    return True


# Training.


def test_a_network_can_learn_32_images_by_heart(keras, fakes):
    result = train_classifier(toy_tasks.convolutional(
        stem=8, stages=((16,),), training_images=32, epoch_images=640,
        epochs=8, batch_size=32, optimizer="adamw", learning_rate=0.01,
        momentum=0.0, nesterov=False, augmentation=None,
    ))
    assert result.table["accuracy"][-1] == 1
    assert result.table["epoch"] == list(range(1, 9))


def test_the_same_seed_gives_the_same_bits_and_another_others(keras, fakes):
    first = trained(SMALL)
    assert same(first, train_classifier(SMALL))
    other = train_classifier(varied(SMALL, seed=1))
    assert other.weights != first.weights


def test_test_images_are_scored_only_with_the_whole_training_set(keras, fakes):
    held_out = trained(SMALL)
    assert held_out.metrics["test_accuracy"] is None
    assert held_out.metrics["validation_accuracy"] is not None
    assert held_out.arrays == {}
    whole = trained(WHOLE)
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
    result = trained(WHOLE)
    file = tmp_path / "of.weights.h5"
    file.write_bytes(result.weights)
    network = WHOLE.network.build()
    network.load_weights(file)
    np.testing.assert_array_equal(
        outputs(network, data.scale(fakes["x_test"])),
        result.arrays["test_probabilities"],
    )


def test_the_final_weights_are_the_mean_of_the_last(keras, fakes):
    """With one epoch averaged, an epoch's validation is the final one."""
    single = train_classifier(
        varied(SMALL, averaged_epochs=1)
    )
    assert single.metrics["validation_accuracy"] == (
        single.table["validation_accuracy"][-1]
    )
    network = SMALL.network.build()
    seen = []

    def look(*_):
        seen.append([array.copy() for array in network.get_weights()])

    train = load(SMALL.split, 0).train
    fit(network, SMALL.layers, (train.images, data.one_hot(train.labels)),
        SMALL.schedule, 0, lambda _: {}, Context(look))
    for mean, third, fourth in zip(
        network.get_weights(), seen[2], seen[3], strict=True
    ):
        np.testing.assert_allclose(mean, (third + fourth) / 2, atol=1e-6)


def test_a_loss_that_is_not_finite_is_an_error(keras, fakes):
    config = varied(SMALL, optimizer="sgd", learning_rate=1e30)
    with pytest.raises(FloatingPointError, match="smaller learning rate"):
        train_classifier(config)


@pytest.mark.parametrize(("count", "size"), [(10, 10), (10, 25), (10, 4)])
def test_an_epoch_takes_each_image_about_as_often(count, size):
    order = drawn_order(count, size, (0, 0))
    assert len(order) == size
    times = np.bincount(order, minlength=count)
    assert times.max() - times.min() <= 1
    assert list(order) != list(drawn_order(count, size, (0, 1)))
    assert list(order) != list(drawn_order(count, size, (1, 0)))


def test_a_subset_has_each_class_in_proportion(fakes):
    split = Split(training_images=50)
    subset = load(split, 0).train
    assert subset.images.shape == (50, 28, 28, 1)
    assert list(np.bincount(subset.labels)) == [5] * 10
    assert not np.array_equal(subset.images, load(split, 1).train.images)


# Interruptions.


class Stopped(Exception):
    pass


def test_a_run_that_stopped_ends_with_the_same_bits(keras, fakes, tmp_path):
    whole = trained(SMALL)
    kept = tmp_path / "kept"
    for last in (1, 3):

        def stop(done, _, last=last):
            if done == last:
                raise Stopped

        with pytest.raises(Stopped):
            train_classifier(SMALL, Context(stop, kept))
    epochs = []
    resumed = train_classifier(
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
    compute([killed_run(int(sys.argv[2]))], jobs=1, folder=Path(sys.argv[1]))
"""


def killed_run(epochs: int) -> Run:
    config = varied(
        SMALL, whole_training_set=True, epochs=epochs, epoch_images=4_000
    )
    return Run("toys", "killed", toy_tasks.train_classifier_on_fakes, config)


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("kills", "epochs"), [
    (1, 6), pytest.param(10, 24, marks=pytest.mark.long),
])
def test_killed_again_and_again_it_ends_with_the_same_bits(
    tmp_path, kills, epochs
):
    run, folder = killed_run(epochs), tmp_path / "killed"
    script = tmp_path / "script.py"
    script.write_text(RUN)
    kept = checkpoint_of(run.path(folder))
    generator = random.Random(1)
    for _ in range(kills):
        before = _time_of(kept)
        process = _start(script, folder, epochs)
        while _time_of(kept) == before and process.poll() is None:
            time.sleep(0.02)
        time.sleep(generator.uniform(0, 0.3))
        assert process.poll() is None, "it ended before it could be killed"
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert _start(script, folder, epochs).wait() == 0
    (killed,) = compute([run], folder=folder)
    assert not kept.exists()
    (whole,) = compute([run], jobs=1, folder=tmp_path / "whole")
    assert same(killed.result, whole.result)
    assert killed.outcome == whole.outcome


def _start(script: Path, folder: Path, epochs: int) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, script, folder, str(epochs)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(
            [str(Path(__file__).parent), str(Path(toy_tasks.__file__).parent)]
        )},
        start_new_session=True,
    )


def _time_of(file: Path) -> int:
    return file.stat().st_mtime_ns if file.exists() else 0

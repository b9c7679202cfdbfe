"""The one way to train, as the notebook does, on small made-up data."""

import numpy as np
import pytest

import toy_tasks
from digits import data
from digits.augmentation.configs import Translation
from digits.networks.dense import DenseNetwork
from digits.tasks import training
from digits.tasks.notebook import train_as_notebook
from digits.tasks.schedule import Schedule
from digits.tasks.scoring import predict
from digits.tasks.training import evaluate, fit
from larder import Context

TINY = {"hidden_units": (8,), "epochs": 2, "batch_size": 50,
        "whole_training_set": True}


@pytest.fixture
def fakes(monkeypatch):
    """Put 300 made-up images in MNIST's place, 50 for tests."""
    arrays = toy_tasks.fake_arrays()
    monkeypatch.setattr(data, "read_arrays", lambda: arrays)
    return arrays


@pytest.fixture(scope="module")
def trained(keras):
    """Train once; give the result and the progress that was reported."""
    heard = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "read_arrays", toy_tasks.fake_arrays)
        result = train_as_notebook(
            toy_tasks.dense(**TINY, keep_weights=True),
            Context(lambda *steps: heard.append(steps)),
        )
    return result, heard


def test_a_run_gives_what_its_docstring_says(trained, fakes):
    result, _ = trained
    assert result.metrics["validation_accuracy"] is None
    assert 0 <= result.metrics["train_accuracy"] <= 1
    assert set(result.table) == {
        "epoch", "loss", "accuracy", "scored_loss", "scored_accuracy",
    }
    assert result.table["epoch"] == [1, 2]
    predictions = result.arrays["test_predictions"]
    assert (predictions.dtype, predictions.shape) == (np.uint8, (50,))
    assert result.metrics["test_accuracy"] == (
        np.mean(predictions == fakes["y_test"])
    )
    # On all images, what is scored is the test images.
    assert result.table["scored_accuracy"][-1] == pytest.approx(
        result.metrics["test_accuracy"], abs=1e-6
    )


def test_32_images_can_be_learnt_by_heart(keras, monkeypatch):
    """Random pixels and labels: no network but a working one can."""
    few = toy_tasks.fake_arrays(train=32, test=10)
    few["y_train"] = np.random.default_rng(5).integers(0, 10, 32, np.uint8)
    monkeypatch.setattr(data, "read_arrays", lambda: few)
    result = train_as_notebook(toy_tasks.dense(
        epochs=20, batch_size=4, optimizer="adam", learning_rate=0.003,
        whole_training_set=True,
    ))
    assert result.metrics["train_accuracy"] == 1
    assert result.table["loss"][-1] < 0.1


def test_the_held_out_images_are_scored_not_the_test_images(
    keras, monkeypatch
):
    arrays = toy_tasks.fake_arrays(train=5_200, test=20)
    # Test labels that nothing can predict: no accuracy comes from them.
    arrays["y_test"][:] = 255
    monkeypatch.setattr(data, "read_arrays", lambda: arrays)
    result = train_as_notebook(
        toy_tasks.dense(**TINY | {"whole_training_set": False, "epochs": 1})
    )
    assert result.metrics["test_accuracy"] == 0
    assert result.metrics["validation_accuracy"] > 0
    assert result.table["scored_accuracy"][-1] == pytest.approx(
        result.metrics["validation_accuracy"], abs=1e-6
    )


def as_bytes(result):
    return repr(result.metrics), repr(result.table), result.weights, {
        name: array.tobytes() for name, array in result.arrays.items()
    }


def test_one_seed_gives_the_same_bits_another_seed_others(keras, fakes):
    found = [
        as_bytes(train_as_notebook(toy_tasks.dense(
            **TINY, seed=seed, dropout=0.2, augmentation=Translation(2),
            keep_weights=True,
        )))
        for seed in (1, 1, 2)
    ]
    assert found[0] == found[1]
    assert found[0][2] != found[2][2]
    assert found[0][1] != found[2][1]


def test_weights_that_are_kept_bring_the_model_back(trained, fakes, tmp_path):
    result, _ = trained
    file = tmp_path / "model.weights.h5"
    file.write_bytes(result.weights)
    training.start(99)
    model = toy_tasks.dense(**TINY).network.build()
    model.load_weights(file)
    predictions = predict(model, data.scale(fakes["x_test"]))
    np.testing.assert_array_equal(
        predictions, result.arrays["test_predictions"]
    )
    assert result.weights.startswith(b"\x89HDF\r\n")


def test_a_loss_that_is_no_number_ends_the_run(keras, fakes):
    config = toy_tasks.dense(**TINY, learning_rate=1e30)
    with pytest.raises(FloatingPointError, match="smaller learning rate"):
        train_as_notebook(config)


def test_early_stopping_gives_the_best_epoch(keras, monkeypatch):
    arrays = toy_tasks.fake_arrays(train=5_200, test=20)
    monkeypatch.setattr(data, "read_arrays", lambda: arrays)
    result = train_as_notebook(toy_tasks.dense(
        hidden_units=(8,), epochs=12, batch_size=50, learning_rate=0.3,
        early_stopping_patience=2,
    ))
    scored = result.table["scored_accuracy"]
    best = int(np.argmax(scored))
    assert len(scored) == best + 3 < 12
    assert result.metrics["validation_accuracy"] == pytest.approx(
        scored[best], abs=1e-6
    )


def test_each_epoch_is_reported(trained):
    _, heard = trained
    assert heard == [(1, 2), (2, 2)]


# One fit for all: what it must have in common with Keras's own.


def examples(count=300):
    arrays = toy_tasks.fake_arrays(train=count)
    return data.scale(arrays["x_train"]), data.one_hot(arrays["y_train"])


def scores(trainer):
    return {"scored_accuracy": evaluate(trainer, *examples())["accuracy"]}


def weights_after(train):
    """Give the weights of a small network after a training of it."""
    training.start(4)
    network = DenseNetwork((8,), dropout=0.2).build()
    train(network)
    return network.get_weights()


def same(one, other):
    return all(map(np.array_equal, one, other))


def test_epoch_by_epoch_it_has_the_bits_of_keras_in_one_go(keras):
    schedule = Schedule(epochs=3, batch_size=20, momentum=0.9, decay="cosine")

    def in_one_go(network):
        network.compile(
            optimizer=keras.optimizers.SGD(
                keras.optimizers.schedules.CosineDecay(0.1, 3 * 15),
                momentum=0.9,
            ),
            loss="categorical_crossentropy", metrics=["accuracy"],
        )
        network.fit(*examples(), batch_size=20, epochs=3, verbose=0,
                    validation_data=examples(50))

    assert same(weights_after(in_one_go), weights_after(
        lambda network: fit(network, [], examples(), schedule, 0, scores)
    ))


def test_keras_has_one_order_for_all_epochs(keras):
    """That of the whole training: each epoch takes the images in it."""
    class Witness(keras.layers.Layer):
        def call(self, inputs):
            import tensorflow as tf

            tf.py_function(
                lambda seen: orders.extend(seen.numpy().ravel()), [inputs], []
            )
            return inputs

    orders = []
    training.start(4)
    inputs = keras.Input((1,))
    model = keras.Model(inputs, keras.layers.Dense(1)(Witness()(inputs)))
    model.compile("sgd", "mse", jit_compile=False)
    numbers = np.arange(300, dtype=np.float32)[:, np.newaxis]
    model.fit(numbers, numbers, batch_size=20, epochs=3, verbose=0)
    epochs = np.reshape(orders[-900:], (3, 300))
    assert (epochs == epochs[0]).all()
    assert sorted(epochs[0]) == list(range(300))
    assert list(epochs[0]) != list(range(300))


def test_augmentation_is_no_part_of_the_network(keras):
    def moved(network):
        fit(network, Translation(3).layers(), examples(),
            Schedule(epochs=1, batch_size=20), 0, scores)

    def plain(network):
        fit(network, [], examples(), Schedule(epochs=1, batch_size=20), 0,
            scores)

    assert not same(weights_after(moved), weights_after(plain))
    names = {layer.name for layer in DenseNetwork((8,)).build().layers}
    assert names == {"image", "flatten", "hidden_1", "class"}


class Stopped(Exception):
    pass


@pytest.mark.parametrize("fields", [
    {"momentum": 0.9, "decay": "cosine"},
    {"optimizer": "adam", "learning_rate": 0.01},
    {"epochs": 30, "early_stopping_patience": 2, "learning_rate": 0.3},
], ids=str)
def test_a_run_that_stopped_ends_with_the_same_bits(
    keras, fields, monkeypatch, tmp_path
):
    arrays = toy_tasks.fake_arrays(train=5_200, test=20)
    monkeypatch.setattr(data, "read_arrays", lambda: arrays)
    config = toy_tasks.dense(**{
        "hidden_units": (8,), "epochs": 4, "batch_size": 50, "dropout": 0.2,
        "augmentation": Translation(2), "keep_weights": True,
    } | fields)
    whole = train_as_notebook(config)

    def stop(done, _):
        if done == 2:
            raise Stopped

    kept, epochs = tmp_path / "kept", []
    with pytest.raises(Stopped):
        train_as_notebook(config, Context(stop, kept))
    resumed = train_as_notebook(
        config, Context(lambda done, _: epochs.append(done), kept)
    )
    assert epochs[0] == 3
    assert as_bytes(resumed) == as_bytes(whole)
    # Killed after its last epoch, it has nothing left to train.
    again = train_as_notebook(
        config, Context(lambda done, _: epochs.append(0), kept)
    )
    assert 0 not in epochs
    assert as_bytes(again) == as_bytes(whole)

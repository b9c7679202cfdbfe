"""Configs, networks and training, on small made-up data."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import toy_tasks
from digits import data
from digits.tasks import training
from digits.tasks.training import DenseConfig
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
        result = training.train_dense_classifier(
            DenseConfig(**TINY, keep_weights=True),
            Context(lambda *steps: heard.append(steps)),
        )
    return result, heard


# Configs.

WRONG = {
    "hidden_units": [(0,), (64, -1), (1.5,), [64]],
    "seed": [-1, 2**32, 0.5],
    "epochs": [0, -3, 1.0],
    "batch_size": [0, -128],
    "optimizer": ["SGD", "rmsprop", ""],
    "learning_rate": [0, -0.1, math.inf, math.nan],
    "schedule": ["linear", ""],
    "momentum": [-0.1, 1, math.nan],
    "regularization_factor": [-1e-9, math.inf, math.nan],
    "initializer": ["zeros", ""],
    "dropout": [-0.1, 1, math.nan],
    "shift": [-1, 28, 0.5],
    "early_stopping_patience": [0, -1],
}
ALLOWED = {
    "hidden_units": "tuple of whole numbers from 1",
    "seed": r"whole number below 2\*\*32",
    "epochs": "whole number from 1",
    "batch_size": "whole number from 1",
    "optimizer": "sgd.*adam",
    "learning_rate": "above 0",
    "schedule": "constant.*cosine",
    "momentum": r"\[0, 1\)",
    "regularization_factor": "at least 0",
    "initializer": "glorot_uniform.*he_normal",
    "dropout": r"\[0, 1\)",
    "shift": "whole number of pixels below 28",
    "early_stopping_patience": "None, or a whole number from 1",
}


@pytest.mark.parametrize(
    ("field", "value"), [(f, v) for f, values in WRONG.items() for v in values]
)
def test_a_field_out_of_range_is_named_with_what_is_allowed(field, value):
    with pytest.raises(ValueError, match=ALLOWED[field]) as caught:
        DenseConfig(**{field: value})
    assert str(caught.value).startswith(f"{field} is {value!r}; allowed: ")


@given(st.builds(
    dict,
    hidden_units=st.lists(st.integers(1, 2000), max_size=4).map(tuple),
    seed=st.integers(0, 2**32 - 1),
    epochs=st.integers(1),
    batch_size=st.integers(1),
    optimizer=st.sampled_from(training.OPTIMIZERS),
    learning_rate=st.floats(0, exclude_min=True, allow_infinity=False),
    schedule=st.sampled_from(training.SCHEDULES),
    momentum=st.floats(0, 1, exclude_max=True),
    regularization_factor=st.floats(0, allow_infinity=False),
    initializer=st.sampled_from(training.INITIALIZERS),
    dropout=st.floats(0, 1, exclude_max=True),
    shift=st.integers(0, 27),
    early_stopping_patience=st.none() | st.integers(1),
))
def test_whatever_is_in_range_is_taken(fields):
    if fields["optimizer"] == "adam":
        fields["momentum"] = 0.0
    config = DenseConfig(**fields)
    assert dataclasses.replace(config) == config
    assert {name: getattr(config, name) for name in fields} == fields


def test_adam_has_a_momentum_of_its_own():
    with pytest.raises(ValueError, match=r"momentum is 0\.9; allowed: .*adam"):
        DenseConfig(optimizer="adam", momentum=0.9)


def test_a_config_is_frozen_and_knows_its_fields():
    with pytest.raises(dataclasses.FrozenInstanceError):
        DenseConfig().seed = 1
    with pytest.raises(TypeError, match="lam"):
        DenseConfig(lam=1)


# Networks.


@pytest.mark.parametrize(
    ("units", "parameters"),
    [((), 7_850), ((64, 64), 55_050), ((500, 300), 545_810)],
)
def test_parameters_are_as_counted_by_hand(keras, units, parameters):
    model = training.build(DenseConfig(hidden_units=units))
    assert model.count_params() == parameters


def test_options_add_no_parameters(keras):
    config = DenseConfig(dropout=0.2, standardize=True, shift=2,
                         regularization_factor=1e-4)
    assert training.build(config).count_params() == 55_050


@pytest.mark.parametrize(
    "options", [{}, {"standardize": True, "dropout": 0.5}]
)
def test_the_output_is_a_distribution_over_ten_classes(keras, options):
    model = training.build(DenseConfig(**options))
    images = data.scale(toy_tasks.fake_arrays()["x_test"])
    outputs = np.asarray(model(images))
    assert outputs.shape == (50, 10)
    assert (outputs >= 0).all()
    np.testing.assert_allclose(outputs.sum(axis=1), 1, atol=1e-5)


def test_decay_is_of_hidden_kernels_alone_without_one_half(keras):
    factor = 0.01
    model = training.build(DenseConfig(regularization_factor=factor))
    for layer in model.layers[2:]:
        kernel, bias = layer.get_weights()
        layer.set_weights([kernel + 0.1, bias + 7])
    expected = [
        factor * np.sum(np.square(model.get_layer(name).get_weights()[0]))
        for name in ("hidden_1", "hidden_2")
    ]
    assert float(sum(model.losses)) == pytest.approx(sum(expected), rel=1e-4)


def test_without_decay_nothing_is_added(keras):
    assert float(sum(training.build(DenseConfig()).losses)) == 0


def test_standardizing_gives_mean_0_and_deviation_1(keras):
    model = training.build(DenseConfig(standardize=True))
    images = np.array([0.1307, 0.1307 + 0.3081], np.float32)
    np.testing.assert_allclose(model.layers[1](images), [0, 1], atol=1e-6)


@pytest.mark.parametrize("name", training.INITIALIZERS)
def test_the_initializer_is_the_one_asked_for(keras, name):
    training.start(1)
    model = training.build(DenseConfig(initializer=name))
    spread = model.get_layer("hidden_1").get_weights()[0].std()
    variance = {"glorot_uniform": 2 / (784 + 64), "he_normal": 2 / 784}[name]
    assert spread == pytest.approx(math.sqrt(variance), rel=0.02)


# Optimisers.


def test_a_cosine_schedule_falls_from_its_rate_to_zero(keras):
    config = DenseConfig(schedule="cosine", learning_rate=0.5)
    optimizer = training._optimizer(config, 100)
    rates = []
    for step in (0, 50, 100):
        optimizer.iterations.assign(step)
        rates.append(float(optimizer.learning_rate))
    assert rates == pytest.approx([0.5, 0.25, 0], abs=1e-6)


@pytest.mark.parametrize(
    ("fields", "kind", "rate", "momentum"),
    [({"momentum": 0.9}, "SGD", 0.1, 0.9),
     ({"optimizer": "adam", "learning_rate": 0.001}, "Adam", 0.001, None)],
)
def test_the_optimizer_is_the_one_asked_for(
    keras, fields, kind, rate, momentum
):
    optimizer = training._optimizer(DenseConfig(**fields), 10)
    assert type(optimizer).__name__ == kind
    assert float(optimizer.learning_rate) == pytest.approx(rate)
    assert getattr(optimizer, "momentum", None) == momentum


# Training.


def test_a_run_gives_what_its_docstring_says(trained, fakes):
    result, _ = trained
    assert result.metrics["validation_accuracy"] is None
    assert 0 <= result.metrics["train_accuracy"] <= 1
    assert list(result.table) == [
        "epoch", "loss", "accuracy", "scored_loss", "scored_accuracy",
    ]
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
    result = training.train_dense_classifier(DenseConfig(
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
    result = training.train_dense_classifier(
        DenseConfig(**TINY | {"whole_training_set": False, "epochs": 1})
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
        as_bytes(training.train_dense_classifier(DenseConfig(
            **TINY, seed=seed, dropout=0.2, shift=2, keep_weights=True
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
    model = training.build(DenseConfig(**TINY))
    model.load_weights(file)
    predictions = training.predict(model, data.scale(fakes["x_test"]))
    np.testing.assert_array_equal(
        predictions, result.arrays["test_predictions"]
    )
    assert result.weights.startswith(b"\x89HDF\r\n")


def test_a_loss_that_is_no_number_ends_the_run(keras, fakes):
    config = DenseConfig(**TINY, learning_rate=1e30)
    with pytest.raises(FloatingPointError, match="smaller learning rate"):
        training.train_dense_classifier(config)


def test_early_stopping_gives_the_best_epoch(keras, monkeypatch):
    arrays = toy_tasks.fake_arrays(train=5_200, test=20)
    monkeypatch.setattr(data, "read_arrays", lambda: arrays)
    result = training.train_dense_classifier(DenseConfig(
        hidden_units=(8,), epochs=12, batch_size=50, learning_rate=0.3,
        early_stopping_patience=2,
    ))
    scored = result.table["scored_accuracy"]
    best = int(np.argmax(scored))
    assert len(scored) == best + 3 < 12
    assert result.metrics["validation_accuracy"] == pytest.approx(
        scored[best], abs=1e-6
    )


def test_early_stopping_never_looks_at_the_test_images():
    with pytest.raises(ValueError, match="where images are held out"):
        DenseConfig(whole_training_set=True, early_stopping_patience=2)


def test_each_epoch_is_reported(trained):
    _, heard = trained
    assert heard == [(1, 2), (2, 2)]


@pytest.mark.parametrize(
    "options",
    [
        {"dropout": 0.5},
        {"shift": 3},
    ],
    ids=str,
)
def test_nothing_is_random_when_a_model_is_scored(keras, options):
    model = training.build(DenseConfig(**options))
    images = data.scale(toy_tasks.fake_arrays()["x_train"])
    expected = np.argmax(model(images, training=False), axis=1)
    np.testing.assert_array_equal(training.predict(model, images), expected)


def test_predictions_are_the_likeliest_classes_whatever_the_batches(
    keras, monkeypatch
):
    model = training.build(DenseConfig(hidden_units=(8,)))
    images = data.scale(toy_tasks.fake_arrays()["x_train"])
    expected = np.argmax(model(images), axis=1)
    for size in (1_000, 77, 300):
        monkeypatch.setattr(training, "EVALUATION_BATCH", size)
        found = training.predict(model, images)
        assert found.dtype == np.uint8
        np.testing.assert_array_equal(found, expected)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_short_float_is_the_same_single(value):
    short = training.short_float(value)
    assert np.float32(short) == np.float32(value)
    assert len(repr(short)) <= len(repr(float(value)))


def test_a_short_float_is_short():
    assert training.short_float(np.float32(0.1)) == 0.1

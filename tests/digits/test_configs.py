"""Small configs that compose: what each refuses, and what it takes."""

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import toy_tasks
from digits.augmentation.configs import Affine, Translation, Warp
from digits.networks.autoencoders import DenseAutoencoder
from digits.networks.convolutional import ConvolutionalNetwork
from digits.networks.dense import INITIALIZERS, DenseNetwork
from digits.tasks.configs import Training
from digits.tasks.denoiser import DenoiserTraining
from digits.tasks.schedule import (
    DECAYS,
    NOTEBOOK,
    OPTIMIZERS,
    WARMED_UP,
    Schedule,
    make_optimizer,
)
from digits.tasks.split import Split

LEAST_TO_REST = [-0.1, 1, math.nan]
AFFINE = {
    "rotation": [-1, 181, math.nan],
    "shear": LEAST_TO_REST,
    "zoom": LEAST_TO_REST,
    "shift": [-1, 29, math.nan],
    "noise": [-0.1, 1.1, math.nan],
}
# A config, and values that each of its fields refuses.
WRONG = [
    (DenseNetwork(), {
        "hidden_units": [(0,), (64, -1), (1.5,), [64]],
        "regularization_factor": [-1e-9, math.inf, math.nan],
        "initializer": ["zeros", ""],
        "dropout": LEAST_TO_REST,
    }),
    (ConvolutionalNetwork(last_convolution=4), {
        "stem": [0, 1.5],
        "stages": [(), ((0,),), ((),), ((8, -1),), ((4,),) * 4],
        "normalize": [False],
        "dropout": LEAST_TO_REST,
        "last_convolution": [-1, 0.5],
    }),
    (Translation(), {"shift": [-1, 0, 28, 0.5]}),
    (Affine(), AFFINE),
    (Warp(), AFFINE | {
        "bend": [-0.1, math.nan, math.inf],
        "contrast": [0.9, math.nan, math.inf],
    }),
    (Schedule(), {
        "epochs": [0, -3, 1.0],
        "batch_size": [0, -128],
        "optimizer": ["SGD", "rmsprop", ""],
        "learning_rate": [0, -0.1, math.inf, math.nan],
        "decay": ["linear", ""],
        "momentum": [-0.1, 1, math.nan],
        "nesterov": [True],
        "weight_decay": [-1, math.inf, math.nan],
        "label_smoothing": LEAST_TO_REST,
        "order": ["random", ""],
        "epoch_images": [0, 1.5, 100],
        "averaged_epochs": [0, 11],
        "early_stopping_patience": [0, -1],
    }),
    (Split(), {
        "held_out": [9, 60_000, 0.5],
        "training_images": [0, 1.5],
    }),
    (Training(DenseNetwork()), {
        "network": [None, 3],
        "augmentation": [3],
        "schedule": [None],
        "split": [None],
        "seed": [-1, 2**32, 0.5],
    }),
    (DenoiserTraining(DenseAutoencoder()), {
        "network": [None, "dense"],
        "schedule": [None],
        "seed": [-1, 2**32, 0.5],
        "noise_levels": [(-0.1, 0.4), (0.5, 0.4), (0, 1.1), (0.4, math.nan)],
    }),
]
# Whatever these are, they are true or false.
FREE = {"standardize", "whole_training_set", "keep_weights"}


def of(kind):
    return type(kind).__name__


@pytest.mark.parametrize(
    ("config", "field", "value"),
    [(config, field, value) for config, fields in WRONG
     for field, values in fields.items() for value in values],
    ids=str,
)
def test_a_value_out_of_range_is_named_with_what_is_allowed(
    config, field, value
):
    with pytest.raises(ValueError, match="; allowed: ") as caught:
        dataclasses.replace(config, **{field: value})
    assert str(caught.value).startswith(f"{field} is {value!r}; allowed: ")


@pytest.mark.parametrize(("config", "wrong"), WRONG, ids=of)
def test_every_field_that_can_be_wrong_is_tried(config, wrong):
    fields = {field.name for field in dataclasses.fields(config)}
    assert set(wrong) == fields - FREE


@pytest.mark.parametrize(("config", "wrong"), WRONG, ids=of)
def test_a_config_is_frozen_and_knows_its_fields(config, wrong):
    for name in wrong:
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(config, name, 1)
    with pytest.raises(TypeError, match="lam"):
        dataclasses.replace(config, lam=1)


@given(st.builds(
    dict,
    hidden_units=st.lists(st.integers(1, 2000), max_size=4).map(tuple),
    seed=st.integers(0, 2**32 - 1),
    epochs=st.integers(1),
    batch_size=st.integers(1),
    optimizer=st.sampled_from(OPTIMIZERS),
    learning_rate=st.floats(0, exclude_min=True, allow_infinity=False),
    decay=st.sampled_from(DECAYS),
    momentum=st.floats(0, 1, exclude_max=True),
    regularization_factor=st.floats(0, allow_infinity=False),
    initializer=st.sampled_from(INITIALIZERS),
    dropout=st.floats(0, 1, exclude_max=True),
    early_stopping_patience=st.none() | st.integers(1),
))
def test_whatever_is_in_range_is_taken(fields):
    if fields["optimizer"] != "sgd":
        fields["momentum"] = 0.0
    config = toy_tasks.dense(**fields)
    assert config == Training(
        DenseNetwork(**{name: fields[name] for name in (
            "hidden_units", "regularization_factor", "initializer", "dropout"
        )}),
        schedule=Schedule(**{name: fields[name] for name in (
            "epochs", "batch_size", "optimizer", "learning_rate", "decay",
            "momentum", "early_stopping_patience",
        )}),
        seed=fields["seed"],
    )


@pytest.mark.parametrize("optimizer", ["adam", "adamw"])
def test_adam_has_a_momentum_of_its_own(optimizer):
    with pytest.raises(ValueError, match=r"momentum is 0\.9; allowed: .*adam"):
        Schedule(optimizer=optimizer, momentum=0.9)


def test_adam_has_no_weight_decay():
    with pytest.raises(ValueError, match=r"weight_decay is 0\.1; .*adamw"):
        Schedule(optimizer="adam", weight_decay=0.1)


def test_what_is_averaged_does_not_stop_early():
    with pytest.raises(ValueError, match="where no epochs are averaged"):
        Schedule(averaged_epochs=2, early_stopping_patience=1)


def test_early_stopping_never_looks_at_the_test_images():
    with pytest.raises(ValueError, match="where images are held out"):
        toy_tasks.dense(whole_training_set=True, early_stopping_patience=2)


# Optimisers.


def rates(schedule, steps, at):
    """Give the learning rates at some steps, where an epoch has `steps`."""
    optimizer = make_optimizer(schedule, steps)
    found = []
    for step in at:
        optimizer.iterations.assign(step)
        found.append(float(optimizer.learning_rate))
    return found


def test_a_cosine_falls_from_its_rate_to_zero(keras):
    schedule = Schedule(decay="cosine", learning_rate=0.5)
    assert rates(schedule, 10, (0, 50, 100)) == pytest.approx(
        [0.5, 0.25, 0], abs=1e-6
    )


def test_a_warm_up_rises_for_an_epoch_and_falls_as_a_cosine(keras):
    schedule = dataclasses.replace(WARMED_UP, epochs=5, learning_rate=0.4)
    assert rates(schedule, 10, (0, 5, 10, 30, 50)) == pytest.approx(
        [0, 0.2, 0.4, 0.2, 0], abs=1e-6
    )


@pytest.mark.parametrize(
    ("schedule", "kind", "expected"),
    [(NOTEBOOK, "SGD",
      {"learning_rate": 0.1, "momentum": 0, "nesterov": False}),
     (Schedule(momentum=0.9), "SGD", {"momentum": 0.9, "nesterov": False}),
     (dataclasses.replace(WARMED_UP, weight_decay=0.1), "SGD",
      {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
     (Schedule(optimizer="adam", learning_rate=0.001), "Adam",
      {"learning_rate": 0.001, "weight_decay": None}),
     (Schedule(optimizer="adamw", weight_decay=0.1), "AdamW",
      {"weight_decay": 0.1})],
)
def test_the_optimizer_is_the_one_asked_for(keras, schedule, kind, expected):
    optimizer = make_optimizer(schedule, 10)
    assert type(optimizer).__name__ == kind
    for name, value in expected.items():
        found = getattr(optimizer, name)
        assert found is None if value is None else (
            float(found) == pytest.approx(float(value))
        )

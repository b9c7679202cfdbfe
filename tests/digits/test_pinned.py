"""What a user's machine says of how to compute changes no result unseen."""

import json

import pytest

import toy_tasks
from digits import machine
from digits.kept import LARDER, compute
from larder import Environment, Run
from larder.computing.workers import LocalExecutor
from larder.confirming import rehearsing
from toy_tasks import status, toys

CONFIG = toy_tasks.dense(
    hidden_units=(64,), seed=1, whole_training_set=True, epochs=2,
    batch_size=32, dropout=0.1, keep_weights=True,
)
TRAINING = Run("toys", "trained", toy_tasks.train_on_fakes, CONFIG)

# Each alone would change bits, or end in an error from inside.
CONFIGURED = [
    {"floatx": "float16"}, {"epsilon": 0.01}, {"backend": "jax"},
    {"image_data_format": "channels_first"},
]
VARIABLES = {
    "TF_DETERMINISTIC_OPS": "1",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_USE_LEGACY_KERAS": "1",
    "TF_XLA_FLAGS": "--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit",
    "XLA_FLAGS": "--xla_cpu_enable_fast_math=true",
    "TF_NUM_INTRAOP_THREADS": "2",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "NPY_DISABLE_CPU_FEATURES": "AVX512_SKX",
    "KERAS_BACKEND": "jax",
    "KERAS_FLOATX": "float16",
    "KERAS_MAX_EPOCHS": "1",
}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Give the outcome where nothing is set."""
    folder = tmp_path_factory.mktemp("undisturbed")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(LARDER.variable, raising=False)
        (stored,) = compute([TRAINING], jobs=1, folder=folder)
    return stored.outcome


@pytest.fixture
def disturb(monkeypatch, tmp_path):
    """Give what configures the user's Keras, and sets variables."""
    def set_all(configured, variables):
        if configured:
            file = tmp_path / "home/.keras/keras.json"
            file.parent.mkdir(parents=True)
            file.write_text(json.dumps(configured))
            monkeypatch.setenv("HOME", str(tmp_path / "home"))
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
    return set_all


def check(stored, undisturbed):
    assert stored.outcome == undisturbed
    assert "settings" not in stored.stamp


def test_all_at_once_change_nothing(results, disturb, undisturbed):
    everything = {k: v for item in CONFIGURED for k, v in item.items()}
    disturb(everything, VARIABLES)
    (stored,) = compute([TRAINING], jobs=1, folder=results)
    check(stored, undisturbed)


@pytest.mark.long
@pytest.mark.parametrize(("configured", "variables"), [
    *((item, {}) for item in CONFIGURED),
    *(({}, {name: value}) for name, value in VARIABLES.items()),
], ids=str)
def test_each_alone_changes_nothing(
    configured, variables, results, disturb, undisturbed
):
    disturb(configured, variables)
    (stored,) = compute([TRAINING], jobs=1, folder=results)
    check(stored, undisturbed)


@pytest.mark.parametrize(("configured", "variables", "told"), [
    ({"floatx": "float16"}, {}, "keras.config.floatx was float16"),
    pytest.param({}, {"KERAS_MAX_EPOCHS": "1"}, "KERAS_MAX_EPOCHS was set",
                 marks=pytest.mark.long),
])
def test_where_nothing_is_pinned_it_does_and_is_told(
    configured, variables, told, results, disturb, undisturbed
):
    """Through an executor that is not this project's."""
    disturb(configured, variables)
    executor = LocalExecutor(1, Environment())
    try:
        (stored,) = compute([TRAINING], executor=executor, folder=results)
    finally:
        executor.shutdown()
    assert stored.outcome != undisturbed
    assert any(told in note for note in status(TRAINING, results).notes)


def test_what_is_told_gives_no_secret_away(results, here, disturb):
    disturb({}, {"TF_VAR_password": "correct-horse"})
    (run,) = toys()
    (stored,) = compute([run], executor=here, folder=results)
    assert "TF_VAR_password was set" in " ".join(status(run, results).notes)
    assert "correct-horse" not in repr(stored)


def test_a_rehearsal_is_computed_as_a_run_is(disturb):
    disturb({}, VARIABLES)
    found = rehearsing._environment(LARDER, LARDER.code)
    assert machine.ENVIRONMENT.items() <= found.items()
    begin_so = {name for name in found if name.startswith(machine.CLEARED)}
    assert begin_so <= machine.ENVIRONMENT.keys()

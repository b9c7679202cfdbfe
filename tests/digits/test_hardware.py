"""Where there is a GPU: one run at a time, and a stamp that says so."""

import sys
from types import SimpleNamespace

import pytest

from digits import machine
from digits.kept import LARDER
from larder.computing.attempts import bits_of
from larder.computing.driver import at_once
from larder.machine import hardware


@pytest.fixture
def card(monkeypatch, tmp_path):
    """Let a driver tell of a GPU, and TensorFlow be built to use it."""
    (tmp_path / "0000:17:00.0").mkdir()
    monkeypatch.setattr(machine, "GPUS", tmp_path)
    monkeypatch.setattr(machine, "_has_distribution", lambda name: False)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def import_tensorflow_with(monkeypatch, *names):
    devices = [SimpleNamespace(name=name) for name in names]
    details = lambda device: {"device_name": device.name}  # noqa: E731
    monkeypatch.setitem(sys.modules, "tensorflow", SimpleNamespace(
        config=SimpleNamespace(
            list_physical_devices=lambda kind: devices,
            experimental=SimpleNamespace(get_device_details=details),
        )
    ))


def test_runs_go_to_a_gpu_one_at_a_time(card):
    assert machine.gpus() == ["0000:17:00.0"]
    assert at_once(LARDER) == 1


@pytest.mark.parametrize("hidden", ["", "-1"])
def test_a_hidden_gpu_is_none(card, monkeypatch, hidden):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
    assert machine.gpus() == []


def test_a_gpu_is_none_to_a_tensorflow_built_without(card, monkeypatch):
    monkeypatch.setattr(
        machine, "_has_distribution", lambda name: name == "tensorflow-cpu"
    )
    assert machine.gpus() == []


def test_a_stamp_names_the_gpus_that_were_found(monkeypatch):
    import_tensorflow_with(monkeypatch, "NVIDIA A100")
    assert machine.gpus_found()["gpus"] == ["NVIDIA A100"]


def test_a_stamp_without_a_gpu_does_not_speak_of_it(monkeypatch):
    import_tensorflow_with(monkeypatch)
    assert machine.gpus_found() == {}
    monkeypatch.delitem(sys.modules, "tensorflow")
    assert machine.gpus_found() == {}
    assert sorted(hardware()) == ["cores", "processor"]


def test_a_checkpoint_belongs_to_the_gpus(card, monkeypatch, tmp_path):
    from toy_tasks import toys

    (run,) = toys()
    with_card = bits_of(LARDER.at(tmp_path), run)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert bits_of(LARDER.at(tmp_path), run) != with_card

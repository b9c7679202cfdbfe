"""What TensorFlow finds on a machine, and how workers are to find it."""

import contextlib
import importlib.metadata
import os
import sys
from pathlib import Path

GPUS = Path("/proc/driver/nvidia/gpus")

# What a user's environment says of how to compute is not for a worker: all
# variables of TensorFlow, Keras and what they compute with, which begin so,
# are cleared, but for those below. Some change bits (TF_DETERMINISTIC_OPS),
# some choose another library (KERAS_BACKEND).
CLEARED = (
    "TF_", "XLA_", "KERAS_", "ONEDNN_", "DNNL_", "OMP_", "MKL_", "OPENBLAS_",
    "NPY_", "AUTOGRAPH_",
)

# One thread a worker; TensorFlow reads these when it is imported. It would use
# oneDNN by itself on some processors only: measured on another one, without
# AVX-512, convolutions took 1.2 to 3 times as long without it.
ENVIRONMENT = {
    "TF_ENABLE_ONEDNN_OPTS": "1",
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    # Of a GPU's memory what is needed, so that runs can share it if told to.
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "KERAS_BACKEND": "tensorflow",
    # No folder, so no keras.json is read or written, on any machine.
    "KERAS_HOME": os.devnull,
}

# What Keras then computes with, unless something else has set it.
KERAS = {
    "backend": "tensorflow", "floatx": "float32", "epsilon": 1e-7,
    "image_data_format": "channels_last",
}


def gpus() -> list[str]:
    """Name NVIDIA's GPUs that TensorFlow may find here, without asking it.

    They are none where it was built without them, or they are hidden.
    """
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    if hidden or _has_distribution("tensorflow-cpu"):
        return []
    return sorted(folder.name for folder in GPUS.glob("*"))


def gpus_found() -> dict[str, list[str]]:
    """Give `gpus`, their names, where TensorFlow was imported and has any."""
    if not (tensorflow := sys.modules.get("tensorflow")):
        return {}
    config = tensorflow.config
    details = config.experimental.get_device_details
    names = [
        details(device).get("device_name", device.name)
        for device in config.list_physical_devices("GPU")
    ]
    return {"gpus": names} if names else {}


def odd_settings() -> dict[str, str | float]:
    """Give the settings of Keras that are not those of `KERAS`, if imported."""
    if not (keras := sys.modules.get("keras")):
        return {}
    return {
        f"keras.config.{name}": value for name, expected in KERAS.items()
        if (value := getattr(keras.config, name)()) != expected
    }


def _has_distribution(name: str) -> bool:
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        return bool(importlib.metadata.version(name))
    return False

"""Configs as stamps have them that are older than configs of configs.

Needed until all results are confirmed; see `larder.confirming.formerly`.
"""

from typing import Any


def classifier(config: Any) -> dict[str, Any]:
    """Give the fields that the config of a classifier's training had."""
    if config.schedule.order == "keras":
        return _dense(config)
    schedule, network, varied = (
        vars(part) if part else {}
        for part in (config.schedule, config.network, config.augmentation)
    )
    fields = {
        "stem": 32, "stages": (), "hidden_units": (), "normalize": True,
        "rotation": 0.0, "shear": 0.0, "zoom": 0.0, "shift": 0.0,
        "noise": 0.0,
    } | varied | network | {
        name: schedule[name]
        for name in ("epoch_images", "epochs", "averaged_epochs",
                     "batch_size", "optimizer", "learning_rate",
                     "weight_decay", "label_smoothing")
    } | _others(config) | {"training_images": config.split.training_images}
    for name in ("regularization_factor", "initializer", "standardize"):
        fields.pop(name, None)
    if "bend" in fields:
        return fields | {"held_out": config.split.held_out}
    fields.pop("last_convolution", None)
    return fields


def _dense(config: Any) -> dict[str, Any]:
    schedule = config.schedule
    return vars(config.network) | _others(config) | {
        "epochs": schedule.epochs,
        "batch_size": schedule.batch_size,
        "optimizer": schedule.optimizer,
        "learning_rate": schedule.learning_rate,
        "schedule": schedule.decay,
        "momentum": schedule.momentum,
        "shift": config.augmentation.shift if config.augmentation else 0,
        "early_stopping_patience": schedule.early_stopping_patience,
    }


def _others(config: Any) -> dict[str, Any]:
    return {
        "seed": config.seed,
        "whole_training_set": config.split.whole_training_set,
        "keep_weights": config.keep_weights,
    }


def denoiser(config: Any) -> dict[str, Any]:
    """Give the fields that the config of a denoiser's training had."""
    dense = type(config.network).__name__ == "DenseAutoencoder"
    return {
        "kind": "dense" if dense else "convolutional",
        "seed": config.seed,
        "noise_levels": config.noise_levels,
        "epochs": config.schedule.epochs,
        "batch_size": config.schedule.batch_size,
    }

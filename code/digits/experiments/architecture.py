"""Question 2A: what the dense networks are made of.

The claim: the notebook's 784-64-64-10 has 55,050 parameters, and 2D's
784-500-300-10 has 545,810, as counted by hand, layer by layer, and as counted
by Keras. The numbers are stored, so that the report can draw a network without
loading TensorFlow.
"""

from dataclasses import dataclass

import pandas as pd

from digits.compute import compute
from digits.runs import Run
from digits.training import DenseConfig, describe_dense_classifier

NAME = "architecture"
NOTEBOOK, LARGE = (64, 64), (500, 300)


@dataclass(frozen=True)
class ArchitectureResult:
    """The layers, a row each, and Keras's count of all parameters.

    Columns: `layer`, `kind`, `shape`, `activation`, `parameters` as Keras
    says; `units`; and `derived`, our own count for dense layers.
    """

    layers: pd.DataFrame
    parameters: int


def runs() -> list[Run]:
    """List a run for each network."""
    return [_run(NOTEBOOK), _run(LARGE)]


def _run(hidden_units: tuple[int, ...]) -> Run:
    name = "-".join(map(str, (784, *hidden_units, 10)))
    config = DenseConfig(hidden_units=hidden_units)
    return Run(NAME, name, describe_dense_classifier, config)


def result(hidden_units: tuple[int, ...] = NOTEBOOK) -> ArchitectureResult:
    """Give a network's layers; `ValueError` if the counts disagree."""
    (stored,) = compute([_run(hidden_units)])
    layers = pd.DataFrame(stored.result.table)
    layers["units"] = [shape[-1] for shape in layers["shape"]]
    layers["inputs"] = layers["units"].shift(fill_value=0)
    dense = layers["kind"] == "Dense"
    layers["derived"] = ((layers["inputs"] + 1) * layers["units"]).where(
        dense, 0
    )
    parameters = stored.result.metrics["parameters"]
    if (layers["derived"] != layers["parameters"]).any() or (
        layers["derived"].sum() != parameters
    ):
        raise ValueError(f"parameter counts disagree:\n{layers}")
    return ArchitectureResult(layers, parameters)

"""Question 2A: what the notebook's network is made of.

The claim: 784-64-64-10 has 55,050 parameters, as counted by hand, layer by
layer, and as counted by Keras. The numbers are stored, so that the report can
draw the network without loading TensorFlow.
"""

from dataclasses import dataclass

import pandas as pd

from digits.compute import compute
from digits.runs import Run
from digits.training import DenseConfig, describe_dense_classifier

NAME = "architecture"


@dataclass(frozen=True)
class ArchitectureResult:
    """The layers, a row each, and Keras's count of all parameters.

    Columns: `layer`, `kind`, `shape`, `activation`, `parameters` as Keras
    says; `units`; and `derived`, our own count for dense layers.
    """

    layers: pd.DataFrame
    parameters: int


def runs() -> list[Run]:
    """List the one run: the notebook's network."""
    return [Run(NAME, "784-64-64-10", describe_dense_classifier, DenseConfig())]


def result() -> ArchitectureResult:
    """Give the network's layers; `ValueError` if the counts disagree."""
    (stored,) = compute(runs())
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

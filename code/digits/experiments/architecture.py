"""Questions 2A, 2D, 3A and 4A: what the networks are made of.

The claim: the notebook's 784-64-64-10 has 55,050 parameters, 2D's
784-500-300-10 has 545,810 and the notebook's auto-encoder 226,416, as counted
by hand, layer by layer, and as counted by Keras; and so the convolutional
network. The numbers are stored, so that the report can draw a network without
loading TensorFlow.
"""

import math
from dataclasses import dataclass

import pandas as pd

from digits.experiments import convolution
from digits.experiments.findings.asked import Findings
from digits.kept import compute
from digits.networks.autoencoders import DenseAutoencoder
from digits.networks.dense import DenseNetwork
from digits.tasks.configs import Training
from digits.tasks.denoiser import DenoiserTraining
from digits.tasks.evaluation.inside import describe_network
from larder import Run

NAME = "architecture"
NETWORKS = {
    "784-64-64-10": Training(DenseNetwork()),
    "784-500-300-10": Training(DenseNetwork((500, 300))),
    "convolutional": convolution.final_runs()[0].config,
    "autoencoder": DenoiserTraining(DenseAutoencoder()),
}


@dataclass(frozen=True)
class ArchitectureResult(Findings):
    """The layers of a network, a row each, and its name.

    Columns: `run`, `layer`, `kind`, `shape`, `kernel`, `activation`,
    `parameters` as Keras says; `units`, the neurons or channels, and `inputs`,
    those of the layer before; `derived`, our own count; and `multiplications`,
    which one image costs.
    """

    layers: pd.DataFrame
    _which: str

    @property
    def parameters(self) -> int:
        """All parameters of the network."""
        return int(self.layers["parameters"].sum())

    @property
    def first_share(self) -> float:
        """The share of all parameters that the first layer with any has."""
        counts = self.layers["derived"]
        return float(counts[counts > 0].iloc[0] / self.parameters)

    @property
    def inner_convolution(self) -> pd.Series:
        """The row of the last convolution but one.

        It gives as many values as it gets.
        """
        return self.layers.query("kind == 'Conv2D'").iloc[-2]

    @property
    def inner_as_dense(self) -> int:
        """The weights that a dense layer in its place would have."""
        return math.prod(self.inner_convolution["shape"]) ** 2


def runs() -> list[Run]:
    """List a run for each network."""
    return [_run(name) for name in NETWORKS]


def _run(name: str) -> Run:
    return Run(NAME, name, describe_network, NETWORKS[name])


def result(name: str = "784-64-64-10") -> ArchitectureResult:
    """Give a network's layers; `ValueError` if the counts disagree."""
    (stored,) = compute([_run(name)])
    layers = pd.DataFrame(stored.result.table).assign(run=name)
    layers["units"] = [shape[-1] for shape in layers["shape"]]
    layers["inputs"] = layers["units"].shift(fill_value=0)
    layers["derived"] = [_parameters(row) for row in layers.itertuples()]
    layers["multiplications"] = [
        math.prod(row.kernel) * math.prod(row.shape[:-1]) if row.kernel else 0
        for row in layers.itertuples()
    ]
    parameters = stored.result.metrics["parameters"]
    if (layers["derived"] != layers["parameters"]).any() or (
        layers["derived"].sum() != parameters
    ):
        raise ValueError(f"parameter counts disagree:\n{layers}")
    return ArchitectureResult(layers, name)


def _parameters(layer) -> int:
    """Count the parameters of a layer by its kind."""
    if layer.kind == "Dense":
        return (layer.inputs + 1) * layer.units
    if layer.kind == "Conv2D":  # its bias is that of the normalization
        return math.prod(layer.kernel)
    if layer.kind == "BatchNormalization":
        return 4 * layer.units
    return 0

"""The networks that the HTML report runs in its reader's browser.

The question: how few bytes do they need? The dense network of 2D, the
convolutional one of 3A, the notebook's auto-encoder and the mixtures of 4D, all
of the first seed, in 8 bits a weight; `benchmarks/page.py` measures in a
browser what that changes.
"""

from digits.experiments import convolution, denoising, influences
from digits.kept import compute
from digits.tasks.evaluation.packing import PageConfig, pack_networks
from larder import Run, Stored

NAME = "page"
# Test images: the first of each class, in the order of the classes.
IMAGES = (3, 2, 1, 18, 4, 8, 11, 0, 61, 7)


def runs() -> list[Run]:
    """List the one run."""
    needed = {
        "dense": influences.final_runs()[0],
        "convolutional": convolution.final_runs()[0],
        "autoencoder": denoising.notebook_runs()[0],
    }
    configs = {name: run.config for name, run in needed.items()}
    config = PageConfig(**configs, images=IMAGES)
    return [Run(NAME, "networks", pack_networks, config, needed)]


def result() -> Stored:
    """Give the packed networks and where they come from."""
    (stored,) = compute(runs())
    return stored

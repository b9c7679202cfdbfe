"""What trainings and evaluations know of a network."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import keras


class Network(Protocol):
    """A frozen dataclass that says what a network is made of.

    It maps images of shape (n, 28, 28, 1) with values in [0, 1] to
    probabilities of shape (n, 10), or an auto-encoder to such images.
    """

    def build(self) -> "keras.Model":
        """Build the Keras model, with weights drawn from Keras's seed."""

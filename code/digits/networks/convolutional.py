"""Convolutional classifiers."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from digits.checks import refuse_unless, whole

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class ConvolutionalNetwork:
    """A convolutional classifier.

    A convolution of 5x5 pixels with stride 2 and `stem` channels, then
    `stages` of 3x3 convolutions with as many channels as said, max pooling
    between the stages, then each channel's mean over the image and a softmax
    layer. `normalize` puts batch normalization between each convolution and
    its ReLU; `dropout` is the share of the softmax layer's inputs dropped in
    training.

    With `last_convolution`, a number of channels, that many see the whole
    image in place of the mean, which tells which patterns there are, and not
    where: after max pooling (7x7 places become 3x3, the last row and column
    are left out), a convolution has a kernel as large as what is left of the
    image, as layer C5 of LeNet-5 has (LeCun et al., 1998). Out of range, a
    field raises `ValueError`.
    """

    stem: int = 32
    stages: tuple[tuple[int, ...], ...] = ((64,), (128, 128))
    normalize: bool = True
    dropout: float = 0.0
    last_convolution: int = 0

    def __post_init__(self):
        """Refuse values out of range."""
        refuse_unless(self, (
            ("stem", "a whole number from 1", whole(self.stem, 1)),
            ("stages", "one to three tuples of whole numbers from 1",
             1 <= len(self.stages) <= 3
             and all(stage and all(whole(size, 1) for size in stage)
                     for stage in self.stages)),
            ("dropout", "in [0, 1)", 0 <= self.dropout < 1),
            ("last_convolution", "a number of channels, or 0 for none",
             whole(self.last_convolution, 0)),
            ("normalize", "True with a last convolution, which is normalized",
             self.normalize or not self.last_convolution),
        ))

    def build(self) -> "keras.Model":
        """Build the Keras model, from (n, 28, 28, 1) to (n, 10)."""
        import keras
        from keras import layers

        inputs = keras.Input(shape=(28, 28, 1), name="image")
        maps = self.convolve(inputs, self.stem, 5, strides=2, padding="same")
        for number, stage in enumerate(self.stages):
            if number > 0:
                maps = layers.MaxPooling2D()(maps)
            for channels in stage:
                maps = self.convolve(maps, channels, 3, padding="same")
        outputs = self.classify(layers.GlobalAveragePooling2D()(maps))
        if self.last_convolution:
            # In place of the mean. That was built all the same, and drew its
            # seeds: without them, other weights would be drawn from here on.
            outputs = self.classify(self.see_the_whole(maps))
        return keras.Model(inputs, outputs, name="convolutional_network")

    def convolve(self, inputs, channels: int, size, **options):
        """Apply a convolution, batch normalization and ReLU to a tensor."""
        from keras import layers

        outputs = layers.Conv2D(
            channels, size, use_bias=not self.normalize,
            kernel_initializer="he_normal", **options,
        )(inputs)
        if self.normalize:
            outputs = layers.BatchNormalization(momentum=0.9)(outputs)
        return layers.ReLU()(outputs)

    def see_the_whole(self, maps):
        """Apply the last convolution to maps (n, height, width, channels)."""
        from keras import layers

        maps = layers.MaxPooling2D()(maps)
        outputs = self.convolve(maps, self.last_convolution, maps.shape[1:3])
        return layers.Flatten(name="flatten")(outputs)

    def classify(self, features):
        """Make probabilities (n, 10) of features (n, channels)."""
        from keras import layers

        if self.dropout:
            features = layers.Dropout(self.dropout)(features)
        return layers.Dense(10, activation="softmax", name="class")(features)

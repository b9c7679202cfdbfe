"""Training a classifier as the course notebook does: Questions 2C and 2D."""

from digits import data
from digits.tasks.configs import Training
from digits.tasks.scoring import accuracy, predict
from digits.tasks.split import load
from digits.tasks.trained import weights_of
from digits.tasks.training import evaluate, fit, start
from larder import NOWHERE, Context, Result


def train_as_notebook(config: Training, context: Context = NOWHERE) -> Result:
    """Train a classifier, score it after each epoch, and at the end.

    On the images held out, or with the whole training set on the test images,
    as the notebook does. The test images are scored after training and beside
    it: no choice in this project looks at them before it stands.

    Metrics: `train_accuracy`, `validation_accuracy` (None with the whole
    training set), `test_accuracy`, each of the final weights. Table, a row an
    epoch: `accuracy` and `loss` as Keras keeps them while it trains, and
    `scored_accuracy` and `scored_loss` on what is scored after each epoch.
    Array: `test_predictions`, uint8 of shape (10000,).
    """
    start(config.seed)
    mnist = load(config.split, config.seed)
    scored = mnist.validation or mnist.test
    # The augmentation first: it draws its seed before the network does.
    augment, network = config.layers, config.network.build()

    def score(trainer):
        found = evaluate(trainer, scored.images, data.one_hot(scored.labels))
        return {f"scored_{name}": value for name, value in found.items()}

    examples = mnist.train.images, data.one_hot(mnist.train.labels)
    table = fit(network, augment, examples, config.schedule, config.seed,
                score, context)
    predictions = predict(network, mnist.test.images)
    return Result(
        metrics={
            "train_accuracy": accuracy(network, mnist.train),
            "validation_accuracy": accuracy(network, mnist.validation),
            "test_accuracy": float((predictions == mnist.test.labels).mean()),
        },
        table=table,
        arrays={"test_predictions": predictions},
        weights=weights_of(network) if config.keep_weights else None,
    )

"""What was tried to train faster and did not help, beside what is used.

The same work as in `train.py`, measured in the same way:

    python benchmarks/attempts.py
"""

from collections.abc import Callable
from itertools import pairwise

import keras
import numpy as np
import tensorflow as tf
from train import CORES, NETWORK, SCHEDULE, measure, ours

from digits import data, machine
from digits.tasks import training
from digits.tasks.scoring import EVALUATION_BATCH

NETWORKS = 2
BATCHED = f"{NETWORKS} networks in one, {CORES} threads"
THREADS = {
    name: str(CORES) if value == "1" and "THREADS" in name else value
    for name, value in machine.ENVIRONMENT.items()
}


def compiled(mnist: data.Mnist, seed: int, tick: Callable) -> None:
    """Train with XLA, TensorFlow's compiler."""
    _fit(mnist, seed, tick, jit_compile=True)


def single_steps(mnist: data.Mnist, seed: int, tick: Callable) -> None:
    """Train with a return to Python after each step."""
    _fit(mnist, seed, tick, steps_per_execution=1)


def deterministic(mnist: data.Mnist, seed: int, tick: Callable) -> None:
    """Train with operations that are deterministic with many threads too."""
    tf.config.experimental.enable_op_determinism()
    _fit(mnist, seed, tick)


def threads(mnist: data.Mnist, seed: int, tick: Callable) -> None:
    """Train with as many threads as there are cores."""
    tf.config.threading.set_intra_op_parallelism_threads(CORES)
    _fit(mnist, seed, tick)


def _fit(mnist: data.Mnist, seed: int, tick: Callable, **options) -> None:
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    options = {"steps_per_execution": training.STEPS_PER_EXECUTION} | options
    model = NETWORK.build()
    model.compile(
        optimizer=keras.optimizers.SGD(0.1),
        loss="categorical_crossentropy", metrics=["accuracy"], **options,
    )
    model.fit(
        mnist.train.images, data.one_hot(mnist.train.labels),
        batch_size=128, epochs=SCHEDULE.epochs, verbose=0,
        validation_data=(mnist.validation.images,
                         data.one_hot(mnist.validation.labels)),
        validation_batch_size=EVALUATION_BATCH,
        callbacks=[keras.callbacks.LambdaCallback(
            on_epoch_end=lambda *_: tick()
        )],
    )


def batched(mnist: data.Mnist, seed: int, tick: Callable) -> None:
    """Train two networks at once, in matrices with one more axis.

    They share the order of the images. So each epoch does the work of two, and
    the speed that is measured is to be doubled.
    """
    generator = np.random.default_rng(seed)
    sizes = (784, *NETWORK.hidden_units, 10)
    kernels = [
        tf.Variable(generator.normal(0, m**-0.5, (NETWORKS, m, n)).astype("f"))
        for m, n in pairwise(sizes)
    ]
    biases = [tf.Variable(tf.zeros((NETWORKS, 1, n))) for n in sizes[1:]]
    images = tf.constant(mnist.train.images.reshape(-1, 784))
    labels = tf.constant(data.one_hot(mnist.train.labels))

    def logits(inputs):
        outputs = inputs[tf.newaxis]
        for kernel, bias in zip(kernels, biases, strict=True):
            outputs = outputs @ kernel + bias
            if kernel is not kernels[-1]:
                outputs = tf.nn.relu(outputs)
        return outputs

    @tf.function
    def epoch(order):
        for start in tf.range(0, tf.size(order), 128):
            batch = order[start : start + 128]
            with tf.GradientTape() as tape:
                found = tf.nn.log_softmax(logits(tf.gather(images, batch)))
                losses = -tf.reduce_sum(tf.gather(labels, batch) * found, -1)
                loss = NETWORKS * tf.reduce_mean(losses)
                for kernel in kernels[:2]:
                    loss += NETWORK.regularization_factor * tf.reduce_sum(
                        kernel**2
                    )
            variables = [*kernels, *biases]
            gradients = tape.gradient(loss, variables)
            for variable, gradient in zip(variables, gradients, strict=True):
                variable.assign_sub(0.1 * gradient)

    scored = mnist.validation.images.reshape(-1, 784)
    for _ in range(SCHEDULE.epochs):
        epoch(tf.constant(generator.permutation(len(images))))
        (np.argmax(logits(scored), -1) == mnist.validation.labels).mean(1)
        tick()


def main() -> None:
    """Print a table with a row for each way."""
    alone = machine.ENVIRONMENT
    table = measure({
        "what is used, one worker": (ours, 1, alone),
        f"the same, {CORES} workers": (ours, CORES, alone),
        "one step at a time": (single_steps, 1, alone),
        "compiled with XLA": (compiled, 1, alone),
        "deterministic operations": (deterministic, 1, alone),
        f"{CORES} threads": (threads, 1, THREADS),
        BATCHED: (batched, 1, THREADS),
    }, NETWORKS)
    table["speed"][table["way"].index(BATCHED)] *= NETWORKS
    first = table["speed"][0]
    print("\n| Way | Speed | Memory |\n|:---|---:|---:|")
    for way, speed, memory in zip(*table.values(), strict=True):
        print(f"| {way} | {speed / first:.2f} | {memory:,} MB |")


if __name__ == "__main__":
    main()

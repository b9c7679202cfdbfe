"""Which test images networks get wrong, and how sure they are."""

from dataclasses import dataclass

import numpy as np

from digits import data
from digits.tasks.rehearsal import IN_SMALL, rehearsed
from larder import Rehearsal, Result, ignored

# The images of MNIST's test set, numbered from 0, whose label fewer than three
# of five people agreed with: the 15 errors of Northcutt et al. (2021), from
# the answers in github.com/cleanlab/label-errors, mturk/mnist_mturk.json.
LABEL_ERRORS = (
    947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783,
    8527, 9679, 9729,
)
CALIBRATION_BINS = 15


@dataclass(frozen=True)
class ErrorsConfig:
    """There is nothing to choose: all test images are looked at."""

    @ignored(IN_SMALL)
    def rehearsal(self) -> Rehearsal:
        """Look at all test images: known errors are named by number."""
        return rehearsed(self, test=data.SHAPES["x_test"][0])


def examine_errors(
    config: ErrorsConfig, convolutional: tuple[Result, ...],
    dense: tuple[Result, ...],
) -> Result:
    """Look at the test images that networks get wrong, and how sure they are.

    Results of `convolutional` networks hold `test_probabilities`, those of as
    many `dense` ones `test_predictions`. Metrics: `ensemble_accuracy`, of the
    mean of the probabilities, and `calibration_error` and
    `ensemble_calibration_error`, expected calibration errors of the single
    networks, pooled, and of the ensemble. Table, a row a bin of confidence:
    `count`, `confidence`, `accuracy` of the pooled single networks, and the
    same with `ensemble_`.
    Arrays: `confusion` (10, 10), the networks' mean number of test images by
    label and prediction; `pairs` (n, 2), for each pair of a convolutional and
    a dense network how many images only the one and only the other gets
    right; and of the images that most networks get wrong: `missed_images`
    uint8 (m, 28, 28), `missed_indices`, `missed_labels`,
    `missed_predictions` and `missed_confidences` of the ensemble, and
    `missed_label_errors`, true for known errors of the label.
    """
    test = data.read_arrays()
    images, labels = test["x_test"], test["y_test"].astype(int)
    count = len(convolutional)
    each = np.stack(
        [result.arrays["test_probabilities"] for result in convolutional]
    )
    ensemble = each.mean(axis=0)
    predictions = each.argmax(axis=2)
    wrong = predictions != labels
    missed = np.flatnonzero(wrong.sum(axis=0) > count / 2)
    dense_wrong = np.stack([
        result.arrays["test_predictions"] != labels
        for result in dense
    ])
    confusion = np.zeros((data.CLASSES, data.CLASSES))
    np.add.at(confusion, (np.tile(labels, count), predictions.ravel()), 1)
    pooled = calibration(each.reshape(-1, data.CLASSES), np.tile(labels, count))
    together = calibration(ensemble, labels)
    return Result(
        metrics={
            "ensemble_accuracy": float((ensemble.argmax(1) == labels).mean()),
            "calibration_error": expected_calibration_error(pooled),
            "ensemble_calibration_error": expected_calibration_error(together),
        },
        table=pooled
        | {f"ensemble_{name}": column for name, column in together.items()},
        arrays={
            "confusion": confusion / count,
            "pairs": np.array([
                ((~ours & theirs).sum(), (ours & ~theirs).sum())
                for ours, theirs in zip(wrong, dense_wrong, strict=True)
            ]),
            "missed_images": images[missed],
            "missed_indices": missed,
            "missed_labels": labels[missed],
            "missed_predictions": ensemble[missed].argmax(axis=1),
            "missed_confidences": ensemble[missed].max(axis=1),
            "missed_label_errors": np.isin(missed, LABEL_ERRORS),
        },
    )


def calibration(
    probabilities: np.ndarray, labels: np.ndarray
) -> dict[str, list]:
    """Compare confidence with accuracy, in bins of confidence.

    `probabilities` have shape (n, classes), `labels` (n,). A row a bin of
    equal width: `count`, and the means `confidence` and `accuracy`, None
    where a bin is empty.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    bins = np.minimum(
        (confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1
    )
    rows = {"count": [], "confidence": [], "accuracy": []}
    for number in range(CALIBRATION_BINS):
        inside = bins == number
        some = inside.any()
        rows["count"].append(int(inside.sum()))
        rows["confidence"].append(
            float(confidence[inside].mean()) if some else None
        )
        rows["accuracy"].append(float(right[inside].mean()) if some else None)
    return rows


def expected_calibration_error(rows: dict[str, list]) -> float:
    """Weigh the gaps between confidence and accuracy by the bins' counts.

    Source: Guo et al. (2017), On Calibration of Modern Neural Networks.
    """
    gaps = [
        count * abs(confidence - accuracy)
        for count, confidence, accuracy in zip(*rows.values(), strict=True)
        if count
    ]
    return sum(gaps) / sum(rows["count"])

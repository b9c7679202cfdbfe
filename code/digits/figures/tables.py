"""The report's tables, as Markdown: results in, a table out.

Markdown, since an HTML table among the outputs of a chunk makes Quarto ask
a server for two scripts, and since it serves all formats alike.
"""

from collections.abc import Sequence

import pandas as pd
from IPython.display import Markdown

from digits.stating.wording import percent, with_deviation


def markdown(
    header: Sequence[str], rows: Sequence[Sequence], align: str
) -> Markdown:
    """Write a pipe table; `align` has l, r or c for each column.

    Raises `ValueError` where a row has another length than the header.
    """
    marks = {"l": ":---", "r": "---:", "c": ":--:"}
    lines = [list(header), [marks[letter] for letter in align]]
    lines += [[str(cell) for cell in row] for row in rows]
    if len({len(line) for line in lines}) != 1:
        raise ValueError(f"rows and header differ in length: {lines}")
    return Markdown("\n".join(f"| {' | '.join(line)} |" for line in lines))


def summary(answers: Sequence[tuple[str, str, str]]) -> Markdown:
    """List the answers: question, answer in a line, key number."""
    return markdown(("Question", "Answer", "Key number"), answers, "lll")


def preprocessing(table: dict[str, list]) -> Markdown:
    """Show arrays before and after the pre-processing of Question 1."""
    rows = [
        (
            row.array,
            row.stage,
            " × ".join(f"{size:,}" for size in row.shape),
            row.type,
            f"{row.minimum:g} to {row.maximum:g}",
            f"{row.megabytes:.1f} MB",
        )
        for row in pd.DataFrame(table).itertuples()
    ]
    header = ("Array", "Stage", "Shape", "Type", "Values", "Memory")
    return markdown(header, rows, "llrlrr")


def parameters(layers: pd.DataFrame) -> Markdown:
    """Derive the number of parameters, layer by layer and in all."""
    dense = layers[layers["kind"] == "Dense"]
    rows = [
        (
            f"{row.inputs} → {row.units}",
            row.activation,
            f"{row.inputs} · {row.units} = {row.inputs * row.units:,}",
            row.units,
            f"{row.derived:,}",
        )
        for row in dense.itertuples()
    ]
    total = ("all", "", "", "", f"**{dense['derived'].sum():,}**")
    header = ("Layer", "Activation", "Weights", "Biases", "Parameters")
    return markdown(header, [*rows, total], "llrrr")


def final_accuracies(final: pd.DataFrame) -> Markdown:
    """Show mean and deviation of the final accuracies, by protocol."""
    rows = [
        (title, len(group), *(
            with_deviation(group[column]) for column in
            ("train_accuracy", "validation_accuracy", "test_accuracy")
        ))
        for protocol, title in (
            ("notebook", "as in the notebook"), ("held-out", "held out")
        )
        for group in [final[final["protocol"] == protocol]]
    ]
    header = ("Protocol", "Seeds", "Training", "Validation", "Test")
    return markdown(header, rows, "lrrrr")


def weight_decay(final: pd.DataFrame, asked_seeds: range) -> Markdown:
    """Show the final accuracies by regularization factor."""
    asked = final[final["seed"].isin(asked_seeds)]
    rows = [
        (
            f"{factor:g}",
            with_deviation(few["validation_accuracy"]),
            with_deviation(group["validation_accuracy"]),
            with_deviation(group["test_accuracy"]),
        )
        for factor, group in final.groupby("regularization_factor")
        for few in [asked[asked["regularization_factor"] == factor]]
    ]
    seeds = final["seed"].nunique()
    header = ("Factor", f"Validation, {len(asked_seeds)} seeds",
              f"Validation, {seeds} seeds", f"Test, {seeds} seeds")
    return markdown(header, rows, "rrrr")


def influences(final: pd.DataFrame, labels: dict[str, str]) -> Markdown:
    """Show the combinations named: seeds, validation and test accuracy."""
    rows = [
        (label, len(group), with_deviation(group["validation_accuracy"]),
         with_deviation(group["test_accuracy"]))
        for name, label in labels.items()
        for group in [final[final["change"] == name]]
    ]
    return markdown(("Setting", "Seeds", "Validation", "Test"), rows, "lrrr")


def layers(found: pd.DataFrame) -> Markdown:
    """Show a convolutional network, layer by layer, and what it costs.

    What follows a convolution place by place stands in its row.
    """
    names = {
        "Conv2D": "convolution",
        "BatchNormalization": "normalization",
        "ReLU": "ReLU",
        "MaxPooling2D": "max pooling",
        "GlobalAveragePooling2D": "global average pooling",
        "Flatten": "flatten",
        "Dropout": "dropout",
        "Dense": "dense, softmax",
    }
    rows = []
    for row in found[found["kind"] != "InputLayer"].itertuples():
        own = f"{row.parameters:,}" if row.parameters else ""
        if row.kind in ("BatchNormalization", "ReLU") and rows:
            name, kernel, shape, parameters, cost = rows[-1]
            rows[-1] = (f"{name}, {names[row.kind]}", kernel, shape,
                        f"{parameters} + {own}" if own else parameters, cost)
            continue
        rows.append((
            names[row.kind],
            " × ".join(map(str, row.kernel)) if row.kernel else "",
            " × ".join(map(str, row.shape)),
            own,
            f"{row.multiplications:,}" if row.multiplications else "",
        ))
    total = ("all", "", "", f"**{found['parameters'].sum():,}**",
             f"**{found['multiplications'].sum():,}**")
    header = ("Layer", "Kernel", "Output", "Parameters", "Multiplications")
    return markdown(header, [*rows, total], "lrrrr")


def search(tried: pd.DataFrame, labels: dict[str, str]) -> Markdown:
    """Show each setting that was tried, with its validation accuracy."""
    base = tried.set_index("setting").loc["base", "validation_accuracy"]
    rows = [
        (
            f"{row.setting}: {labels[row.setting]}",
            f"{row.parameters:,}",
            f"{row.multiplications / 1e6:.1f}",
            percent(row.validation_accuracy),
            "" if row.setting == "base" else f"{gain:+.2f}".replace("-", "−"),
        )
        for row in tried.itertuples()
        for gain in [100 * (row.validation_accuracy - base)]
    ]
    header = ("Setting", "Parameters", "Multiplications, millions",
              "Validation", "Difference")
    return markdown(header, rows, "lrrrr")


def refinements(
    refined: pd.DataFrame, labels: dict[str, str], held_out: int
) -> Markdown:
    """Show each training of the second search and what it gets wrong.

    `held_out` is the number of images that they were validated on.
    """
    rows = [
        (
            labels[row.setting],
            f"{row.parameters:,}",
            row.epochs,
            percent(row.validation_accuracy),
            f"{held_out * (1 - row.validation_accuracy):.0f}",
            f"{row.validation_loss:.4f}",
        )
        for row in refined.itertuples()
    ]
    header = ("Setting", "Parameters", "Epochs", "Validation", "Errors",
              "Cross-entropy")
    return markdown(header, rows, "lrrrrr")


def comparison(
    sizes: pd.DataFrame, labels: dict[str, str], shown: Sequence[int]
) -> Markdown:
    """Show networks side by side: test accuracy by training images."""
    rows = [
        (
            label,
            f"{group['parameters'].iloc[0]:,}",
            f"{group['multiplications'].iloc[0] / 1e6:.2f}",
            *(
                with_deviation(chosen["test_accuracy"], 1)
                for size in shown
                for chosen in [group[group["training_images"] == size]]
            ),
        )
        for name, label in labels.items()
        for group in [sizes[sizes["network"] == name]]
    ]
    header = ("Network", "Parameters", "Multiplications, millions",
              *(f"{size:,} images" for size in shown))
    return markdown(header, rows, "lrr" + "r" * len(shown))


def generation(
    judged: pd.DataFrame, classes: pd.DataFrame, labels: dict[str, str]
) -> Markdown:
    """Show what was measured of each way to draw codes, and of references."""
    rows = []
    for way, label in labels.items():
        group = judged[judged["way"] == way]
        shares = classes[classes["way"] == way].groupby("class")["share"].mean()
        rows.append((
            label,
            *(
                f"{group[name].mean():{form}}"
                for name, form in (
                    ("confidence", ".2f"), ("entropy", ".2f"),
                    ("frechet_distance", ".2f"), ("nearest", ".2f"),
                )
            ),
            f"{percent(shares.min(), 0)} to {percent(shares.max(), 0)}",
        ))
    header = ("Codes", "Confidence", "Entropy", "Fréchet distance",
              "Nearest", "Shares of the classes")
    return markdown(header, rows, "lrrrrr")

"""Files of pictures in, what they show out: the work of `digits predict`."""

import csv
import glob
import io
import json
from pathlib import Path

import click

from digits import handwriting
from digits.handwriting import PictureError, recognition
from digits.handwriting.recognition import Answer

FORMATS = ("table", "json", "csv")
MOST_SHOWN = 200  # pictures in one drawing


def collect(names: tuple[Path, ...]) -> tuple[list[Path], list[str]]:
    """Find the pictures of files, folders and globs.

    Gives paths, in order, and what was wrong.
    """
    found, problems = [], []
    for name in names:
        pattern = not name.exists() and glob.escape(str(name)) != str(name)
        if name.is_dir():
            inside = sorted(
                path for path in name.iterdir()
                if path.suffix.lower() in handwriting.SUFFIXES
            )
        elif pattern:
            inside = [Path(path) for path in sorted(glob.glob(str(name)))]
        else:
            inside = [name]
        if not inside:
            problems.append(f"{name}: no picture is there")
        found += inside
    return found, problems


def predict(
    paths: list[Path], single: bool
) -> tuple[list[tuple[Path, Answer]], list[str]]:
    """Read pictures; give each one's answer, and what was wrong with others.

    With `single`, each shows one digit. Raises `ValueError` where the stored
    weights are not those of the networks.
    """
    read, problems = [], []
    for path in paths:
        try:
            grey = handwriting.read_grey(path)
        except PictureError as error:
            problems.append(str(error))
            continue
        read.append((path, handwriting.readings(grey, single)))
    answers = recognition.recognise([readings for _, readings in read])
    names = [path for path, _ in read]
    return list(zip(names, answers, strict=True)), problems


def told(found: list[tuple[Path, Answer]], form: str) -> str:
    """Write answers as a table, JSON or CSV; a row a digit but for JSON."""
    if form == "json":
        return json.dumps([_record(*item) for item in found], indent=1)
    rows = [row for item in found for row in _rows(*item)]
    if form == "csv":
        file = io.StringIO()
        writer = csv.DictWriter(file, list(COLUMNS), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return file.getvalue().rstrip("\n")
    head = "digit   " + "".join(f"{digit:>7}" for digit in range(10))
    return "\n".join([f"{head}   score   picture", *map(_line, rows)])


COLUMNS = (
    "picture", "answer", "doubt", "number", "of", "digit", "score",
    *(f"p{digit}" for digit in range(10)), "left", "top", "right", "bottom",
)


def _rows(path: Path, answer: Answer) -> list[dict]:
    """Describe each digit of an answer, or that there is none."""
    common = {"picture": click.format_filename(path), "answer": answer.marked,
              "doubt": answer.doubt or "", "of": len(answer.digits)}
    if not answer.digits:
        return [common]
    return [
        common | {
            "number": number, "digit": int(shares.argmax()),
            "score": round(float(score), 2),
            **{f"p{k}": round(float(p), 4) for k, p in enumerate(shares)},
            **dict(zip(COLUMNS[-4:], digit.box, strict=True)),
        }
        for number, (digit, shares, score) in enumerate(
            zip(answer.digits, answer.probabilities, answer.scores,
                strict=True), start=1
        )
    ]


def _record(path: Path, answer: Answer) -> dict:
    """Describe an answer as JSON has it."""
    inner = ("digit", "score", *COLUMNS[7:])
    return {
        "picture": click.format_filename(path),
        "answer": None if answer.doubt else answer.text,
        "doubt": answer.doubt,
        "digits": [
            {name: row[name] for name in inner}
            for row in _rows(path, answer) if "digit" in row
        ],
    }


def _line(row: dict) -> str:
    """Write a row of the table: `?` stands where there is no answer."""
    if "digit" not in row:
        return f"{'?':>5}{'':81}   {row['picture']}: {row['doubt']}"
    sure = row["score"] >= recognition.LEAST_SCORE
    note = "" if sure else f": {recognition.UNLIKE}"
    if row["of"] > 1:
        note = f": {row['number']} of {row['of']} in {row['answer']}" + note
    shares = "".join(f"{row[f'p{digit}']:7.3f}" for digit in range(10))
    name = str(row["digit"]) if sure else "?"
    return f"{name:>5}   {shares} {row['score']:7.1f}   {row['picture']}{note}"


def show(found: list[tuple[Path, Answer]], path: Path) -> None:
    """Draw what the networks saw beside each picture, as a PNG."""
    rows = [
        (
            handwriting.read_grey(name), answer.digits,
            f"{answer.doubt}" if answer.doubt else answer.text,
        )
        for name, answer in found[:MOST_SHOWN]
    ]
    handwriting.write_readings(rows, path)


def doubtful(found: list[tuple[Path, Answer]]) -> bool:
    """Say whether any picture has no answer."""
    return any(answer.doubt for _, answer in found)

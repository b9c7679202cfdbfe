"""Question 4D: digits from the decoder.

The question: how must codes be drawn so that the decoder makes digits of them,
and how good are these digits? Four ways to draw codes, and two references, are
judged by a convolutional network of 3A.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from digits.experiments import convolution, denoising
from digits.experiments.findings.asked import Findings, made_of, rows_where
from digits.kept import compute
from digits.statistics import summarise
from digits.tasks.evaluation.codes import (
    COMPONENTS,
    SAMPLERS,
    CodesConfig,
    describe_codes,
    make_digits,
)
from digits.tasks.evaluation.judging import (
    REFERENCES,
    JudgingConfig,
    judge_digits,
)
from larder import Result, Run
from larder.looking.frames import final_frame, table_frame

NAME = "generation"
SEEDS = range(3)
# Test images between which is interpolated: 7 to 9, 2 to 0, 1 to 4, 5 to 6.
PAIRS = ((0, 7), (1, 3), (2, 4), (8, 11))


@dataclass(frozen=True)
class GenerationResult(Findings):
    """What the report shows of 4D.

    `judged` has a row for each way and seed with the metrics of
    `judging.judge_digits`, `classes` a row for each of these and class.
    `examples` has 100 digits by way, uint8 (100, 28, 28), of the first seed,
    and `codes` is what `codes.describe_codes` finds.
    """

    judged: pd.DataFrame
    classes: pd.DataFrame
    examples: dict[str, np.ndarray]
    codes: Result = made_of("codes_seed-0")

    def by_way(self, metric: str) -> pd.Series:
        """Summarise a metric over the auto-encoders, by way."""
        return pd.Series({
            way: summarise(group)
            for way, group in self.judged.groupby("way")[metric]
        })

    @property
    def numbers(self) -> pd.DataFrame:
        """What `codes.describe_codes` tells of each number of a code."""
        return pd.DataFrame(self.codes.table)

    @property
    def components(self) -> int:
        """The Gaussians of a class's mixture."""
        return COMPONENTS

    @property
    def as_asked(self) -> float:
        """The share of mixtures' digits that are read as they were asked."""
        mixtures = rows_where(self.classes, way="mixtures")
        return float(mixtures["as_asked"].mean())

    def share(self, way: str, digit: int) -> float:
        """The share of a way's images that are read as a digit."""
        found = rows_where(self.classes, way=way, **{"class": digit})
        return float(found["share"].mean())


def runs() -> list[Run]:
    """List the runs: each way with each auto-encoder, and their codes."""
    return [*_judging_runs(), _codes_run()]


def _judging_runs() -> list[Run]:
    judge = convolution.final_runs()[0]
    return [
        Run(NAME, f"{way}_seed-{seed}", judge_digits,
            JudgingConfig(way, model.config, judge.config, seed=seed),
            {"trained": model, "judge": judge})
        for way in (*SAMPLERS, *REFERENCES)
        for seed, model in zip(SEEDS, denoising.notebook_runs(), strict=False)
        # Real digits are the same, whatever the auto-encoder.
        if way != "real" or seed == SEEDS[0]
    ]


def _codes_run() -> Run:
    model = denoising.notebook_runs()[0]
    return Run(NAME, "codes_seed-0", describe_codes,
               CodesConfig(model.config, PAIRS), {"trained": model})


def result() -> GenerationResult:
    """Give what was made and how it was judged."""
    judging, codes = _judging_runs(), _codes_run()
    *judged, described = compute([*judging, codes])
    return GenerationResult(
        judged=final_frame(judging, judged),
        classes=table_frame(judging, judged),
        examples={
            run.config.way: item.result.arrays["examples"]
            for run, item in zip(judging, judged, strict=True)
            if run.config.seed == SEEDS[0]
        },
        codes=described.result,
    )


def generate(digit: int, count: int, seed: int) -> np.ndarray:
    """Make `count` pictures of a digit: float32 in [0, 1], (n, 28, 28, 1).

    With the first auto-encoder and the mixture of Gaussians for that digit.
    """
    model = denoising.notebook_runs()[0]
    (stored,) = compute([model])
    return make_digits(
        model.config, stored.result.weights, digit, count, seed
    )

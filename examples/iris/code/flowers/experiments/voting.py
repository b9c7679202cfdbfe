"""How many neighbours should vote? The answer: one to ten."""

import pandas as pd

from flowers.kept import LARDER
from flowers.neighbours import NeighboursConfig, score_neighbours
from larder import Run, compute
from larder.looking.frames import final_frame

NEIGHBOURS = (1, 3, 5, 10, 20, 30, 40)


def runs() -> list[Run]:
    """List a run for each number of neighbours."""
    return [
        Run("voting", f"neighbours-{number}", score_neighbours,
            NeighboursConfig(number))
        for number in NEIGHBOURS
    ]


def result() -> pd.DataFrame:
    """Give a row for each number of neighbours."""
    return final_frame(runs(), compute(LARDER, runs()))

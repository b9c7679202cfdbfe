"""How measured numbers are written, in sentences and in tables."""

import pandas as pd

from digits.statistics import Estimate, Summary, summarise


def number(value: float, digits: int = 0) -> str:
    """Write a number with commas and so many decimals: 55050 as 55,050."""
    return f"{value:,.{digits}f}"


def scientific(value: float) -> str:
    """Write a very small number by its power of ten: 3e-05."""
    return f"{value:.0e}"


def setting(value: float) -> str:
    """Write what was chosen, not measured, as short as can be: 0.00018."""
    return f"{value:g}"


def text(words: object) -> str:
    """Write a name, a day or a digest that code has found."""
    return str(words)


def percent(value: float, digits: int = 2) -> str:
    """Write a share as a percentage: 0.9731 as 97.31 %."""
    return f"{100 * value:.{digits}f} %"


def points(difference: float, digits: int = 2) -> str:
    """Write a difference of shares in percentage points: 0.0048 as 0.48."""
    return f"{100 * difference:.{digits}f}".replace("-", "−")


def interval(bounds: tuple[float, float]) -> str:
    """Write the ends of an interval of shares: 97.31 % to 97.52 %."""
    return " to ".join(map(percent, bounds))


def level(found: Estimate) -> str:
    """Write a noise level with its interval: 0.43 (0.41 to 0.45)."""
    return f"{found.mean:.2f} ({found.low:.2f} to {found.high:.2f})"


def with_deviation(values: pd.Series | Summary, digits: int = 2) -> str:
    """Write mean ± sample standard deviation in per cent; – if none.

    A single value has no deviation.
    """
    if not isinstance(values, Summary):
        if values.isna().all():
            return "–"
        values = summarise(values)
    if values.count == 1:
        return percent(values.mean, digits)
    mean, deviation = 100 * values.mean, 100 * values.deviation
    return f"{mean:.{digits}f} ± {deviation:.{digits}f} %"

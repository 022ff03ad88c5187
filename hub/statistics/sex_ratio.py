"""Sex ratio at birth: boys to 100 girls, with an interval, and only where there are births enough to say anything."""

from collections.abc import Sequence
from typing import NamedTuple

from hub.statistics.intervals import LEVEL, Interval, ratio
from hub.statistics.lines import BirthLine

BIRTHS_MIN = 100
"""Below so many births the interval spans everything that was ever observed anywhere."""
USUAL = Interval(104.0, 107.0)
"""What is usually observed (United Nations); a ratio outside it is no finding while its interval touches it."""


class SexRatio(NamedTuple):
    """Boys to 100 girls; no ratio where there are too few births."""

    boys: int
    girls: int
    unknown: int
    value: float | None
    interval: Interval | None


def sex_ratio(lines: Sequence[BirthLine], births_min: int = BIRTHS_MIN, level: float = LEVEL) -> SexRatio:
    """The ratio among these births; those of unstated sex are counted apart."""
    boys = sum(line.sex == "male" for line in lines)
    girls = sum(line.sex == "female" for line in lines)
    unknown = len(lines) - boys - girls
    if boys + girls < max(1, births_min) or girls == 0:
        return SexRatio(boys, girls, unknown, None, None)
    found = ratio(boys, girls, level)
    return SexRatio(boys, girls, unknown, 100 * boys / girls, Interval(100 * found.low, 100 * found.high))

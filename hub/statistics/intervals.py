"""Intervals of shares and ratios, at 95 % unless told.

A share of few cases is skewed, so none of these is the estimate give or take
two standard errors. Sources: Wilson 1927; Clopper and Pearson 1934; Brown, Cai
and DasGupta 2001 on when to prefer which.
"""

from math import sqrt
from statistics import NormalDist
from typing import NamedTuple

from scipy.special import betaincinv

LEVEL = 0.95


class Interval(NamedTuple):
    """From where to where, both included."""

    low: float
    high: float

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int | float) and self.low <= value <= self.high


def z_of(level: float) -> float:
    """How many standard errors to either side hold this share of a normal distribution."""
    return NormalDist().inv_cdf((1 + level) / 2)


def wilson(hits: int, n: int, level: float = LEVEL) -> Interval:
    """The score interval of a share; all from 0 to 1 where nothing was observed. The default of all shares."""
    _check(hits, n)
    if n == 0:
        return Interval(0.0, 1.0)
    z = z_of(level)
    share, square = hits / n, z * z
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = z / (1 + square / n) * sqrt(share * (1 - share) / n + square / (4 * n * n))
    return Interval(0.0 if hits == 0 else middle - half, 1.0 if hits == n else middle + half)


def clopper_pearson(hits: int, n: int, level: float = LEVEL) -> Interval:
    """The exact interval of a share: it covers at least the level, and is longer for it."""
    _check(hits, n)
    tail = (1 - level) / 2
    low = 0.0 if hits == 0 else float(betaincinv(hits, n - hits + 1, tail))
    high = 1.0 if hits == n else float(betaincinv(hits + 1, n - hits, 1 - tail))
    return Interval(low, high)


def ratio(hits: int, others: int, level: float = LEVEL) -> Interval:
    """The interval of hits to others, from that of the share of hits; infinite where there may be no others."""
    share = wilson(hits, hits + others, level)
    return Interval(_odds(share.low), _odds(share.high))


def _odds(share: float) -> float:
    return share / (1 - share) if share < 1 else float("inf")


def _check(hits: int, n: int) -> None:
    if not 0 <= hits <= n:
        raise ValueError("a share counts no more cases than there are, and no fewer than none")

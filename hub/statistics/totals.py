"""How many there are in all, when two lists (or three) each missed some: the number missed, with its interval.

Chandrasekaran and Deming 1949, Chapman 1951, Sekar's variance; log transformed after Chao 1987; profile
likelihood after Cormack 1992.

The default, `predictive`, treats the number that all lists missed as what it is, a small whole number. Given
what the lists hold it is close to a negative binomial with the estimate as its mean and, as its variance, what
the estimate varies plus the mean itself; the interval is the shortest set of whole numbers that holds the
level, the last one counted half (mid-P). So it stays honest where a transformed normal is far too long (nearly
complete lists) or too short (a small town). `tests/bench/coverage.py` measures it beside the others.
"""

from collections.abc import Callable, Sequence
from math import exp, log, sqrt
from typing import NamedTuple

import numpy as np
from scipy.special import gammaln

from hub.statistics.intervals import LEVEL, Interval, z_of

HALF = 0.5
TOTAL_MAX = 10**9
"""No county holds more: where a total has no upper bound, it is this."""


class Lists(NamedTuple):
    """How many are on both lists, on list 1 alone and on list 2 alone.

    Corrected for errors of linkage they need not be whole numbers.
    """

    both: float
    only_1: float
    only_2: float

    @property
    def n1(self) -> float:
        """On list 1."""
        return self.both + self.only_1

    @property
    def n2(self) -> float:
        """On list 2."""
        return self.both + self.only_2

    @property
    def union(self) -> float:
        """On either."""
        return self.both + self.only_1 + self.only_2


class Missed(NamedTuple):
    """How many no list holds: the estimate, and the moments that its interval is made of."""

    estimate: float
    mean: float
    variance: float
    """Of the number itself, not only of its estimate."""


def chandrasekaran_deming(lists: Lists) -> float:
    """The estimate of 1949 of all there are; infinite where no pair was linked."""
    return lists.n1 * lists.n2 / lists.both if lists.both else float("inf")


def chandrasekaran_deming_variance(lists: Lists) -> float:
    """Its variance, both totals being random."""
    if not lists.both:
        return float("inf")
    return lists.n1 * lists.n2 * lists.only_1 * lists.only_2 / lists.both**3


def petersen_variance(lists: Lists) -> float:
    """Its variance with the size of list 2 given."""
    if not lists.both:
        return float("inf")
    return lists.n1**2 * lists.n2 * lists.only_2 / lists.both**3


def chapman(lists: Lists) -> float:
    """The nearly unbiased estimate of all there are: finite even where no pair was linked."""
    return (lists.n1 + 1) * (lists.n2 + 1) / (lists.both + 1) - 1


def chapman_variance(lists: Lists) -> float:
    """The variance of Chapman's estimate."""
    top = (lists.n1 + 1) * (lists.n2 + 1) * lists.only_1 * lists.only_2
    return top / ((lists.both + 1) ** 2 * (lists.both + 2))


def missed(strata: Sequence[Lists], odds_ratio: float = 1.0) -> Missed:
    """How many all lists missed, over strata; `odds_ratio` over 1: who is on one is likelier on the other.

    A half is shared out between the strata so that cells that happen to be empty leave room for doubt
    without the doubt adding up over many small strata.
    """
    estimate = mean = variance = 0.0
    seen = [lists for lists in strata if lists.union > 0]
    share = HALF / len(seen) if seen else 0.0
    for lists in seen:
        estimate += odds_ratio * lists.only_1 * lists.only_2 / (lists.both + 1)
        one, two, both = lists.only_1 + share, lists.only_2 + share, lists.both + HALF
        middle = odds_ratio * one * two / both
        mean += middle
        variance += middle**2 * (1 / one + 1 / two + 1 / both) + middle
    return Missed(estimate, mean, variance)


def predictive(union: float, found: Missed, level: float = LEVEL) -> Interval:
    """The interval of all there are, from the number that was missed; whole numbers give or take a half."""
    if found.mean <= 0:
        return Interval(union, union)
    spread = max(found.variance, found.mean * (1 + 1e-9))
    size, chance = found.mean**2 / (spread - found.mean), found.mean / spread
    reach = int(found.mean + 12 * sqrt(spread) + 30)
    if reach > TOTAL_MAX // 1_000:
        # So much doubt is beyond whole numbers: the transformed normal says as much.
        factor = exp(z_of(level) * sqrt(log(1 + spread / found.mean**2)))
        return Interval(union + found.mean / factor, union + found.mean * factor)
    counts = np.arange(reach)
    weight = np.exp(
        gammaln(counts + size) - gammaln(size) - gammaln(counts + 1)
        + size * log(chance) + counts * np.log1p(-chance)
    )  # fmt: skip
    order = np.argsort(-weight, kind="stable")
    middle = np.cumsum(weight[order]) - weight[order] / 2
    chosen = order[: max(1, int((middle <= level).sum()))]
    low, high = int(chosen.min()), int(chosen.max())
    return Interval(union + max(0.0, low - HALF), union + high + HALF)


def log_transformed(lists: Lists, level: float = LEVEL) -> Interval:
    """Chao's interval of all there are: the logarithm of the number missed is taken as normal."""
    absent = lists.only_1 * lists.only_2 / (lists.both + 1)
    if absent == 0:
        return Interval(lists.union, lists.union)
    factor = exp(z_of(level) * sqrt(log(1 + chapman_variance(lists) / absent**2)))
    return Interval(lists.union + absent / factor, lists.union + absent * factor)


def profile_likelihood(lists: Lists, level: float = LEVEL) -> Interval:
    """All totals that the lists make no less likely than the level allows; whole numbers."""
    start = int(lists.union)
    best = max(start, int(min(chandrasekaran_deming(lists), TOTAL_MAX)))
    allowed = max(_likelihood(lists, n) for n in {start, best, best + 1}) - z_of(level) ** 2 / 2

    def likely(n: int) -> bool:
        return _likelihood(lists, n) >= allowed

    low = start if likely(start) else _last(lambda n: not likely(n), start, best) + 1
    high = best
    while high < TOTAL_MAX and likely(high):
        high = 2 * high + 1
    return Interval(low, TOTAL_MAX if high >= TOTAL_MAX else _last(likely, best, high))


def _likelihood(lists: Lists, n: int) -> float:
    """The logarithm of how likely the lists are where there are n, their chances being the likeliest ones."""
    found = gammaln(n + 1) - gammaln(n - lists.union + 1)
    for listed in (lists.n1, lists.n2):
        found += sum(part * log(part / n) for part in (listed, n - listed) if part > 0)
    return float(found)


def _last(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The last number for which something holds that holds for `low` and not for `high`."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low

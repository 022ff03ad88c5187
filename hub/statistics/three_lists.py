"""A third list, where an agreement grants one: log-linear models that allow lists to depend on each other.

Eight hierarchical models of the seven cells that can be seen (Fienberg 1972), fitted by iterated weighted least
squares. One model serves all strata: that of the least AIC summed over strata, the one of fewer terms where
two are equal. What no list holds is then summed over strata. Dependence of all three at once cannot be seen.
"""

from collections.abc import Sequence
from itertools import chain, combinations
from math import exp
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from hub.statistics.intervals import LEVEL, Interval
from hub.statistics.lines import BirthLine
from hub.statistics.totals import Missed, predictive

CELLS = ((1, 1, 1), (1, 1, 0), (1, 0, 1), (0, 1, 1), (1, 0, 0), (0, 1, 0), (0, 0, 1))
"""On which lists: 1 the household register, 2 the certificates, 3 the third."""
PAIRS = ((0, 1), (0, 2), (1, 2))
MODELS = tuple(chain.from_iterable(combinations(PAIRS, k) for k in range(4)))
"""Which pairs of lists depend on each other, fewest first."""
ROUNDS_MAX = 60
CLOSE = 1e-10
RATE_LOG_MAX = 30.0

Counts = tuple[float, ...]
"""How many are in each of the seven cells."""


class ThreeLists(NamedTuple):
    """All births by three lists, and the model that says so."""

    union: int
    total: float
    interval: Interval
    model: str
    """The pairs that depend on each other, such as 12+13; 1,2,3 where none does."""
    aic: float


def counts_of(lines: Sequence[BirthLine]) -> Counts:
    """How many births are in each cell."""
    found = [(int(line.police), int(line.health), int(line.third)) for line in lines]
    return tuple(float(found.count(cell)) for cell in CELLS)


def three_lists(strata: Sequence[Counts], level: float = LEVEL) -> ThreeLists:
    """The total over strata under the model chosen by the rule above."""
    seen = [counts for counts in strata if sum(counts) > 0]
    fits = [[_fit(counts, pairs) for counts in seen] for pairs in MODELS]
    scores = [sum(fit.aic for fit in group) for group in fits]
    best = min(range(len(MODELS)), key=lambda index: (round(scores[index], 6), index))
    chosen = fits[best]
    absent = (
        Missed(*(sum(part) for part in zip(*(fit.missed for fit in chosen), strict=True))) if chosen else None
    )
    union = round(sum(map(sum, seen)))
    if absent is None:
        return ThreeLists(0, 0.0, Interval(0, 0), name_of(MODELS[best]), 0.0)
    total = union + absent.estimate
    interval = predictive(union, absent, level)
    interval = Interval(min(interval.low, total), max(interval.high, total))
    return ThreeLists(union, total, interval, name_of(MODELS[best]), scores[best])


def name_of(pairs: Sequence[tuple[int, int]]) -> str:
    """The name of a model."""
    return "+".join(f"{a + 1}{b + 1}" for a, b in pairs) or "1,2,3"


class _Fitted(NamedTuple):
    missed: Missed
    aic: float


def _fit(counts: Counts, pairs: Sequence[tuple[int, int]]) -> _Fitted:
    """Fit one model; the constant is the logarithm of what no list holds, since its cell has no other term.

    Cells that happen to be empty are given a little, as in a log-odds ratio, so that every term has a value.
    """
    seen = np.array(counts)
    if (seen == 0).any():
        seen = seen + 0.5 / len(CELLS)
    design = np.array([[1, *cell, *(cell[a] * cell[b] for a, b in pairs)] for cell in CELLS], float)
    terms = _least_squares(design, seen)
    rates = np.exp(np.clip(design @ terms, -RATE_LOG_MAX, RATE_LOG_MAX))
    spread = np.linalg.inv(design.T @ (design * rates[:, None]) + np.eye(design.shape[1]) * 1e-9)[0, 0]
    likelihood = float((seen * np.log(rates) - rates - gammaln(seen + 1)).sum())
    mean = exp(min(float(terms[0]), RATE_LOG_MAX))
    variance = mean**2 * float(spread) + mean
    return _Fitted(Missed(mean, mean, variance), 2 * design.shape[1] - 2 * likelihood)


def _least_squares(design: NDArray[np.float64], seen: NDArray[np.float64]) -> NDArray[np.float64]:
    """The terms under which what was seen is likeliest."""
    terms = np.asarray(np.linalg.lstsq(design, np.log(np.maximum(seen, 0.1)), rcond=None)[0], np.float64)
    for _ in range(ROUNDS_MAX):
        rates = np.exp(np.clip(design @ terms, -RATE_LOG_MAX, RATE_LOG_MAX))
        weighted = design * rates[:, None]
        step = np.linalg.lstsq(design.T @ weighted, design.T @ (seen - rates), rcond=None)[0]
        terms = np.asarray(terms + np.clip(step, -2, 2), np.float64)
        if float(np.abs(step).max()) < CLOSE:
            break
    return np.asarray(terms, np.float64)

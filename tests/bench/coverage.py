"""How often each interval of a dual-system total holds the truth; nominal 95 %.

    python tests/bench/coverage.py [--runs 20000]

Prints, for true counts of 60 to 5,000 and the capture probabilities of two lists, the share of simulated counties
whose interval holds the true total, and its mean length. `default` is what the tables use. Where fewer than about
0.1 births are expected to be missed by both lists, the true total is the union of the lists in more than 97 counties
of 100: no interval of whole numbers that holds its own estimate can then be right less often.
"""

import argparse
from collections.abc import Callable, Sequence
from functools import lru_cache
from math import ceil, floor

import numpy as np

from hub.statistics.completeness import estimate, wilson
from hub.statistics.totals import Lists, log_transformed, missed, predictive, profile_likelihood

CHANCES = ((0.9, 0.8), (0.85, 0.7), (0.97, 0.95), (0.99, 0.98))
COUNTS = (60, 100, 150, 300, 600, 1_000, 2_000, 5_000)
STRATA = {
    "24 towns of 10, .9/.8": [(10, 0.9, 0.8)] * 24,
    "12 strata of 50, .97/.95": [(50, 0.97, 0.95)] * 12,
    "locals .97/.95 and others .7/.6": [(80, 0.97, 0.95)] * 6 + [(20, 0.7, 0.6)] * 6,
}
METHODS: dict[str, Callable[[Lists], tuple[float, float]]] = {
    "default": lambda lists: predictive(lists.union, missed([lists])),
    "log": lambda lists: whole(log_transformed(lists)),
    "profile": profile_likelihood,
}


def whole(interval: tuple[float, float]) -> tuple[int, int]:
    """The whole numbers that an interval touches: births come in whole numbers."""
    return floor(interval[0]), ceil(interval[1])


def drawn(random: np.random.Generator, n: int, first: float, second: float, runs: int) -> np.ndarray:
    """Counties: on both lists, on the first alone, on the second alone, on neither."""
    chances = [first * second, first * (1 - second), (1 - first) * second, (1 - first) * (1 - second)]
    return random.multinomial(n, chances, size=runs)


def coverage(
    method: str, n: int, first: float, second: float, runs: int, seed: int = 1
) -> tuple[float, float]:
    """The share of intervals that hold the true total, and their mean length."""
    interval = lru_cache(None)(METHODS[method])
    right = length = 0.0
    for both, one, two, _ in drawn(np.random.default_rng(seed), n, first, second, runs).tolist():
        low, high = interval(Lists(both, one, two))
        right += low <= n <= high
        length += high - low
    return right / runs, length / runs


def coverage_of_strata(strata: Sequence[tuple[int, float, float]], runs: int, seed: int = 1) -> float:
    """The share of summed intervals that hold the true total."""
    random = np.random.default_rng(seed)
    columns = [drawn(random, n, first, second, runs) for n, first, second in strata]
    true, right = sum(n for n, _, _ in strata), 0
    for run in range(runs):
        low, high = estimate([Lists(*map(float, column[run][:3])) for column in columns]).interval
        right += low <= true <= high
    return right / runs


def coverage_of_share(n: int, share: float, runs: int, seed: int = 1) -> float:
    """The share of Wilson's intervals that hold the true share."""
    hits = np.random.default_rng(seed).binomial(n, share, size=runs).tolist()
    return sum(share in wilson(found, n) for found in hits) / runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=20_000)
    runs = parser.parse_args().runs
    print(f"{'p1/p2':>10} {'N':>6} {'missed':>7}  " + "  ".join(f"{name:>15}" for name in METHODS))
    for first, second in CHANCES:
        for n in COUNTS:
            found = [coverage(name, n, first, second, runs) for name in METHODS]
            said = "  ".join(f"{right:.3f} {length:9.1f}" for right, length in found)
            print(f"{first:>5}/{second:<4} {n:>6} {n * (1 - first) * (1 - second):>7.2f}  {said}")
    for name, strata in STRATA.items():
        print(f"{name}: {coverage_of_strata(strata, runs // 10):.3f}")
    for share in (0.8, 0.9, 0.95, 0.98):
        print(
            f"Wilson, true share {share}: "
            + ", ".join(f"n={n} {coverage_of_share(n, share, runs):.3f}" for n in COUNTS[::2])
        )


if __name__ == "__main__":
    main()

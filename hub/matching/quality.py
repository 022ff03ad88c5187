"""How good a linkage is, against labelled truth: pairwise and B-cubed, with intervals, and by weight."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 400


class Quality(NamedTuple):
    """Precision, recall and their harmonic mean."""

    precision: float
    recall: float
    f1: float


def quality(precision: float, recall: float) -> Quality:
    """Precision and recall with their F1."""
    both = precision + recall
    return Quality(precision, recall, 2 * precision * recall / both if both else 0.0)


def _pairs(count: int) -> int:
    return count * (count - 1) // 2


def pairwise(truth: Mapping[str, str], predicted: Mapping[str, str]) -> Quality:
    """Over pairs of records; a record that was not placed stands alone."""
    found = {record: predicted.get(record, f"alone {record}") for record in truth}
    together = sum(map(_pairs, Counter((found[r], truth[r]) for r in truth).values()))
    said = sum(map(_pairs, Counter(found.values()).values()))
    true = sum(map(_pairs, Counter(truth.values()).values()))
    return quality(together / said if said else 1.0, together / true if true else 1.0)


def bcubed(truth: Mapping[str, str], predicted: Mapping[str, str]) -> Quality:
    """Over records: how pure its cluster is, how much of its entity is in it."""
    found = {record: predicted.get(record, f"alone {record}") for record in truth}
    cells = Counter((found[r], truth[r]) for r in truth)
    clusters, entities = Counter(found.values()), Counter(truth.values())
    count = len(truth) or 1
    precision = sum(n * n / clusters[c] for (c, _), n in cells.items()) / count
    recall = sum(n * n / entities[e] for (_, e), n in cells.items()) / count
    return quality(precision, recall)


class Interval(NamedTuple):
    """Between these bounds with 95 % confidence."""

    low: float
    high: float


class Bounds(NamedTuple):
    """Intervals of precision, recall and F1."""

    precision: Interval
    recall: Interval
    f1: Interval


class Band(NamedTuple):
    """Pairs whose weight is at least `least` bits and less than that of the band above."""

    least: float
    pairs: int
    precision: float


def intervals(truth: Mapping[str, str], predicted: Mapping[str, str], seed: int = 1) -> dict[str, Bounds]:
    """Of pairwise and B-cubed quality, by resampling whole groups of records (Efron 1979).

    Pairs of one person stand or fall together, so what is drawn again and again is what hangs
    together by truth or by prediction, not the single pair.
    """
    sums = _sums_by_group(truth, predicted)
    random = np.random.default_rng(seed)
    drawn = random.poisson(1.0, (RESAMPLES, len(sums))) @ sums
    together, said, true, records, precise, recalled = drawn.T
    return {
        "pairwise": _bounds(_share(together, said), _share(together, true)),
        "bcubed": _bounds(_share(precise, records), _share(recalled, records)),
    }


def _share(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(whole > 0, part / np.maximum(whole, 1e-12), 1.0)


def _bounds(precision: NDArray[np.float64], recall: NDArray[np.float64]) -> Bounds:
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return Bounds(*map(_middle, (precision, recall, f1)))


def _middle(values: NDArray[np.float64]) -> Interval:
    low, high = np.quantile(values, (0.025, 0.975))
    return Interval(float(low), float(high))


def _sums_by_group(truth: Mapping[str, str], predicted: Mapping[str, str]) -> NDArray[np.float64]:
    """For what hangs together by truth or prediction: pairs right, said, true; records, and their B-cubed sums."""
    found = {record: predicted.get(record, f"alone {record}") for record in truth}
    cells = Counter((found[r], truth[r]) for r in truth)
    clusters, entities = Counter(found.values()), Counter(truth.values())
    top: dict[tuple[str, str], tuple[str, str]] = {}

    def find(node: tuple[str, str]) -> tuple[str, str]:
        while (above := top.setdefault(node, node)) != node:
            top[node] = node = top.setdefault(above, above)
        return node

    for cluster, entity in cells:
        top[find(("cluster", cluster))] = find(("entity", entity))
    sums: dict[tuple[str, str], list[float]] = {}
    for (cluster, entity), n in cells.items():
        row = sums.setdefault(find(("entity", entity)), [0.0] * 6)
        shares = (_pairs(n), 0, 0, n, n * n / clusters[cluster], n * n / entities[entity])
        row[:] = (a + b for a, b in zip(row, shares, strict=True))
    for place, kind, counts in ((1, "cluster", clusters), (2, "entity", entities)):
        for name, n in counts.items():
            sums[find((kind, name))][place] += _pairs(n)
    return np.array(list(sums.values()))


def bands(weights: NDArray[np.float64], same: NDArray[np.bool_], edges: Sequence[float]) -> list[Band]:
    """How many pairs lie in each band of weight, and how many of them are right; the strongest first."""
    found, above = [], np.inf
    for least in sorted(edges, reverse=True):
        inside = (weights >= least) & (weights < above)
        count = int(inside.sum())
        found.append(Band(least, count, float(same[inside].mean()) if count else 1.0))
        above = least
    return found

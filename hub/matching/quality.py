"""How good a linkage is, against labelled truth: pairwise and B-cubed."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple


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

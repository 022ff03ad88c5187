"""What a model is learnt from: how common values are, and pairs of profiles.

Shares of values tell what equality of a rare one is worth and which keys are
narrow enough. They are kept by hash, and only of values that several people
have: a model is passed around, and nobody is to be found in it.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hub.matching.blocking import COUNTED, Plan, aspect, candidates
from hub.matching.columns import COLUMN, Columns, Pairs, Rows
from hub.matching.comparisons import COMPARISONS, Comparison
from hub.matching.normalise import stable

Floats = NDArray[np.float64]
FAT_MAX = 500
RANDOM_PAIRS, PAIRS_MAX = 400_000, 2_000_000
COUNT_MIN = 5
"""A value fewer people have is no common one, and telling its share could tell on a person."""
VALUES_MAX = 20_000
"""A model keeps the shares of so many values of a kind, so that it fits into an event."""


@dataclass(slots=True)
class Sample:
    """Pairs to learn from: those that share a block, and the strangers' levels from random pairs."""

    profiles: int
    pairs: Pairs
    levels: dict[str, NDArray[np.int8]]
    counts: dict[str, tuple[Rows, Floats]]
    """By comparison: which pairs are equal in a counted value, and how many profiles have it."""
    strangers: dict[str, Floats]
    every: float
    """How many pairs there are at all."""
    share: float
    """Which part of the pairs that share a block was taken."""


def plan_of(columns: Columns, block_max: float) -> Plan:
    """Which keys are narrow enough, from how common each value is."""
    size = len(columns)
    rows = np.arange(size)
    shares, rest = {}, {}
    for name in COUNTED:
        values, counts = np.unique(aspect(columns, rows, name), return_counts=True)
        common = (values > 0) & (counts >= COUNT_MIN)
        kept, dropped = most_common(dict(zip(values[common].tolist(), counts[common].tolist(), strict=True)))
        shares[name] = {value: count / size for value, count in kept.items()}
        # A value that is left out may be as common as the commonest of them: no key is taken for too narrow.
        rest[name] = max(dropped, default=2) / max(size, 1)
    return Plan(float(size), shares, rest | {"sex": 0.5}, block_max)


def counts_of(columns: Columns, c: Comparison) -> Floats:
    """By code of the counted field, how many profiles have its value."""
    values = columns.derived(c.counted, f"value of {c.name}", c.value)
    per_value = np.bincount(values[columns.codes[: len(columns), COLUMN[c.counted]]])
    counts: Floats = per_value.astype(np.float64)[np.minimum(values, len(per_value) - 1)]
    return counts


def rarity(counts: Floats, sample_size: int, own: float) -> Floats:
    """Which share of strangers have a value that so many profiles have, `own` of them being one person's."""
    share: Floats = np.maximum(counts - own + 1, 2.0) / sample_size
    return share


def common_values(columns: Columns, c: Comparison, own: float) -> tuple[dict[int, float], float]:
    """The shares of values that several people have, by hash; and the share of any other value."""
    counts: Counter[str] = Counter()
    texts = columns.texts[COLUMN[c.counted]].texts
    codes, found = np.unique(columns.codes[: len(columns), COLUMN[c.counted]], return_counts=True)
    for code, count in zip(codes.tolist(), found.tolist(), strict=True):
        if code:
            counts[c.value(texts[code])] += count
    size = len(columns)
    kept, rare = most_common(
        {stable(text): count for text, count in counts.items() if count - own + 1 >= COUNT_MIN}
    )
    common = {value: float(rarity(np.array([count]), size, own)[0]) for value, count in kept.items()}
    rare += [count for count in counts.values() if count - own + 1 < COUNT_MIN]
    weighted = sum(count * max(count - own + 1, 2.0) for count in rare)
    return common, weighted / sum(rare) / size if rare else 2.0 / max(size, 1)


def most_common(counts: Mapping[int, int]) -> tuple[dict[int, int], list[int]]:
    """As many values as a model has room for, the commonest; and the counts of those that are left out."""
    if len(counts) <= VALUES_MAX:
        return dict(counts), []
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return dict(ranked[:VALUES_MAX]), [count for _, count in ranked[VALUES_MAX:]]


def hexed(table: Mapping[int, float]) -> dict[str, float]:
    return {f"{key:016x}": float(f"{share:.6g}") for key, share in sorted(table.items())}


def draw(columns: Columns, plan: Plan, seed: int) -> Sample:
    """The pairs to learn from."""
    random = np.random.default_rng(seed)
    size = len(columns)
    every = max(1.0, size * (size - 1) / 2)
    left, right = candidates(columns, np.arange(size), plan, FAT_MAX)
    codes = left * size + right
    a, b = random.integers(0, size, (2, RANDOM_PAIRS))
    apart = np.setdiff1d(np.minimum(a, b) * size + np.maximum(a, b), codes)
    apart = apart[apart // size != apart % size]
    total = len(left)
    if total > PAIRS_MAX:
        taken = np.sort(random.choice(total, PAIRS_MAX, replace=False))
        left, right = left[taken], right[taken]
    share = len(left) / total if total else 1.0
    pairs, random_pairs = Pairs(columns, left, right), Pairs(columns, apart // size, apart % size)
    weight = (every - total) * share / max(1, len(apart))
    levels, strangers, counts = {}, {}, {}
    for c in COMPARISONS.values():
        found = c.levels_of(pairs)
        if found is not None:
            levels[c.name] = found
            strangers[c.name] = count_levels(c.find(random_pairs), None, len(c.levels)) * weight
            if c.counted:
                same = np.flatnonzero((found >= 0) & (found < c.counted_levels))
                counts[c.name] = same, counts_of(columns, c)[pairs.codes(c.counted)[0][same]]
    return Sample(size, pairs, levels, counts, strangers, every * share, share)


def count_levels(levels: NDArray[np.int8], weights: Floats | None, size: int) -> Floats:
    known = levels >= 0
    counted = np.bincount(levels[known], None if weights is None else weights[known], size)
    return counted.astype(np.float64)

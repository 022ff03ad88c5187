"""How common values are: what equality of a rare one is worth, and which keys are narrow enough.

Kept as shares by hash, and only of values that several people have: a model is
passed around, and nobody is to be found in it.
"""

from collections import Counter
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from hub.matching.blocking import COUNTED, Plan, aspect
from hub.matching.columns import COLUMN, Columns
from hub.matching.comparisons import Comparison
from hub.matching.normalise import stable

Floats = NDArray[np.float64]
COUNT_MIN = 5
"""A value fewer people have is no common one, and telling its share could tell on a person."""


def plan_of(columns: Columns, block_max: float) -> Plan:
    """Which keys are narrow enough, from how common each value is."""
    size = len(columns)
    rows = np.arange(size)
    shares, rest = {}, {}
    for name in COUNTED:
        values, counts = np.unique(aspect(columns, rows, name), return_counts=True)
        common = (values > 0) & (counts >= COUNT_MIN)
        shares[name] = dict(zip(values[common].tolist(), (counts[common] / size).tolist(), strict=True))
        rest[name] = 2.0 / max(size, 1)
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
    common = {
        stable(text): float(rarity(np.array([count]), size, own)[0])
        for text, count in counts.items() if count - own + 1 >= COUNT_MIN
    }  # fmt: skip
    rare = [count for count in counts.values() if count - own + 1 < COUNT_MIN]
    weighted = sum(count * max(count - own + 1, 2.0) for count in rare)
    return common, weighted / sum(rare) / size if rare else 2.0 / max(size, 1)


def hexed(table: Mapping[int, float]) -> dict[str, float]:
    return {f"{key:016x}": float(f"{share:.6g}") for key, share in sorted(table.items())}

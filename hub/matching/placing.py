"""Where all of a set of profiles belong, worked out in one go.

The same people as placing them one by one, since those do not depend on the
order of arrival: for the moment at which another model takes over, for trying
a model before it does, and for measuring one against labelled truth.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from hub.matching.blocking import BLOCK_PROFILES_MAX, candidates
from hub.matching.clusters import (
    NOBODY,
    UNSAID,
    Component,
    Edge,
    Placement,
    Said,
    all_pairs,
    connected,
    people_in,
    placements,
)
from hub.matching.columns import Columns, Pairs, Rows
from hub.matching.model import Model, Weights

PAIRS_AT_ONCE = 500_000


class Near(NamedTuple):
    """Pairs of rows that share a block, the lower row first, and what they weigh."""

    left: Rows
    right: Rows
    weights: Weights


class Placed(NamedTuple):
    """By profile id where it belongs; and the pairs that only people can tell apart, with their weights."""

    places: dict[int, Placement]
    held: list[tuple[int, int, float]]


def near(columns: Columns, model: Model) -> Near:
    """All pairs worth comparing."""
    left, right = candidates(columns, np.arange(len(columns)), model.plan, BLOCK_PROFILES_MAX)
    return Near(left, right, weighed(columns, left, right, model))


def weighed(columns: Columns, left: Rows, right: Rows, model: Model) -> Weights:
    """The weights of many pairs, a bounded number at a time."""
    parts = [
        model.weigh(Pairs(columns, left[start : start + PAIRS_AT_ONCE], right[start : start + PAIRS_AT_ONCE]))
        for start in range(0, len(left), PAIRS_AT_ONCE)
    ]
    return np.concatenate(parts) if parts else np.zeros(0)


def place_all(
    columns: Columns, anchors: Mapping[int, str], model: Model, said: Said = UNSAID, pairs: Near | None = None
) -> Placed:
    """Where these profiles belong; `anchors` names a cluster by its least text."""
    found = near(columns, model) if pairs is None else pairs
    linked = found.weights >= model.link
    edges = set(zip(found.left[linked].tolist(), found.right[linked].tolist(), strict=True))
    apart, together = (_rows(columns, pairs) for pairs in said)
    edges = (edges - apart) | (together - apart)
    places: dict[int, Placement] = {}
    several: list[list[int]] = []
    ids = columns.ids
    for rows in connected(len(columns), edges):
        if len(rows) > 1:
            several.append(sorted(rows, key=ids.item))
        else:
            pid = int(ids[rows[0]])
            places[pid] = Placement(anchors[pid], pid, 0.0, None)
    said_by_row = _by_row(apart), _by_row(together)
    for groups in _portions(several):
        components = list(_components(columns, groups, model, *said_by_row))
        places |= placements(components, people_in(components, columns, model), columns, anchors)
    return Placed(places, _held(columns, found, model))


def _rows(columns: Columns, pairs: Collection[Edge]) -> set[Edge]:
    """Pairs of profile ids as pairs of rows, the lower first; those that are not here say nothing."""
    rows = columns.rows
    known = ((rows.get(a), rows.get(b)) for a, b in pairs)
    return {(min(a, b), max(a, b)) for a, b in known if a is not None and b is not None}


def _portions(groups: Sequence[list[int]]) -> Iterator[list[list[int]]]:
    """Groups in portions of a bounded number of pairs; a larger group is a portion of its own."""
    portion: list[list[int]] = []
    pairs = 0
    for rows in groups:
        portion.append(rows)
        pairs += len(rows) * (len(rows) - 1) // 2
        if pairs >= PAIRS_AT_ONCE:
            yield portion
            portion, pairs = [], 0
    if portion:
        yield portion


def _components(
    columns: Columns,
    groups: Sequence[list[int]],
    model: Model,
    apart: Mapping[int, set[Edge]],
    together: Mapping[int, set[Edge]],
) -> Iterator[Component]:
    rows = np.array([row for group in groups for row in group], np.int64)
    left, right = all_pairs([len(group) for group in groups])
    weights = weighed(columns, rows[left], rows[right], model)
    start = 0
    for group in groups:
        end = start + len(group) * (len(group) - 1) // 2
        yield Component(group, weights[start:end], _within(group, apart), _within(group, together))
        start = end


def _within(group: Sequence[int], pairs: Mapping[int, set[Edge]]) -> Collection[Edge]:
    """Pairs of rows, looked up by the lower one, as pairs of places in a group."""
    if not pairs:
        return NOBODY
    at = {row: place for place, row in enumerate(group)}
    inside = [(at[a], at[b]) for row in group for a, b in pairs.get(row, ()) if b in at]
    return {(min(a, b), max(a, b)) for a, b in inside}


def _by_row(pairs: Iterable[Edge]) -> dict[int, set[Edge]]:
    found: dict[int, set[Edge]] = {}
    for pair in pairs:
        found.setdefault(pair[0], set()).add(pair)
    return found


def _held(columns: Columns, found: Near, model: Model) -> list[tuple[int, int, float]]:
    between = np.flatnonzero((found.weights >= model.review) & (found.weights < model.link))
    one, two = columns.ids[found.left[between]], columns.ids[found.right[between]]
    low, high = np.minimum(one, two).tolist(), np.maximum(one, two).tolist()
    return sorted(zip(low, high, found.weights[between].tolist(), strict=True))

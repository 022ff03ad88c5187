"""Linking in memory: profiles placed as they arrive, the same people in any order of arrival.

What the hub does over its tables, without tables: for measuring models, for
trying one before it is adopted, and wherever the profiles fit in memory. A
batch costs a handful of operations on all its pairs at once, and only the
components that it touches are resolved again.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from hub.matching.blocking import keys_of
from hub.matching.clusters import Component, people_in
from hub.matching.columns import Columns, Pairs, Rows
from hub.matching.model import Model, Weights
from hub.matching.profile import Profile

FAT_MAX = 1_000
"""A key that more profiles share than this is asked no more; `fat` counts them."""


class Linker:
    """Profiles, their blocks, and the people they make."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.columns = Columns()
        self.compared = 0
        self.fat: set[int] = set()
        self._blocks: dict[int, list[int]] = {}
        self._component: list[int] = []
        """By row, the least row of its component."""
        self._members: dict[int, list[int]] = {}
        self._weights: dict[int, float] = {}
        """Of pairs inside a component; a pair is its lower row shifted left, plus its higher one."""
        self._person: list[int] = []

    def add(self, profiles: Sequence[Profile]) -> None:
        """Place a batch."""
        start = len(self.columns)
        self.columns.add(profiles)
        end = len(self.columns)
        self._component.extend(range(start, end))
        self._person.extend(range(start, end))
        left, right = self._candidates(np.arange(start, end))
        self.compared += len(left)
        weights = self.model.weigh(Pairs(self.columns, left, right))
        touched: set[int] = set()
        linked = np.flatnonzero(weights >= self.model.link)
        for a, b in zip(left[linked].tolist(), right[linked].tolist(), strict=True):
            touched.add(self._connect(a, b))
        if touched:
            self._note(left, right, weights)
            self._resolve(top for top in touched if top in self._members)

    def people(self) -> dict[int, int]:
        """By profile id, the id of the first profile of its person."""
        ids = self.columns.ids
        return {pid: int(ids[self._person[row]]) for pid, row in self.columns.rows.items()}

    def _candidates(self, rows: Rows) -> tuple[Rows, Rows]:
        """Pairs of new rows with whoever shares a key, lower row first, each once."""
        blocks, size = self._blocks, len(self.columns)
        mine: list[int] = []
        counts: list[int] = []
        others: list[int] = []
        for _, which, keys in keys_of(self.columns, rows, self.model.plan):
            for row, key in zip(rows[which].tolist(), keys.tolist(), strict=True):
                block = blocks.get(key)
                if block is None:
                    blocks[key] = [row]
                    continue
                if len(block) > FAT_MAX:
                    self.fat.add(key)
                else:
                    mine.append(row)
                    counts.append(len(block))
                    others += block
                block.append(row)
        codes = np.unique(np.array(others, np.int64) * size + np.repeat(np.array(mine, np.int64), counts))
        low, high = codes // size, codes % size
        apart = low != high
        return np.minimum(low, high)[apart], np.maximum(low, high)[apart]

    def _connect(self, a: int, b: int) -> int:
        """Make one component of those of two rows; the row that names it."""
        tops, members = self._component, self._members
        top, other = sorted((tops[a], tops[b]))
        if top != other:
            joined = members.pop(other, [other])
            for row in joined:
                tops[row] = top
            members.setdefault(top, [top]).extend(joined)
        return top

    def _note(self, left: Rows, right: Rows, weights: Weights) -> None:
        """Keep the weights of pairs that are inside one component by now."""
        top, known = self._component, self._weights
        for a, b, weight in zip(left.tolist(), right.tolist(), weights.tolist(), strict=True):
            if top[a] == top[b]:
                known[(a << 32) + b] = weight

    def _resolve(self, tops: Iterable[int]) -> None:
        """The people of these components, after weighing those pairs in them that shared no block."""
        known = self._weights
        # By profile id, not by row: who came first must not decide between equals.
        by_id = self.columns.ids.item
        groups = [sorted(self._members[top], key=by_id) for top in tops]
        pairs = [[_pair(a, b) for i, a in enumerate(rows) for b in rows[i + 1 :]] for rows in groups]
        unknown = np.array([pair for inside in pairs for pair in inside if pair not in known], np.int64)
        if len(unknown):
            more = self.model.weigh(Pairs(self.columns, unknown >> 32, unknown & 0xFFFFFFFF))
            known.update(zip(unknown.tolist(), more.tolist(), strict=True))
        components = [
            Component(rows, np.fromiter(map(known.__getitem__, inside), np.float64, len(inside)))
            for rows, inside in zip(groups, pairs, strict=True)
        ]
        person = self._person
        for rows, people in zip(groups, people_in(components, self.columns, self.model), strict=True):
            for places in people:
                first = min(rows[place] for place in places)
                for place in places:
                    person[rows[place]] = first


def _pair(a: int, b: int) -> int:
    return (a << 32) + b if a < b else (b << 32) + a

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
        top = self._component
        linked = np.flatnonzero(weights >= self.model.link)
        for a, b in zip(left[linked].tolist(), right[linked].tolist(), strict=True):
            if top[a] != top[b]:
                self._connect(top[a], top[b])
            touched.add(top[a])
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

    def _connect(self, one: int, two: int) -> None:
        """Make one component of two, named by its least row."""
        top, other = (one, two) if one < two else (two, one)
        joined = self._members.pop(other, [other])
        for row in joined:
            self._component[row] = top
        self._members.setdefault(top, [top]).extend(joined)

    def _note(self, left: Rows, right: Rows, weights: Weights) -> None:
        """Keep the weights of pairs that are inside one component by now."""
        top = self._component.__getitem__
        one, two = (np.fromiter(map(top, side.tolist()), np.int64, len(side)) for side in (left, right))
        inside = np.flatnonzero(one == two)
        pairs = ((left[inside] << 32) + right[inside]).tolist()
        self._weights.update(zip(pairs, weights[inside].tolist(), strict=True))

    def _resolve(self, tops: Iterable[int]) -> None:
        """The people of these components, after weighing those pairs in them that shared no block."""
        known = self._weights
        groups = [sorted(self._members[top]) for top in tops]
        pairs = [[(a << 32) + b for i, a in enumerate(rows) for b in rows[i + 1 :]] for rows in groups]
        unknown = np.array([pair for inside in pairs for pair in inside if pair not in known], np.int64)
        if len(unknown):
            more = self.model.weigh(Pairs(self.columns, unknown >> 32, unknown & 0xFFFFFFFF))
            known.update(zip(unknown.tolist(), more.tolist(), strict=True))
        link, unclear = self.model.link, []
        for rows, inside in zip(groups, pairs, strict=True):
            if min(map(known.__getitem__, inside)) >= link:
                self._settle(rows)
            else:
                unclear.append(self._by_id(rows))
        for component, people in zip(unclear, people_in(unclear, self.columns, self.model), strict=True):
            for places in people:
                self._settle([component.rows[place] for place in places])

    def _by_id(self, rows: Sequence[int]) -> Component:
        """A component in order of profile id: who came first must not decide between equals."""
        known = self._weights
        rows = sorted(rows, key=self.columns.ids.item)
        pairs = ((a, b) if a < b else (b, a) for i, a in enumerate(rows) for b in rows[i + 1 :])
        return Component(rows, np.array([known[(a << 32) + b] for a, b in pairs]))

    def _settle(self, rows: Sequence[int]) -> None:
        """These are one person."""
        first, person = min(rows), self._person
        for row in rows:
            person[row] = first

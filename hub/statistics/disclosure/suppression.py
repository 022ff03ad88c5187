"""Withholding small counts, and as few others as keep them from being worked out.

For each small count a witness is looked for: other sizes of the groups, in which that count is larger by the
threshold and nothing that is published differs. The cheapest change that makes one is a linear program; the
published counts that it changes are withheld too. Withholding more spoils no witness, so at the end every small
count has one, and every count withheld for its sake has one in which it differs by one at least: no bound that
linear programs draw from the published counts (`attack`) can shut either out.

What earlier releases told is known for good where it is still so, and what they withheld stays withheld, so that
comparing releases tells no more than any one of them. Where a small count follows from what was told before, no
witness exists: it is withheld and said to be exposed.
"""

from collections.abc import Callable, Collection, Hashable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.statistics.disclosure import Release, Rows
from hub.statistics.disclosure.witness import CLOSE, Witnesses

THRESHOLD = 5
"""Counts of one to four are small."""
ROUND = 20
"""After so many counts were seen to one by one, all the others are tried at once."""


class Given(NamedTuple):
    """What earlier releases told and withheld."""

    told: Mapping[Hashable, Collection[int]] = MappingProxyType({})
    """Every value that any of them told of a count."""
    withheld: Collection[Hashable] = frozenset()


class Pattern(NamedTuple):
    """What not to publish of a release."""

    withheld: frozenset[Hashable]
    exposed: frozenset[Hashable]
    """Of these, small ones that follow from what earlier releases gave."""


NOTHING = Given()


def withheld(
    release: Release,
    threshold: int = THRESHOLD,
    wanted: Callable[[Any], float] = lambda key: 1.0,
    given: Given = NOTHING,
) -> Pattern:
    """The counts not to publish: small ones, and those that would give them away.

    `wanted` says how much more than another of its size a count is wanted: it is withheld only where others cannot
    help. Counts that are not of this release but were `given` by earlier ones must be among its counts.
    """
    rows = release.rows()
    search = _Search(release, rows, threshold, _costs(release, rows, wanted), given)
    search.protect()
    hidden = frozenset(
        key for key, row in zip(release.keys, rows.of, strict=True)
        if key in given.withheld or (row >= 0 and row in search.hidden)
    )  # fmt: skip
    exposed = frozenset(
        key for key, row in zip(release.keys, rows.of, strict=True) if row >= 0 and row in search.exposed
    )
    return Pattern(hidden, exposed)


def _costs(release: Release, rows: Rows, wanted: Callable[[Any], float]) -> NDArray[np.float64]:
    """What it costs to hide a row: more for large counts, and for all that count the same."""
    cost = np.zeros(len(rows.values))
    for key, row in zip(release.keys, rows.of, strict=True):
        if row >= 0:
            cost[row] += wanted(key) * (1.0 + rows.values[row])
    return cost


class _Search:
    """Rows that must be hidden, and how far witnesses found so far are from the true county in each."""

    def __init__(
        self, release: Release, rows: Rows, threshold: int, cost: NDArray[np.float64], given: Given
    ) -> None:
        self._width = threshold
        self._small = [row for row, value in enumerate(rows.values) if 0 < value < threshold]
        self._up, self._down = np.zeros(len(rows.values)), np.zeros(len(rows.values))
        places = dict(zip(release.keys, map(int, rows.of), strict=True))
        known = {
            places[key] for key, values in given.told.items()
            if places.get(key, -1) >= 0 and rows.values[places[key]] in values
        }.difference(self._small)  # fmt: skip
        before = {places[key] for key in given.withheld if places.get(key, -1) >= 0}
        self.hidden: set[int] = (before - known).union(self._small)
        self.exposed: set[int] = set()
        self._witnesses = Witnesses(rows, release.sizes, cost, threshold)
        self._witnesses.hide(self.hidden)
        self._witnesses.keep(known)

    def protect(self) -> None:
        """Find a witness for every small row, then for every other that had to be hidden."""
        self._seen_to(self._small, self._width)
        done = set(self._small)
        while todo := sorted(self.hidden - done):
            self._seen_to(todo, 1)
            done.update(todo)

    def _seen_to(self, rows: list[int], width: int) -> None:
        for number, row in enumerate(rows):
            if number % ROUND == 0:
                self._all_at_once(rows[number:], width)
            if self._spread(row) < width:
                self._one(row, width)

    def _one(self, row: int, width: int) -> None:
        """The cheapest witness; the widest there is where what was given before leaves none of that width."""
        for less in range(width, 0, -1):
            if self._spread(row) >= less:
                return
            if (found := self._witnesses.cheapest(row, less)) is not None:
                self._take(found)
                return
        self.exposed.add(row)

    def _all_at_once(self, rows: list[int], width: int) -> None:
        """Try what is hidden already: as long as that gives witnesses, nothing more need be."""
        while todo := [row for row in rows if self._spread(row) < width]:
            found = self._witnesses.together(todo)
            if found is None:
                return
            self._take(found)
            if all(self._spread(row) < width for row in todo):
                return

    def _spread(self, row: int) -> float:
        """How far a witness is from the true county in a row; bounds in whole numbers hold both."""
        return float(max(self._up[row], self._down[row]))

    def _take(self, changes: NDArray[np.float64]) -> None:
        new = {int(row) for row in np.nonzero(np.abs(changes) > CLOSE)[0]} - self.hidden
        self.hidden |= new
        self._witnesses.hide(new)
        self._up = np.maximum(self._up, changes + CLOSE)
        self._down = np.maximum(self._down, CLOSE - changes)

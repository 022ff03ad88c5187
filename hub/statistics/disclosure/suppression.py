"""Withholding small counts, and as few others as keep them from being worked out.

For each small count a witness is looked for: other sizes of the groups, in which that count is larger by the
threshold and nothing that is published differs. The cheapest change that makes one is a linear program; the
published counts that it changes are withheld too. Withholding more spoils no witness, so at the end every small
count has one, and every count withheld for its sake has one in which it differs by one at least: no bound that
linear programs draw from the published counts (`attack`) can shut either out.
"""

from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, eye_array, hstack, vstack

from hub.statistics.disclosure import Release

THRESHOLD = 5
"""Counts of one to four are small."""
CLOSE = 1e-6
Vector = NDArray[np.float64]


def withheld(
    release: Release, threshold: int = THRESHOLD, wanted: Callable[[Any], float] = lambda key: 1.0
) -> frozenset[Hashable]:
    """The counts not to publish: small ones, and those that would give them away.

    `wanted` says how much more than another of its size a count is wanted: it is withheld only where others cannot help.
    """
    search = _Search(release, release.small(threshold), np.array([wanted(key) for key in release.keys]))
    search.protect(threshold)
    return frozenset(release.keys[index] for index in search.hidden)


class _Search:
    """Witnesses found so far, and what must be hidden for them."""

    def __init__(self, release: Release, small: list[int], wanted: Vector) -> None:
        self._release, self._small = release, small
        self._cost = wanted * (1.0 + release.values)
        self.hidden = set(small)
        cells, groups = release.matrix.shape
        self._up: Vector = np.zeros(cells)
        self._down: Vector = np.zeros(cells)
        change = hstack([release.matrix, -release.matrix])
        slack = eye_array(cells)
        nothing = csr_array((cells, cells))
        # A published count changes by no more than its slack, either way; no count falls to zero.
        self._rows = vstack([
            hstack([change, -slack]), hstack([change, slack]), hstack([change, nothing]),
        ]).tocsr()  # fmt: skip
        free, none = np.full(cells, np.inf), np.zeros(cells)
        self._lows = np.concatenate([-free, none, np.minimum(0.0, 1.0 - release.values)])
        self._highs = np.concatenate([none, free, free])
        self._bounds = Bounds(0, np.concatenate([np.full(groups, np.inf), release.sizes, free]))

    def protect(self, width: int) -> None:
        """Find a witness for every small count, then for every other that had to be hidden."""
        for index in self._small:
            if self._spread(index) < width:
                self._witness(index, width)
        done = set(self._small)
        while todo := sorted(self.hidden - done):
            for index in todo:
                if self._spread(index) < 1:
                    self._witness(index, 1)
                done.add(index)

    def _spread(self, index: int) -> float:
        """How far a witness is from the true county in a count; bounds in whole numbers hold both."""
        return float(max(self._up[index], self._down[index]))

    def _witness(self, index: int, width: int) -> None:
        by_cell = self._release.matrix @ self._cheapest(index, width)
        self.hidden.update(int(i) for i in np.nonzero(np.abs(by_cell) > CLOSE)[0])
        self._up = np.maximum(self._up, by_cell + CLOSE)
        self._down = np.maximum(self._down, CLOSE - by_cell)

    def _cheapest(self, index: int, width: int) -> Vector:
        """The change of groups that raises a count by `width` and costs the published counts least."""
        cells, groups = self._release.matrix.shape
        hidden = np.zeros(cells, bool)
        hidden[list(self.hidden)] = True
        # A little for each group keeps the answer from wandering where everything is hidden already.
        cost = np.concatenate([np.full(2 * groups, 1e-3), np.where(hidden, 0.0, self._cost)])
        row = self._release.matrix[[index]]
        target = hstack([row, -row, csr_array((1, cells))])
        constraints = [
            LinearConstraint(self._rows, self._lows, self._highs),
            LinearConstraint(target.tocsr(), width, width),
        ]
        done = milp(cost, bounds=self._bounds, constraints=constraints)
        if done.x is None:
            return self._everything(index, width)
        return np.asarray(done.x[:groups] - done.x[groups : 2 * groups])

    def _everything(self, index: int, width: int) -> Vector:
        """More lines of the count's first group: always a witness, at the price of all that counts them."""
        _, groups = self._release.matrix.shape
        row = self._release.matrix[[index]]
        changed = np.zeros(groups)
        changed[row.indices[0]] = np.ceil(width / row.data[0])
        return changed

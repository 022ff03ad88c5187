"""An honest attack: what somebody who has all published counts can say of each one that was withheld."""

from collections.abc import Collection, Hashable
from math import ceil, floor

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import vstack

from hub.statistics.disclosure import Release
from hub.statistics.intervals import Interval

CLOSE = 1e-6


def bounds(
    release: Release, withheld: Collection[Hashable], wanted: Collection[Hashable] | None = None
) -> dict[Hashable, Interval]:
    """The smallest and largest value that each withheld count can have, by linear programs over all counts.

    `wanted` are those to find bounds of; None: all of them.

    Only published counts go in, and what is known of the rest: groups are not negative, and no withheld count is zero.
    """
    hidden = [i for i, key in enumerate(release.keys) if key in withheld]
    if not hidden:
        return {}
    shown = [i for i, key in enumerate(release.keys) if key not in withheld]
    stacked = vstack([release.matrix[hidden], release.matrix[shown]]).tocsr()
    published = release.values[shown].astype(float)
    known = LinearConstraint(
        stacked,
        np.concatenate([np.ones(len(hidden)), published]),
        np.concatenate([np.full(len(hidden), np.inf), published]),
    )
    found: dict[Hashable, Interval] = {}
    for index in hidden:
        if wanted is not None and release.keys[index] not in wanted:
            continue
        row = release.matrix[[index]].toarray()[0]
        low, high = (_extreme(sign * row, known) for sign in (1, -1))
        found[release.keys[index]] = Interval(
            ceil(low - CLOSE) if np.isfinite(low) else low,
            floor(CLOSE - high) if np.isfinite(high) else -high,
        )
    return found


def _extreme(goal: "np.ndarray[tuple[int], np.dtype[np.float64]]", known: LinearConstraint) -> float:
    """The least value of a goal; minus infinity where there is none."""
    done = milp(goal, constraints=known, bounds=Bounds(0, np.inf))
    return float(done.fun) if done.success else -np.inf

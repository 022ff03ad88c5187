"""Rounding all counts to a base, so that sums still add up: an alternative to withholding small ones.

Groups are rounded up or down to multiples of the base, chosen so that every count, being the sum of its rounded
groups, misses the truth by less than the base where that can be, and by little in all. Since rounded counts add
up, comparing them gives away no more than the rounded groups: any group may have been up to one less than the base
larger, or smaller, than it looks.
"""

from collections.abc import Hashable

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, diags_array, eye_array, hstack, vstack

from hub.statistics.disclosure import Release

BASES = (3, 5)
NODES_MAX = 200
BEYOND_COST = 1_000.0


def rounded(release: Release, base: int) -> dict[Hashable, int]:
    """Every count, rounded."""
    if base not in BASES:
        raise ValueError(f"counts are rounded to {' or '.join(map(str, BASES))}, not {base}")
    cells, groups = release.matrix.shape
    if groups == 0:
        return dict.fromkeys(release.keys, 0)
    floor, rest = np.divmod(release.sizes, base)
    offset = release.matrix @ (floor * base - release.sizes)
    change = release.matrix @ diags_array(np.full(groups, float(base)))
    error, nothing = eye_array(cells), csr_array((cells, cells))
    free = np.full(cells, np.inf)
    # |change + offset| <= error, of which all but the part beyond the base is cheap.
    constraints = [
        LinearConstraint(vstack([hstack([change, -error, nothing]), hstack([change, error, nothing])]).tocsr(),
                         np.concatenate([-free, -offset]), np.concatenate([-offset, free])),
        LinearConstraint(hstack([csr_array((cells, groups)), error, -error]).tocsr(), -free, base - 1),
    ]  # fmt: skip
    upper = np.concatenate([(rest > 0).astype(float), free, free])
    kinds = np.concatenate([np.ones(groups), np.zeros(2 * cells)])
    cost = np.concatenate([np.zeros(groups), np.ones(cells), np.full(cells, BEYOND_COST)])
    done = milp(cost, integrality=kinds, bounds=Bounds(0, upper), constraints=constraints,
                options={"node_limit": NODES_MAX, "mip_rel_gap": 0.02})  # fmt: skip
    up = np.round(done.x[:groups]) if done.x is not None else np.round(rest / base)
    values = release.matrix @ ((floor + up) * base)
    return {key: round(float(value)) for key, value in zip(release.keys, values, strict=True)}

"""From weighted pairs to people: a function of the set, never of the order.

Pairs that share a block and weigh enough connect profiles into components.
Inside a component the strongest pairs are joined first, and two clusters stay
apart when any pair across them speaks clearly against it.
"""

from collections.abc import Mapping
from itertools import combinations
from typing import NamedTuple

from hub.matching.model import Model
from hub.matching.profile import Profile


class Placement(NamedTuple):
    """Where one profile belongs, and the strongest reason."""

    person_anchor: str
    component: int
    weight: float
    via: int | None


def resolve(members: Mapping[int, Profile], anchors: Mapping[int, str], model: Model) -> dict[int, Placement]:
    """Places for all members; `anchors` names a cluster by its least text."""
    if len(members) == 1:
        (pid,) = members
        return {pid: Placement(anchors[pid], pid, 0.0, None)}
    ids = sorted(members)
    keys = {pid: frozenset(model.block_keys(members[pid])) for pid in ids}
    weights: dict[tuple[int, int], float] = {}
    links: list[tuple[float, int, int]] = []
    for a, b in combinations(ids, 2):
        weight = weights[a, b] = model.weight(members[a], members[b])
        if weight >= model.link and keys[a] & keys[b]:
            links.append((-weight, a, b))
    links.sort()
    components = _connected(ids, links)
    clusters = _agglomerate(ids, links, weights, model.veto)
    placed: dict[int, Placement] = {}
    for pid in ids:
        cluster = clusters[pid]
        anchor = min(anchors[other] for other in cluster)
        pairs = [(-weights[min(pid, o), max(pid, o)], o) for o in cluster if o != pid]
        weight, via = min(pairs) if pairs else (0.0, None)
        placed[pid] = Placement(anchor, components[pid], -weight, via)
    return placed


def _connected(ids: list[int], links: list[tuple[float, int, int]]) -> dict[int, int]:
    """Each profile's component, named by its least member."""
    top = {pid: pid for pid in ids}

    def find(pid: int) -> int:
        while top[pid] != pid:
            pid = top[pid]
        return pid

    for _, a, b in links:
        low, high = sorted((find(a), find(b)))
        top[high] = low
    return {pid: find(pid) for pid in ids}


def _agglomerate(
    ids: list[int],
    links: list[tuple[float, int, int]],
    weights: Mapping[tuple[int, int], float],
    veto: float,
) -> dict[int, list[int]]:
    """Each profile's cluster: strongest links first, no join across a veto."""
    clusters = {pid: [pid] for pid in ids}
    for _, a, b in links:
        left, right = clusters[a], clusters[b]
        if left is right:
            continue
        if all(weights[min(x, y), max(x, y)] > veto for x in left for y in right):
            joined = left + right
            for pid in joined:
                clusters[pid] = joined
    return clusters

"""From weighted pairs to people: a function of the set, never of the order.

Pairs that share a block and weigh enough connect profiles into components.
Inside a component clusters join while, on average over all pairs across them,
the evidence says one person (correlation clustering, Bansal, Blum and Chawla
2004, solved greedily; average linkage of Sokal and Michener 1958). So one
chance likeness does not chain two families together, and one damaged copy does
not split a person. Two clusters stay apart when any pair across them speaks
clearly against it, and always when a person has said so.
"""

import heapq
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from hub.matching.columns import Pairs, Rows
from hub.matching.model import Model, Weights
from hub.matching.profile import Profile

CLIP = 15.0
"""Bits beyond which a pair's vote counts no more: one in 30,000 is as sure as a single pair can be."""
NOBODY: frozenset[tuple[int, int]] = frozenset()


class Placement(NamedTuple):
    """Where one profile belongs, and the strongest reason."""

    person_anchor: str
    component: int
    weight: float
    via: int | None


class Said(NamedTuple):
    """What people have said of pairs of profiles, the smaller id first; `apart` is never overridden."""

    apart: Collection[tuple[int, int]] = NOBODY
    together: Collection[tuple[int, int]] = NOBODY


UNSAID = Said()


def resolve(
    members: Mapping[int, Profile], anchors: Mapping[int, str], model: Model, said: Said = UNSAID
) -> dict[int, Placement]:
    """Places for all members; `anchors` names a cluster by its least text."""
    return resolve_all((members,), anchors, model, said)


def resolve_all(
    groups: Iterable[Mapping[int, Profile]], anchors: Mapping[int, str], model: Model, said: Said = UNSAID
) -> dict[int, Placement]:
    """Places for the members of many groups that have nothing to do with each other, weighed in one go."""
    placed: dict[int, Placement] = {}
    several: list[list[int]] = []
    profiles: list[Profile] = []
    for members in groups:
        ids = sorted(members)
        if len(ids) == 1:
            placed[ids[0]] = Placement(anchors[ids[0]], ids[0], 0.0, None)
        elif ids:
            several.append(ids)
            profiles.extend(members[pid] for pid in ids)
    if several:
        columns = model.remember(profiles)
        rows = columns.rows_of(profile[0] for profile in profiles)
        left, right = _all_pairs([len(ids) for ids in several])
        weights = model.weigh(Pairs(columns, rows[left], rows[right]))
        keys = dict(zip((p[0] for p in profiles), map(frozenset, model.block_keys_of(profiles)), strict=True))
        start = 0
        for ids in several:
            end = start + len(ids) * (len(ids) - 1) // 2
            matrix = _square(len(ids), weights[start:end])
            placed |= place(ids, matrix, [keys[pid] for pid in ids], anchors, model, said)
            start = end
    return placed


def _all_pairs(sizes: Sequence[int]) -> tuple[Rows, Rows]:
    """All pairs inside each of several runs of consecutive places."""
    lefts, rights, start = [], [], 0
    for size in sizes:
        a, b = np.triu_indices(size, 1)
        lefts.append(a + start)
        rights.append(b + start)
        start += size
    return np.concatenate(lefts), np.concatenate(rights)


def _square(size: int, upper: Weights) -> list[list[float]]:
    matrix = np.zeros((size, size))
    matrix[np.triu_indices(size, 1)] = upper
    whole: list[list[float]] = (matrix + matrix.T).tolist()
    return whole


def place(
    ids: Sequence[int], weights: Sequence[Sequence[float]], keys: Sequence[frozenset[int]],
    anchors: Mapping[int, str], model: Model, said: Said = UNSAID,
) -> dict[int, Placement]:  # fmt: skip
    """Places for profiles whose weights are known; ids in ascending order."""
    size = len(ids)
    at = {pid: index for index, pid in enumerate(ids)}
    apart, together = ({(at[a], at[b]) for a, b in pairs if a in at and b in at} for pairs in said)
    together -= apart
    links = [
        (a, b) for a in range(size) for b in range(a + 1, size)
        if (weights[a][b] >= model.link and keys[a] & keys[b] and (a, b) not in apart) or (a, b) in together
    ]  # fmt: skip
    placed: dict[int, Placement] = {}
    for component in connected(size, links):
        for cluster in agglomerate(component, weights, model, apart, together):
            anchor = min(anchors[ids[index]] for index in cluster)
            for index in cluster:
                best = max(
                    (other for other in cluster if other != index),
                    key=lambda o: (weights[index][o], -o),
                    default=None,
                )
                weight, via = (weights[index][best], ids[best]) if best is not None else (0.0, None)
                placed[ids[index]] = Placement(anchor, ids[component[0]], weight, via)
    return placed


def connected(size: int, links: Iterable[tuple[int, int]]) -> list[list[int]]:
    """What hangs together by links, each set in ascending order."""
    top = list(range(size))

    def find(place: int) -> int:
        while top[place] != place:
            top[place] = place = top[top[place]]
        return place

    for a, b in links:
        low, high = sorted((find(a), find(b)))
        top[high] = low
    sets: dict[int, list[int]] = {}
    for index in range(size):
        sets.setdefault(find(index), []).append(index)
    return list(sets.values())


def agglomerate(
    members: Sequence[int], weights: Sequence[Sequence[float]], model: Model,
    apart: Collection[tuple[int, int]], together: Collection[tuple[int, int]],
) -> list[list[int]]:  # fmt: skip
    """Clusters of a component: what people joined, then the pair of clusters that agrees best, and again."""
    pairs = [(a, b) for i, a in enumerate(members) for b in members[i + 1 :]]
    if not apart and all(weights[a][b] >= model.link for a, b in pairs):
        return [list(members)]
    clusters = {place: [place] for place in members}
    sums: dict[int, dict[int, float]] = {place: {} for place in members}
    for a, b in pairs:
        barred = (a, b) in apart or (weights[a][b] <= model.veto and (a, b) not in together)
        vote = max(-CLIP, min(CLIP, weights[a][b] - model.link))
        sums[a][b] = sums[b][a] = -np.inf if barred else vote
    for a, b in sorted(together):
        tops = sorted({top for top, held in clusters.items() if a in held or b in held})
        if len(tops) == 2 and not _barred(clusters[tops[0]], clusters[tops[1]], apart):
            _join(clusters, sums, tops[0], tops[1])
    heap = [_offer(clusters, sums, a, b) for a in clusters for b in clusters if a < b and sums[a][b] >= 0]
    heapq.heapify(heap)
    while heap:
        _, a, b, size_a, size_b = heapq.heappop(heap)
        if a not in clusters or b not in clusters or (len(clusters[a]), len(clusters[b])) != (size_a, size_b):
            continue
        _join(clusters, sums, a, b)
        for other in clusters:
            if other != a and sums[a][other] >= 0:
                heapq.heappush(heap, _offer(clusters, sums, min(a, other), max(a, other)))
    return list(clusters.values())


def _barred(left: Iterable[int], right: Collection[int], apart: Collection[tuple[int, int]]) -> bool:
    """Whether a person has said of any two across these clusters that they are not the same."""
    return any((min(a, b), max(a, b)) in apart for a in left for b in right)


def _offer(
    clusters: Mapping[int, list[int]], sums: Mapping[int, Mapping[int, float]], a: int, b: int
) -> tuple[float, int, int, int, int]:
    """How well two clusters agree on average, best first, with the sizes for which that holds."""
    size_a, size_b = len(clusters[a]), len(clusters[b])
    return -sums[a][b] / (size_a * size_b), a, b, size_a, size_b


def _join(clusters: dict[int, list[int]], sums: dict[int, dict[int, float]], a: int, b: int) -> None:
    clusters[a] += clusters.pop(b)
    gone = sums.pop(b)
    sums[a].pop(b)
    for other, total in gone.items():
        if other != a:
            sums[a][other] += total
            sums[other][a] = sums[a][other]
            del sums[other][b]

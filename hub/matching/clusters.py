"""From weighted pairs to people: a function of the set, never of the order.

Pairs that share a block and weigh enough connect profiles into components.
Inside a component the two clusters that agree best are joined, and again,
while the evidence says one person. Two clusters are compared like two
profiles: each comparison counts once, as the mean of what it says of the pairs
across them that both state the field. So people of one name whose numbers and
birth dates differ stay apart although most of their records lack the one or
the other, chance likenesses do not chain families together, and one damaged
copy does not split a person. (Average linkage, Sokal and Michener 1958, by
field; greedy correlation clustering, Bansal, Blum and Chawla 2004.)

Two clusters stay apart when any pair across them speaks clearly against it,
and always when a person has said so.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.matching.columns import Columns, Pairs, Rows
from hub.matching.model import Model, Weights
from hub.matching.profile import Profile

Edge = tuple[int, int]
NOBODY: frozenset[Edge] = frozenset()


class Placement(NamedTuple):
    """Where one profile belongs, and the strongest reason."""

    person_anchor: str
    component: int
    weight: float
    via: int | None


class Said(NamedTuple):
    """What people have said of pairs of profiles, the smaller id first; `apart` is never overridden."""

    apart: Collection[Edge] = NOBODY
    together: Collection[Edge] = NOBODY


UNSAID = Said()


class Component(NamedTuple):
    """Profiles that hang together: their rows in order of profile id, and what weighs between them."""

    rows: Sequence[int]
    weights: Weights
    """Of all pairs (i, j), i < j, in the order of `numpy.triu_indices`."""
    apart: Collection[Edge] = NOBODY
    """Places in `rows` that a person has said are not the same."""
    together: Collection[Edge] = NOBODY


def resolve(
    members: Mapping[int, Profile], anchors: Mapping[int, str], model: Model, said: Said = UNSAID
) -> dict[int, Placement]:
    """Places for all members; `anchors` names a cluster by its least text."""
    return resolve_all((members,), anchors, model, said)


def resolve_all(
    groups: Iterable[Mapping[int, Profile]], anchors: Mapping[int, str], model: Model, said: Said = UNSAID
) -> dict[int, Placement]:
    """Places for the members of groups that have nothing to do with each other, weighed in one go."""
    placed: dict[int, Placement] = {}
    profiles: list[list[Profile]] = []
    for members in groups:
        if len(members) == 1:
            (pid,) = members
            placed[pid] = Placement(anchors[pid], pid, 0.0, None)
        elif members:
            profiles.append(sorted(members.values()))
    if not profiles:
        return placed
    flat = [profile for group in profiles for profile in group]
    columns = model.remember(flat)
    rows = columns.rows_of(profile[0] for profile in flat)
    left, right = all_pairs([len(group) for group in profiles])
    weights = model.weigh(Pairs(columns, rows[left], rows[right]))
    keys = [frozenset(mine) for mine in model.block_keys_of(flat)]
    components: list[Component] = []
    start = pair = 0
    for group in profiles:
        size = len(group)
        end = pair + size * (size - 1) // 2
        ids, here = [profile[0] for profile in group], slice(start, start + size)
        components += _components(ids, rows[here].tolist(), weights[pair:end], keys[here], model.link, said)
        start, pair = start + size, end
    return placed | placements(components, people_in(components, columns, model), columns, anchors)


NO_WEIGHTS: Weights = np.zeros(0)


@lru_cache(64)
def upper(size: int) -> tuple[Rows, Rows]:
    """All pairs of so many places, the lower place first."""
    a, b = np.triu_indices(size, 1)
    return a, b


def all_pairs(sizes: Sequence[int]) -> tuple[Rows, Rows]:
    """All pairs inside each of several runs of consecutive places."""
    lefts, rights, start = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], 0
    for size in sizes:
        a, b = upper(size)
        lefts.append(a + start)
        rights.append(b + start)
        start += size
    return np.concatenate(lefts), np.concatenate(rights)


def _square(size: int, triangle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Symmetric matrices from their upper triangles; the last axis holds the pairs."""
    matrix = np.zeros((*triangle.shape[:-1], size, size))
    a, b = upper(size)
    matrix[..., a, b] = matrix[..., b, a] = triangle
    return matrix


def _components(
    ids: Sequence[int],
    rows: Sequence[int],
    weights: Weights,
    keys: Sequence[frozenset[int]],
    link: float,
    said: Said,
) -> list[Component]:
    """A group as what hangs together in it by pairs that share a block or that a person has joined."""
    if len(ids) == 2 and tuple(ids) not in said.apart and tuple(ids) not in said.together:
        # Most groups are a pair, and a pair needs no graph.
        if weights[0] >= link and keys[0] & keys[1]:
            return [Component(rows, weights)]
        return [Component(rows[:1], NO_WEIGHTS), Component(rows[1:], NO_WEIGHTS)]
    size = len(ids)
    at = {pid: place for place, pid in enumerate(ids)}
    apart, together = ({(at[a], at[b]) for a, b in pairs if a in at and b in at} for pairs in said)
    together -= apart
    square = _square(size, weights)
    near = ((int(a), int(b)) for a, b in np.argwhere(np.triu(square >= link, 1)))
    links = {(a, b) for a, b in near if (a, b) not in apart and keys[a] & keys[b]} | together
    found = []
    for places in connected(size, sorted(links)):
        new = {place: index for index, place in enumerate(places)}
        inside = [
            {(new[a], new[b]) for a, b in pairs if a in new and b in new} for pairs in (apart, together)
        ]
        a, b = upper(len(places))
        chosen = np.array(places)
        found.append(Component([rows[p] for p in places], square[chosen[a], chosen[b]], *inside))
    return found


def connected(size: int, links: Iterable[Edge]) -> list[list[int]]:
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
    for place in range(size):
        sets.setdefault(find(place), []).append(place)
    return list(sets.values())


def people_in(components: Sequence[Component], columns: Columns, model: Model) -> list[list[list[int]]]:
    """For each component its people, as lists of places in its rows."""
    people: list[list[list[int]]] = []
    unclear: list[int] = []
    for index, component in enumerate(components):
        if component.apart or (component.weights < model.link).any():
            unclear.append(index)
        people.append([list(range(len(component.rows)))])
    if not unclear:
        return people
    rows = np.array([row for index in unclear for row in components[index].rows], np.int64)
    left, right = all_pairs([len(components[index].rows) for index in unclear])
    layers = np.stack(model.evidence(Pairs(columns, rows[left], rows[right])))
    start = 0
    for index in unclear:
        size = len(components[index].rows)
        end = start + size * (size - 1) // 2
        people[index] = _agglomerate(components[index], _square(size, layers[:, :, start:end]), model)
        start = end
    return people


def _agglomerate(component: Component, layers: NDArray[np.float64], model: Model) -> list[list[int]]:
    """Clusters of a component: what people joined, then the two clusters that agree best, and again.

    `layers` holds sums over the pairs across two clusters: the evidence of each comparison, and
    of how many pairs it is. A cluster stands at its least place.
    """
    size = len(component.rows)
    clusters = {place: [place] for place in range(size)}
    barred = _square(size, component.weights) <= model.veto
    apart = np.zeros((size, size), np.bool_)
    for a, b in component.apart:
        apart[a, b] = apart[b, a] = True

    def join(a: int, b: int) -> None:
        clusters[a] += clusters.pop(b)
        layers[:, :, a] += layers[:, :, b]
        layers[:, :, :, a] = layers[:, :, a]
        barred[a] |= barred[b]
        barred[:, a] = barred[a]

    for a, b in sorted(component.together):
        one, two = sorted(next(top for top, held in clusters.items() if place in held) for place in (a, b))
        if one != two and not apart[one, two]:
            join(one, two)
            apart[one] |= apart[two]
            apart[:, one] = apart[one]
    barred |= apart
    agree = _agreement(layers, barred, model)
    gone = [place for place in range(size) if place not in clusters]
    agree[gone] = agree[:, gone] = -np.inf
    np.fill_diagonal(agree, -np.inf)
    while agree.flat[best := int(agree.argmax())] >= 0:
        a, b = sorted(divmod(best, size))
        join(a, b)
        gone += [b]
        row = _agreement(layers[:, :, a], barred[a], model)
        row[gone] = row[a] = -np.inf
        agree[b] = agree[:, b] = -np.inf
        agree[a] = agree[:, a] = row
    return list(clusters.values())


def _agreement(layers: NDArray[np.float64], barred: NDArray[np.bool_], model: Model) -> Weights:
    """By how many bits the evidence between clusters exceeds the link, each comparison counted once."""
    weights, relatives, twins = (layers[:3] / np.maximum(layers[3], 1.0)).sum(axis=1)
    agree = model.total(weights, relatives, twins) - model.link
    agree[barred] = -np.inf
    return agree


def placements(
    components: Sequence[Component],
    people: Sequence[Sequence[Sequence[int]]],
    columns: Columns,
    anchors: Mapping[int, str],
) -> dict[int, Placement]:
    """Where each profile of these components belongs, and its strongest tie."""
    placed: dict[int, Placement] = {}
    for component, clusters in zip(components, people, strict=True):
        ids = columns.ids[np.array(component.rows)].tolist()
        square = _square(len(ids), component.weights)
        for cluster in clusters:
            anchor = min(anchors[ids[place]] for place in cluster)
            for place in cluster:
                others = [other for other in cluster if other != place]
                best = max(others, key=lambda other: (square[place, other], -other), default=None)
                weight, via = (0.0, None) if best is None else (float(square[place, best]), ids[best])
                placed[ids[place]] = Placement(anchor, ids[0], weight, via)
    return placed

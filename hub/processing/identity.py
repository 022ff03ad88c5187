"""Who is who: places the profiles that a set of record versions brought or changed.

The outcome is a function of the live profiles alone, not of the order they
came in: a new profile is compared with all that share a blocking key, the
components it connects are resolved afresh, and names of people come from
their records. So any order of arrival ends in the same people.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from hub.domain.events import PairHeld, ProfileLinked
from hub.matching import Model
from hub.matching.clusters import resolve_all
from hub.projections import ProfileRow, Shelves
from hub.projections.identity import (
    Change,
    apply_held,
    apply_link,
    apply_move,
    load_components,
    person_of,
)  # fmt: skip

BLOCK_PROFILES_MAX = 400
"""A blocking key that more profiles share than this says nothing about anyone."""


def decide(
    shelves: Shelves, moves: Iterable[Change], model: Model
) -> Iterator[tuple[ProfileLinked | PairHeld | None, str | None]]:
    """Move records between profiles and place what changed, applying each decision as it is made.

    Beside each decision stands who had the profile before; None with a person:
    one that lost a profile which no record states any more.
    """
    groups = Groups()
    pids: list[int] = []
    for move in moves:
        bereft = apply_move(shelves, move, model)
        pids += (pid for pid in (move.left, move.joined) if pid is not None)
        if bereft is not None:
            groups.add(_rest_of(shelves, bereft))
            yield None, bereft.person
    fresh: list[ProfileRow] = []
    for pid in dict.fromkeys(pids):
        row = shelves.profiles.get(pid)
        if row is None or not row.records:
            continue
        groups.add(_component_of(shelves, row))
        if row.component is None:
            fresh.append(row)
    for held in _compare(shelves, fresh, groups, model):
        apply_held(shelves, held)
        yield held, None
    for link, before in _resolve(shelves, groups.all(), model):
        apply_link(shelves, link)
        yield link, before


class Groups:
    """Sets of profiles that must be resolved together (a union-find)."""

    def __init__(self) -> None:
        self._top: dict[int, int] = {}

    def _find(self, pid: int) -> int:
        top = self._top.setdefault(pid, pid)
        while top != self._top[top]:
            top = self._top[top]
        self._top[pid] = top
        return top

    def add(self, pids: Iterable[int]) -> None:
        """These belong together."""
        first: int | None = None
        for pid in pids:
            if first is None:
                first = self._find(pid)
            else:
                self._top[self._find(pid)] = self._find(first)

    def all(self) -> list[list[int]]:
        """The groups, in an order that does not depend on how they grew."""
        grouped: dict[int, list[int]] = {}
        for pid in sorted(self._top):
            grouped.setdefault(self._find(pid), []).append(pid)
        return sorted(grouped.values())


def _component_of(shelves: Shelves, row: ProfileRow) -> list[int]:
    top = shelves.components.get(row.component) if row.component is not None else None
    return [row.profile, *(top.profiles if top else ())]


def _rest_of(shelves: Shelves, bereft: ProfileRow) -> list[int]:
    top = shelves.components.get(bereft.component) if bereft.component is not None else None
    return [pid for pid in (top.profiles if top else ()) if pid != bereft.profile]


def _compare(
    shelves: Shelves, fresh: Sequence[ProfileRow], groups: Groups, model: Model
) -> Iterator[PairHeld]:
    """Find whom new profiles may belong with, all in one go; near misses are held for people to see."""
    keys = model.block_keys_of([row.values for row in fresh])
    shelves.blocks.load(key for mine in keys for key in mine)
    near: list[list[int]] = []
    for row, mine in zip(fresh, keys, strict=True):
        blocks = (shelves.blocks.get(key) for key in mine)
        sharing = (block for block in blocks if len(block) <= BLOCK_PROFILES_MAX)
        near.append(sorted({pid for block in sharing for pid in block} - {row.profile}))
    load_components(shelves, (pid for pids in near for pid in pids))
    rows = {row.profile: row for row in fresh}
    pairs: list[tuple[int, int]] = []
    for row, pids in zip(fresh, near, strict=True):
        for pid in pids:
            other = shelves.profiles.get(pid)
            if other is not None and other.records:
                rows[pid] = other
                pairs.append((row.profile, pid))
    place = {pid: index for index, pid in enumerate(rows)}
    left, right = (np.array([place[pair[side]] for pair in pairs], np.int64) for side in (0, 1))
    weights = model.weights([row.values for row in rows.values()], left, right)
    for (pid, other_pid), weight in zip(pairs, weights.tolist(), strict=True):
        if weight >= model.link:
            groups.add((pid, *_component_of(shelves, rows[other_pid])))
        elif weight >= model.review:
            yield PairHeld(min(pid, other_pid), max(pid, other_pid), round(weight, 2), model.version)


def _resolve(
    shelves: Shelves, groups: Sequence[Sequence[int]], model: Model
) -> Iterator[tuple[ProfileLinked, str | None]]:
    rows: dict[int, ProfileRow] = {
        pid: row
        for members in groups
        for pid in members
        if (row := shelves.profiles.get(pid)) and row.records
    }
    anchors = {pid: row.records[0] for pid, row in rows.items()}
    placed = resolve_all(
        ({pid: rows[pid].values for pid in members if pid in rows} for members in groups), anchors, model
    )
    for pid in (pid for members in groups for pid in members if pid in placed):
        place = placed[pid]
        person = person_of(place.person_anchor)
        row = rows[pid]
        if (row.component, row.person) != (place.component, person):
            link = ProfileLinked(
                profile=pid, person=person, component=place.component,
                weight=round(place.weight, 2), via=place.via, model=model.version,
            )  # fmt: skip
            yield link, row.person

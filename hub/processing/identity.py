"""Who is who: places the profiles that a set of record versions brought or changed.

The outcome is a function of the live profiles alone, not of the order they
came in: a new profile is compared with all that share a blocking key, the
components it connects are resolved afresh, and names of people come from
their records. So any order of arrival ends in the same people.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from hub.domain.events import PairHeld, PairJudged, ProfileLinked
from hub.matching import Model, Profile
from hub.matching.blocking import BLOCK_PROFILES_MAX
from hub.matching.clusters import Placement, resolve_all
from hub.processing.unclear import named_in
from hub.projections import ProfileRow, Shelves
from hub.projections.identity import (
    Change,
    apply_held,
    apply_link,
    apply_move,
    load_components,
    person_of,
)  # fmt: skip
from hub.projections.judgements import (
    apply_judgement,
    said_of,
    said_to_be,
)  # fmt: skip

NO_LINK = float("-inf")


Weights = dict[tuple[int, int], float]
"""The match weights of pairs of profiles, the smaller id first."""


def foresee(shelves: Shelves, profiles: Iterable[Profile], model: Model) -> Weights:
    """The weights that placing these profiles will ask for, worked out in one go for a whole batch."""
    fresh = list(
        {p.id: p for p in profiles if not ((row := shelves.profiles.get(p.id)) and row.records)}.values()
    )
    sharing: dict[int, list[int]] = {}
    pairs: dict[tuple[int, int], None] = {}
    for profile, mine in zip(fresh, model.block_keys_of(fresh), strict=True):
        pid = profile.id
        for key in mine:
            block, new = shelves.blocks.get(key), sharing.setdefault(key, [])
            if len(block) + len(new) <= BLOCK_PROFILES_MAX:
                pairs.update(((pid, o) if pid < o else (o, pid), None) for o in (*block, *new) if o != pid)
            new.append(pid)
    values = {p.id: p for p in fresh}
    for pid in {pid for pair in pairs for pid in pair} - values.keys():
        row = shelves.profiles.get(pid)
        assert row is not None, "a block's members are profiles"
        values[pid] = row.values
    return _weigh(list(pairs), values, model)


def _weigh(pairs: Sequence[tuple[int, int]], values: Mapping[int, Profile], model: Model) -> Weights:
    if not pairs:
        return {}
    place = {pid: index for index, pid in enumerate(values)}
    left, right = (np.array([place[pair[side]] for pair in pairs], np.int64) for side in (0, 1))
    return dict(zip(pairs, model.weights(list(values.values()), left, right).tolist(), strict=True))


class Placed(NamedTuple):
    """A decision, the moved profile that led to it, and who had the linked profile before.

    Without a decision: a person lost a profile that no record states any more.
    """

    event: ProfileLinked | PairHeld | None
    cause: int
    before: str | None


def decide(shelves: Shelves, moves: Iterable[Change], model: Model, weights: Weights) -> Iterator[Placed]:
    """Move records between profiles and place what changed, applying each decision as it is made."""
    groups = Groups()
    pids: list[int] = []
    for move in moves:
        bereft = apply_move(shelves, move, model)
        pids += (pid for pid in (move.left, move.joined) if pid is not None)
        if bereft is not None:
            groups.add(_rest_of(shelves, bereft), bereft.profile)
            yield Placed(None, bereft.profile, bereft.person)
    yield from _settle(shelves, groups, pids, model, weights)


def judge(shelves: Shelves, event: PairJudged, model: Model, weights: Weights) -> Iterator[Placed]:
    """A person said whether two profiles are the same: everyone connected with them is placed anew."""
    apply_judgement(shelves, event)
    pids = named_in(shelves, event)
    load_components(shelves, pids)
    groups = Groups()
    groups.add(dict.fromkeys(pids))
    yield from _settle(shelves, groups, pids, model, weights)


def _settle(
    shelves: Shelves, groups: "Groups", pids: Iterable[int], model: Model, weights: Weights
) -> Iterator[Placed]:
    """Find whom these profiles belong with, and place them with everyone they are connected to."""
    fresh: list[ProfileRow] = []
    for pid in dict.fromkeys(pids):
        row = shelves.profiles.get(pid)
        if row is None or not row.records:
            continue
        groups.add(_component_of(shelves, row), pid)
        for same in said_to_be(shelves, row):
            if (other := shelves.profiles.get(same)) is not None:
                groups.add((pid, *_component_of(shelves, other)))
        if row.component is None:
            fresh.append(row)
    for held, cause in _compare(shelves, fresh, groups, model, weights):
        apply_held(shelves, held)
        yield Placed(held, cause, None)
    causes = groups.causes()
    for link, before in _resolve(shelves, groups.all(), model, weights):
        apply_link(shelves, link)
        yield Placed(link, causes[groups.find(link.profile)], before)


class Groups:
    """Sets of profiles that must be resolved together (a union-find)."""

    def __init__(self) -> None:
        self._top: dict[int, int] = {}
        self._causes: list[tuple[int, int]] = []

    def find(self, pid: int) -> int:
        """The profile that stands for the whole group of this one."""
        top = self._top.setdefault(pid, pid)
        while top != self._top[top]:
            top = self._top[top]
        self._top[pid] = top
        return top

    def add(self, pids: Iterable[int], cause: int | None = None) -> None:
        """These belong together; `cause` is the moved profile that has them looked at."""
        first: int | None = None
        for pid in pids:
            if first is None:
                first = self.find(pid)
            else:
                self._top[self.find(pid)] = self.find(first)
        if first is not None and cause is not None:
            self._causes.append((first, cause))

    def causes(self) -> dict[int, int]:
        """By who stands for a group, its first cause."""
        found: dict[int, int] = {}
        for pid, cause in self._causes:
            found.setdefault(self.find(pid), cause)
        return found

    def all(self) -> list[list[int]]:
        """The groups, in an order that does not depend on how they grew."""
        grouped: dict[int, list[int]] = {}
        for pid in sorted(self._top):
            grouped.setdefault(self.find(pid), []).append(pid)
        return sorted(grouped.values())


def _component_of(shelves: Shelves, row: ProfileRow) -> list[int]:
    top = shelves.components.get(row.component) if row.component is not None else None
    return [row.profile, *(top.profiles if top else ())]


def _rest_of(shelves: Shelves, bereft: ProfileRow) -> list[int]:
    top = shelves.components.get(bereft.component) if bereft.component is not None else None
    return [pid for pid in (top.profiles if top else ()) if pid != bereft.profile]


def _compare(
    shelves: Shelves, fresh: Sequence[ProfileRow], groups: Groups, model: Model, weights: Weights
) -> Iterator[tuple[PairHeld, int]]:
    """Find whom new profiles may belong with; near misses are held for people to see, each with its cause."""
    pairs: dict[tuple[int, int], tuple[ProfileRow, ProfileRow]] = {}
    for row in fresh:
        pid = row.profile
        for block in map(shelves.blocks.get, model.block_keys(row.values)):
            for other_pid in block if 1 < len(block) <= BLOCK_PROFILES_MAX else ():
                other = shelves.profiles.get(other_pid)
                if other_pid != pid and other is not None and other.records:
                    pairs[(pid, other_pid) if pid < other_pid else (other_pid, pid)] = row, other
    if missing := [pair for pair in pairs if pair not in weights]:
        # Not foreseen, such as a profile that comes back to life.
        values = {row.profile: row.values for pair in missing for row in pairs[pair]}
        weights |= _weigh(missing, values, model)
    for pair in sorted(pairs):
        weight, (row, other) = weights[pair], pairs[pair]
        if weight >= model.link:
            groups.add((row.profile, *_component_of(shelves, other)))
        elif weight >= model.review:
            yield PairHeld(*pair, round(weight, 2), model.version), row.profile


def _resolve(
    shelves: Shelves, groups: Sequence[Sequence[int]], model: Model, weights: Weights
) -> Iterator[tuple[ProfileLinked, str | None]]:
    placed: dict[int, Placement] = {}
    rows: dict[int, ProfileRow] = {}
    unclear: list[list[ProfileRow]] = []
    said = said_of(
        shelves, (row for members in groups for pid in members if (row := shelves.profiles.get(pid)))
    )
    for members in groups:
        here = [row for pid in members if (row := shelves.profiles.get(pid)) and row.records]
        rows.update((row.profile, row) for row in here)
        weight = weights.get((here[0].profile, here[1].profile), NO_LINK) if len(here) == 2 else NO_LINK
        if len(here) == 1:
            placed[here[0].profile] = Placement(here[0].records[0], here[0].profile, 0.0, None)
        elif weight >= model.link and (here[0].profile, here[1].profile) not in said.apart:
            # Two that were found through a block and weigh enough: no graph is needed to join them.
            a, b = here
            anchor = min(a.records[0], b.records[0])
            placed[a.profile] = Placement(anchor, a.profile, weight, b.profile)
            placed[b.profile] = Placement(anchor, a.profile, weight, a.profile)
        elif here:
            unclear.append(here)
    anchors = {row.profile: row.records[0] for here in unclear for row in here}
    found = ({row.profile: row.values for row in here} for here in unclear)
    placed |= resolve_all(found, anchors, model, said)
    for pid in (pid for members in groups for pid in members if pid in placed):
        place, row = placed[pid], rows[pid]
        person = person_of(place.person_anchor)
        if (row.component, row.person) != (place.component, person):
            link = ProfileLinked(
                profile=pid, person=person, component=place.component,
                weight=round(place.weight, 2), via=place.via, model=model.version,
            )  # fmt: skip
            yield link, row.person

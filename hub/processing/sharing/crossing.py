"""What crosses: which profiles are tied, and which groups reach into another home."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np

from hub.domain.events import RecordPublished, RecordWithdrawn
from hub.log import Recorded
from hub.matching import Model, Profile
from hub.matching.blocking import BLOCK_PROFILES_MAX
from hub.matching.profile import alike, one_certificate, one_delivery
from hub.processing import Prepared
from hub.processing.sharing import Fresh, Newcomer
from hub.projections import CROSSING, ProfileRow, Shelves
from hub.projections.judgements import judged_names

Tie = tuple[int, int]


def tied(a: Profile, b: Profile, weight: float, model: Model) -> bool:
    """Whether what is decided on one of these may depend on the other."""
    return weight >= model.review or concerns(a, b, model)


def concerns(a: Profile, b: Profile, model: Model) -> bool:
    """Whether a discrepancy of one of these may be about the other as well."""
    return _same_number(a, b, model) or alike(a, b) or one_certificate(a, b) or one_delivery(a, b)


def _same_number(a: Profile, b: Profile, model: Model) -> bool:
    return a.number == b.number and (key := model.number_key(a)) is not None and key == model.number_key(b)


class Batch:
    """One worker's events of a step, and what hangs together by them."""

    def __init__(
        self,
        shelves: Shelves,
        model: Model,
        homes: Iterable[int],
        events: Sequence[Recorded],
        prepared: Prepared,
    ) -> None:
        self._shelves, self._model, self._homes = shelves, model, frozenset(homes)
        self._values = {p.id: p for p in prepared.stated.values() if p is not None}
        self._home: dict[int, int] = {}
        """Of each profile that this batch is about."""
        self._ties: dict[int, set[int]] = {}
        self._seeds: set[int] = set()
        self.profiles_of: dict[str, tuple[int, ...]] = {}
        """By event id, the profiles that the record leaves and joins."""
        self._walk(events, prepared)
        self._newcomers = [pid for pid in self._values if not self._lives(pid)]
        for pair, weight in prepared.weights.items():
            a, b = map(self._profile, pair)
            if tied(a, b, weight, model):
                self._tie(*pair)

    def _row(self, pid: int) -> ProfileRow | None:
        return self._shelves.profiles.get(pid)

    def _lives(self, pid: int) -> bool:
        row = self._row(pid)
        return row is not None and bool(row.records)

    def _profile(self, pid: int) -> Profile:
        values = self._values.get(pid)
        if values is None:
            row = self._row(pid)
            assert row is not None, "a profile is stated in this batch or has a row"
            values = row.values
        return values

    def home(self, pid: int) -> int:
        """The home of a profile."""
        row = self._row(pid)
        return self._home.get(pid, CROSSING) if row is None else row.home

    def _walk(self, events: Sequence[Recorded], prepared: Prepared) -> None:
        """Follow each record from profile to profile."""
        newest: dict[str, tuple[int, int | None]] = {}
        for (partition, _), envelope in events:
            event = envelope.event
            if not isinstance(event, RecordPublished | RecordWithdrawn):
                continue
            row = self._shelves.records.get(event.record_id)
            version, left = newest.get(event.record_id) or ((row.version, row.profile) if row else (0, None))
            profile = prepared.stated[envelope.id]
            joined = left if profile is None else profile.id
            if event.version > version:
                newest[event.record_id] = event.version, joined
            self.profiles_of[envelope.id] = tuple({pid for pid in (left, joined) if pid is not None})
            self._gather(self.profiles_of[envelope.id], partition.number)
            if judged_names(self._shelves, event.record_id, self.profiles_of[envelope.id]):
                self._seeds.update(self.profiles_of[envelope.id])

    def _gather(self, pids: tuple[int, ...], home: int) -> None:
        """These belong to a record that came through this partition."""
        for pid in pids:
            if self._row(pid) is None and self._home.setdefault(pid, home) != home:
                self._home[pid] = CROSSING
            if self.home(pid) != home:
                self._seeds.update(pids)
        for pid in pids[1:]:
            self._tie(pids[0], pid)

    def _tie(self, a: int, b: int) -> None:
        self._ties.setdefault(a, set()).add(b)
        self._ties.setdefault(b, set()).add(a)
        if self.home(a) != self.home(b):
            self._seeds.update((a, b))

    def fresh(self) -> Fresh:
        """What others must know."""
        keys = self._model.block_keys
        newcomers = [
            Newcomer(pid, self.home(pid), values.dump(), keys(values))
            for pid, values in ((pid, self._values[pid]) for pid in self._newcomers)
        ]
        foreign = [(pid, home) for pid in sorted(self._seeds) if self._is_foreign(home := self.home(pid))]
        return Fresh(newcomers, foreign)

    def _is_foreign(self, home: int) -> bool:
        return home not in self._homes and home != CROSSING

    def crossing(self, more: Iterable[int]) -> set[int]:
        """All profiles here that hang together with what crosses by this batch, or by what others said."""
        found: set[int] = set()
        waiting = [*self._seeds, *more]
        while waiting:
            pid = waiting.pop()
            if pid in found:
                continue
            found.add(pid)
            waiting += self._ties.get(pid, ())
            row = self._row(pid)
            if row is not None and row.home in self._homes:
                waiting += self._around(row)
        return found

    def _around(self, row: ProfileRow) -> Iterator[int]:
        """What a profile hangs together with by what was decided before."""
        shelves = self._shelves
        if row.component is not None and (top := shelves.components.get(row.component)):
            yield from top.profiles
        if row.person is not None and (person := shelves.people.get(row.person)):
            yield from person.profiles
        if not row.records:
            return
        keys = self._model.block_keys(row.values)
        shelves.blocks.load(keys)
        near = {pid for key in keys for pid in shelves.blocks.get(key)}
        shelves.profiles.load(near)
        for other in map(self._row, near):
            if other and other.records and concerns(row.values, other.values, self._model):
                yield other.profile


def ties_between(batches: Mapping[str, Fresh], model: Model) -> dict[str, set[int]]:
    """By worker, those of its new profiles that are tied to a new profile of somebody else."""
    everyone = [(name, newcomer) for name, fresh in batches.items() for newcomer in fresh.newcomers]
    owners: dict[int, set[str]] = {}
    for name, newcomer in everyone:
        owners.setdefault(newcomer.profile, set()).add(name)
    crossing = {pid for pid, names in owners.items() if len(names) > 1}
    pairs = {
        (everyone[a][1].profile, everyone[b][1].profile): (everyone[a][1], everyone[b][1])
        for a, b in _sharing(everyone)
    }
    crossing.update(pid for pair in _tied_pairs(pairs, model) for pid in pair)
    found: dict[str, set[int]] = {name: set() for name in batches}
    for pid in crossing:
        for name in owners[pid]:
            found[name].add(pid)
    return found


def _sharing(everyone: Sequence[tuple[str, Newcomer]]) -> set[Tie]:
    """Places of newcomers of different workers that have a blocking key in common."""
    counts = [len(newcomer.keys) for _, newcomer in everyone]
    keys = np.fromiter((key for _, newcomer in everyone for key in newcomer.keys), np.int64, sum(counts))
    places = np.repeat(np.arange(len(everyone)), counts)
    order = np.argsort(keys, kind="stable")
    keys, places = keys[order], places[order]
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]]) if len(keys) else order
    sizes = np.diff(np.r_[starts, len(keys)])
    found: set[Tie] = set()
    # Under a key that is too common nobody is compared, here as little as anywhere.
    chosen = (sizes > 1) & (sizes <= BLOCK_PROFILES_MAX)
    for start, size in zip(starts[chosen].tolist(), sizes[chosen].tolist(), strict=True):
        held = places[start : start + size].tolist()
        found.update((a, b) for a, b in combinations(held, 2) if everyone[a][0] != everyone[b][0])
    return found


def _tied_pairs(pairs: Mapping[Tie, tuple[Newcomer, Newcomer]], model: Model) -> Iterator[Tie]:
    if not pairs:
        return
    values = {
        n.profile: Profile.load(n.values)
        for n in {n.profile: n for two in pairs.values() for n in two}.values()
    }
    place = {pid: index for index, pid in enumerate(values)}
    left, right = (np.array([place[pair[side]] for pair in pairs], np.int64) for side in (0, 1))
    weights = model.weights(list(values.values()), left, right).tolist()
    for (a, b), weight in zip(pairs, weights, strict=True):
        if tied(values[a], values[b], weight, model):
            yield a, b

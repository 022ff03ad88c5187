"""Who decides together: which partitions each has, and what the owner does for all of them."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from itertools import cycle

from sqlalchemy import Connection

from hub.domain.events import RECORDS, CaseActionRequested
from hub.log import Checkpoint, EventLog, Partition, Position, Recorded
from hub.processing import Decision, Rules
from hub.processing.sharing import Fresh, Handed, Ready
from hub.processing.sharing.crossing import ties_between
from hub.processing.sharing.part import Part, Share
from hub.projections import CROSSING
from hub.projections.position import unpack_envelopes


class Company:
    """The owner and others, from the step on that they decide together first."""

    def __init__(
        self, log: EventLog, db: Connection, rules: Rules, names: Sequence[str], checkpoint: Checkpoint
    ) -> None:
        """`names` begins with the owner's; `checkpoint` is what all have decided on."""
        self.name = secrets.token_hex(8)
        self.homes: dict[str, list[int]] = {name: [] for name in names}
        for partition, name in zip(log.partitions(RECORDS), cycle(names), strict=False):
            self.homes[name].append(partition.number)
        self.owner, *self.others = names
        self.part = Part(log, db, rules, self.homes[self.owner], checkpoint, actions=True)
        self._crossing = Share(db, self.part.shelves, self.part.rules, (CROSSING,), CROSSING)

    @property
    def is_stale(self) -> bool:
        """Whether the owner has records that the views do not show yet."""
        return self.part.share.processor.is_stale or self._crossing.processor.is_stale

    def refresh(self) -> list[Decision]:
        """What brings the owner's views up to date."""
        self.part.rest()
        shares = self.part.share, self._crossing
        return [decision for share in shares for decision in share.processor.refresh()]

    def judge(self, fresh: Mapping[str, Fresh]) -> dict[str, list[int]]:
        """By worker, which of its profiles are tied to profiles of somebody else."""
        found = ties_between(fresh, self.part.rules.model)
        holder = {home: name for name, homes in self.homes.items() for home in homes}
        for one in fresh.values():
            for pid, home in one.ties:
                if home != CROSSING:
                    found[holder[home]].add(pid)
        return {name: sorted(pids) for name, pids in found.items()}

    def decide_crossing(self, ready: Iterable[Ready], handed: Sequence[Handed]) -> list[Decision]:
        """What follows from the events that cross, the owner's own among them."""
        ready = list(ready)
        self._take_over(ready)
        everything = [*handed, *(h for one in ready for h in one.handed)]
        events = interleaved(self.part.taken.events, everything)
        self._crossing.processor.prepare(events)
        return self._crossing.decide(events)

    def _take_over(self, ready: Iterable[Ready]) -> None:
        """Make what crosses from now on the owner's."""
        part = self.part
        shelves, moved, persons = part.shelves, list(part.profiles), list(part.people)
        self._crossing.processor.take_over(part.touched, part.stale)
        for one in ready:
            moved += one.profiles
            persons += one.people
            self._crossing.processor.take_over(one.touched, one.stale)
        part.forget(moved, persons)
        shelves.profiles.load(moved)
        shelves.people.load(persons)
        for pid in moved:
            if row := shelves.profiles.get(pid):
                shelves.profiles.put(row._replace(home=CROSSING))
        for name in persons:
            if person := shelves.people.get(name):
                shelves.people.put(person._replace(home=CROSSING))
        # People are chosen by their home in the database.
        shelves.flush()


def interleaved(events: Sequence[Recorded], handed: Iterable[Handed]) -> list[Recorded]:
    """What was handed over, between the closed days where it belongs, with what is asked of cases."""
    waiting = sorted(handed, key=lambda h: (h.closed, h.partition, h.offset), reverse=True)
    found: list[Recorded] = []
    closed = 0
    for item in events:
        event = item.envelope.event
        if event.BARRIER or isinstance(event, CaseActionRequested):
            while waiting and waiting[-1].closed <= closed:
                found.append(_recorded(waiting.pop()))
            found.append(item)
            closed += event.BARRIER
    return found + [_recorded(one) for one in reversed(waiting)]


def _recorded(handed: Handed) -> Recorded:
    (envelope,) = unpack_envelopes(handed.envelope)
    return Recorded(Position(Partition(RECORDS, handed.partition), handed.offset), envelope)

"""A worker's part of steps decided together: the partitions it has, and what it remembers of them."""

import time
from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import Connection, select

from hub.domain.events import ACTIONS, RECORDS, CaseActionRequested
from hub.log import Checkpoint, EventLog, Partition, Recorded
from hub.log.subscription import Batch as Taken
from hub.log.subscription import Subscription
from hub.processing import Decision, Processor, Rules
from hub.processing.history import days_of, in_force
from hub.processing.sharing import BrokenUpError, Fresh, Handed
from hub.processing.sharing.crossing import Batch
from hub.projections import CROSSING, Shelves, agenda, people
from hub.projections.position import NO_DAY, load_progress, pack_envelopes

READ_AHEAD_EVENTS = 10_000
HERE = agenda.outerjoin(people, people.c.person == agenda.c.person)


class Share:
    """Deciding for some homes on rows that others may read, and only their own worker changes."""

    def __init__(
        self, db: Connection, shelves: Shelves, rules: Rules, homes: Collection[int], home: int | None = None
    ) -> None:
        """`home` is that of new profiles, if not their partition."""
        self._db, self._of = db, people.c.home.in_(homes)
        # Who has no records any more has no home; someone must see to them once.
        of = self._of | people.c.home.is_(None) if CROSSING in homes else self._of
        waiting = select(agenda.c.person).select_from(HERE).where(agenda.c.touched, of)
        touched = db.execute(waiting).scalars().all()
        self.processor = Processor(shelves, rules, load_progress(db, "today", NO_DAY), touched, home)

    def decide(self, events: Sequence[Recorded], without: Collection[str] = ()) -> list[Decision]:
        """What follows from events that were prepared, leaving people out that others decide on."""
        horizon = max(days_of(events), default=NO_DAY)
        due = select(agenda.c.due, agenda.c.person).select_from(HERE).where(agenda.c.due <= horizon, self._of)
        coming = [(day, person) for day, person in self._db.execute(due) if person not in without]
        return list(self.processor.decide(events, coming, horizon))


class Part:
    """Some partitions of records, from where they were decided on last."""

    def __init__(
        self, log: EventLog, db: Connection, rules: Rules, homes: Collection[int], checkpoint: Checkpoint,
        *, actions: bool = False,
    ) -> None:  # fmt: skip
        topics = (RECORDS, ACTIONS) if actions else (RECORDS,)
        mine = {
            p for topic in topics for p in log.partitions(topic) if p.topic != RECORDS or p.number in homes
        }
        self.rules, self._homes = in_force(db, rules), frozenset(homes)
        self.shelves = Shelves(db)
        self.share = Share(db, self.shelves, self.rules, self._homes)
        done = {p: offset for p, offset in checkpoint.items() if p in mine}
        self.subscription = Subscription(log, topics, done, mine)
        self._batch: Batch | None = None
        self.taken = Taken([], done)
        self.profiles: list[int] = []
        """Crossing since this step, as are the people."""
        self.people: list[str] = []
        self._gone: tuple[set[int], list[str]] = set(), []
        self.touched: list[str] = []
        self.stale: list[str] = []

    @property
    def covered(self) -> dict[Partition, int]:
        """Up to where this part has come with the step at hand."""
        return self.taken.checkpoint

    def take(self, through: str, limit: int, seconds: float) -> Taken | None:
        """Everything up to a closed day, or some of what there is now; None if the day does not come so soon."""
        deadline = time.monotonic() + seconds
        while (taken := self.subscription.take_through(through, limit)) is None:
            if time.monotonic() > deadline:
                return None
            time.sleep(0.02)
        return taken

    def read_ahead(self) -> bool:
        """Read a little of what the next steps will be about; False once that is enough."""
        return self.subscription.look_ahead(READ_AHEAD_EVENTS)

    def rest(self) -> None:
        """A step without events is at hand."""
        self.taken, self.profiles, self.people = Taken([], self.taken.checkpoint), [], []
        self.touched, self.stale = [], []

    def look(self, taken: Taken) -> Fresh:
        """Prepare a batch, and say what others must know of it; BrokenUpError if it is one to decide on alone."""
        if taken.collisions:
            raise BrokenUpError("ids were taken twice: one worker says so")
        self.taken = taken
        prepared = self.share.processor.prepare(taken.events)
        self._batch = Batch(self.shelves, self.rules.model, self._homes, taken.events, prepared)
        return self._batch.fresh()

    def settle(self, crossing: Iterable[int]) -> tuple[list[Recorded], list[Handed]]:
        """The events to decide on here, and those to hand over."""
        assert self._batch is not None, "a batch is looked at first"
        found = self._batch.crossing(crossing)
        rows = [row for pid in found if (row := self.shelves.profiles.get(pid)) and row.home in self._homes]
        self.profiles = sorted(row.profile for row in rows)
        self.people = sorted({row.person for row in rows if row.person})
        self.touched, self.stale = self.share.processor.hand_over(self.people)
        kept: list[Recorded] = []
        handed: list[Handed] = []
        records: list[str] = []
        closed = 0
        for item in self.taken.events:
            (partition, offset), envelope = item
            if isinstance(envelope.event, CaseActionRequested):
                continue
            closed += envelope.event.BARRIER
            if found.isdisjoint(self._batch.profiles_of.get(envelope.id, ())):
                kept.append(item)
            else:
                handed.append(Handed(closed, partition.number, offset, pack_envelopes([envelope])))
                records.append(envelope.key)
        self._gone = found, records
        return kept, handed

    def let_go(self) -> None:
        """The step is decided: what others changed of the rows that were here is read again if it is asked for."""
        found, records = self._gone
        self.shelves.records.forget(records)
        self.forget(found, [*self.people, *("p" + record for record in records)])

    def forget(self, profiles: Collection[int], persons: Collection[str]) -> None:
        """Read again what somebody else may have changed of these."""
        shelves = self.shelves
        for shelf in (shelves.people, shelves.agenda, shelves.births, shelves.residents):
            shelf.forget(persons)
        shelves.profiles.forget(profiles)
        shelves.profiles.load(profiles)
        rows = [row for pid in profiles if (row := shelves.profiles.get(pid))]
        shelves.components.forget(
            {pid for row in rows for pid in (row.component, row.profile) if pid is not None}
        )
        shelves.profiles.forget(profiles)

    def hear(self, fresh: Iterable[Fresh]) -> None:
        """Know of the profiles that others have brought in a step that is decided."""
        for batch in fresh:
            for newcomer in batch.newcomers:
                for key in newcomer.keys:
                    self.shelves.blocks.hear(key, newcomer.profile)
            self.shelves.profiles.forget([n.profile for n in batch.newcomers])

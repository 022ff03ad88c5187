"""Ingestion: drops become events, with a balanced receipt for each batch.

This file owns the loop, limits and versions; a connector only says what lies
where and what a row means. A batch's records, refusals, receipt and cursor go
to the log in one append, and what ingestion remembers is folded from the log:
so a crash anywhere neither loses nor doubles a row.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from typing import Any, NamedTuple

from sqlalchemy import Connection

from hub.collector import tune_collector
from hub.connect import Connector, Drop, Stray, receipts, stream_of, vanished
from hub.connect.acceptance import Change, acceptance, change_of
from hub.connect.contracts import Feed
from hub.connect.door import Batch, Door
from hub.connect.memory import APPEND_EVENTS, NO_DAY, Memory
from hub.connect.receipts import NOTHING_SAID, Receipt
from hub.connect.rows import Row
from hub.connect.snapshot import Snapshot
from hub.connect.watch import Watch
from hub.domain.calendar import WEEKDAYS, Calendar
from hub.domain.days import Day, iso
from hub.domain.events import RECORDS, DayClosed
from hub.errors import RetryableError, UnreadableSourceError
from hub.log import Envelope, EventLog, derive_id
from hub.projections.intake import NOTHING, REFUSED, WHOLE, Reading

BATCH_ROWS = 5_000
DAYS_AHEAD_MAX = 366
NO_AGREEMENT = "no agreement about the feed is in force on its day, so it was not read"

Tell = Callable[[Receipt], None]


class Waiting(NamedTuple):
    """A drop that is to be read, and whose it is."""

    connector: Connector
    drop: Drop


class Ingest:
    """Reads drops of connectors and appends what they say."""

    def __init__(
        self,
        log: EventLog,
        db: Connection,
        pseudonym_key: bytes,
        append_events: int = APPEND_EVENTS,
        feeds: Mapping[str, Feed] | None = None,
        calendar: Calendar = WEEKDAYS,
    ) -> None:
        """Appends to the log as soon as `append_events` are pending; `feeds` are watched by contract and calendar."""
        self._memory = Memory(log, db, append_events)
        self.door = Door(self._memory, pseudonym_key, len(log.partitions(RECORDS)))
        """Where rows come in, also those that are taken again."""
        self._watch = Watch(self._memory, feeds or {}, calendar)

    @property
    def memory(self) -> Memory:
        """What is remembered, for those who repair what was set aside."""
        return self._memory

    @property
    def closed(self) -> Day:
        """The last day that was closed; NO_DAY if none was."""
        return self._memory.closed

    def flush(self) -> None:
        """Append what is pending, then remember it."""
        self._memory.flush()

    def announce(self, envelope: Envelope) -> None:
        """Append an event that concerns all partitions of the records: one process at a time writes those."""
        self._memory.add(envelope)
        self.flush()

    # --- reading -------------------------------------------------------------------------

    def run(
        self, connectors: Iterable[Connector], tell: Tell, *, close_days: bool, today: Day | None = None
    ) -> None:
        """Read every waiting drop day by day, within a day as the connectors stand, and close the days.

        A drop that cannot be reached now ends the reading with its day, which stays open: what
        comes later must not be read before it. `today` guards against days far in the future.
        """
        tune_collector()
        vanished.finish(self._memory)
        unreachable: list[RetryableError] = []
        waiting = self._timely(self._waiting(connectors, tell, unreachable), today, tell)
        # Of a source that cannot be listed nobody knows which days it holds: none may be closed.
        close_days = close_days and not unreachable
        days = [(day, list(group)) for day, group in groupby(waiting, key=lambda item: item.drop.day)]
        for day, group in days:
            if close_days and NO_DAY != self._opened_on < day:
                # Days without a drop pass before what comes later is read, whenever this process began.
                self.close_days(day - 1)
            self._read_day(group, tell)
            if close_days:
                self.close_days(day)
        if close_days and self._memory.received != NO_DAY:
            # The last day that another process read, if that could not close it any more.
            self.close_days(self._memory.received)
        self.flush()
        if unreachable:
            raise unreachable[0]

    @property
    def _opened_on(self) -> Day:
        """The first day that is not closed, as far as anything was received; NO_DAY before that."""
        return self.closed + 1 if self.closed != NO_DAY else self._memory.received

    def _waiting(
        self, connectors: Iterable[Connector], tell: Tell, unreachable: list[RetryableError]
    ) -> list[Waiting]:
        found: list[Waiting] = []
        for connector in connectors:
            try:
                if stream := stream_of(connector):
                    stream.resume(
                        self._memory.begun(stream.feed.name), self._memory.standing(stream.feed.name)
                    )
                strays, drops = list(connector.strays()), list(connector.drops())
            except RetryableError as error:
                unreachable.append(error)
                continue
            for stray in strays:
                tell(receipts.of_stray(connector.feed, stray))
            self._memory.load_readings(connector.feed.name, (drop.name for drop in drops))
            allowed = list(self._allowed(connector.feed, drops, tell))
            found += [Waiting(connector, drop) for drop in allowed if self._is_new(connector, drop)]
        # Stable: within a day, connectors keep the order they were given in.
        return sorted(found, key=lambda item: item.drop.day)

    def _allowed(self, feed: Feed, drops: Iterable[Drop], tell: Tell) -> Iterator[Drop]:
        """The drops that an agreement lets in; what was read before is not spoken of again."""
        waits = self.waits(feed)
        for drop in drops:
            before = self._memory.reading(feed.name, drop.name)
            if not waits and self.door.cites(feed, drop.day) is not None:
                yield drop
            elif before is None or not before.finished:
                why, code = (waits, "contract-changed") if waits else (NO_AGREEMENT, "no-agreement")
                tell(receipts.of_stray(feed, Stray(drop.name, why, code)))

    def change(self, feed: Feed) -> Change | None:
        """What a contract would change against the one in force; None if none was accepted yet."""
        known = self._memory.contracts.of_feed(feed.name)
        return change_of(feed, known, self._memory.agreements.of_feed(feed.name))

    def waits(self, feed: Feed) -> str:
        """Why nothing of a feed is read: somebody has to accept its contract first; empty: nobody has to."""
        change = self.change(feed)
        if change is None or not change.waits:
            return ""
        return f"the contract in force is {change.before}; this one ({change.after}) has to be accepted first"

    def accept(self, feed: Feed, reason: str, actor: str) -> None:
        """Put a contract on record as the one in force."""
        number = len(self._memory.contracts.of_feed(feed.name)) + 1
        self._memory.add(acceptance(feed, number, reason, actor))

    def _enter(self, feed: Feed) -> None:
        """Accept a contract that nobody has to look at: the first of a feed, or a change that breaks nobody."""
        if (change := self.change(feed)) is None:
            self.accept(feed, "the first contract of the feed", "hub")
        elif change.amendments or change.stepped != "none":
            self.accept(feed, "the change breaks nobody", "hub")

    def _is_new(self, connector: Connector, drop: Drop) -> bool:
        before = self._memory.reading(connector.feed.name, drop.name)
        if before is None or not before.finished:
            return True
        if before.reached == WHOLE and not drop.changes:
            return False
        try:
            return connector.fingerprint(drop) != before.digest
        except RetryableError:
            return True

    def _timely(self, waiting: Sequence[Waiting], today: Day | None, tell: Tell) -> Iterator[Waiting]:
        """Leave out days that only a slip of the pen can mean: closing them would pass every deadline."""
        latest = self.closed
        for connector, drop in waiting:
            if today is None or latest == NO_DAY or drop.day <= max(today, latest) + DAYS_AHEAD_MAX:
                latest = max(latest, drop.day)
                yield Waiting(connector, drop)
            else:
                stray = Stray(drop.name, f"{iso(drop.day)} is more than a year ahead", "day-ahead")
                tell(receipts.of_stray(connector.feed, stray))

    def _read_day(self, group: Sequence[Waiting], tell: Tell) -> None:
        """Read a day's drops; those of other feeds go on when one cannot be reached."""
        missed: dict[str, RetryableError] = {}
        for connector, drop in group:
            if connector.feed.name not in missed:
                try:
                    self._read_drop(connector, drop, tell)
                except RetryableError as error:
                    missed[connector.feed.name] = error
        if missed:
            self.flush()
            raise next(iter(missed.values()))

    def close_days(self, until: Day) -> None:
        """Close each day after the last closed one, up to and including `until`."""
        start = self._opened_on if self._opened_on != NO_DAY else until
        for day in range(start, until + 1):
            self._watch.close(day)
            self._memory.add(
                Envelope(DayClosed(day), derive_id("day", day), iso(day), "/hub/clock", occurred_on=day)
            )
        self._memory.flush_if_full()

    def _read_drop(self, connector: Connector, drop: Drop, tell: Tell) -> None:
        feed, reading = connector.feed, self._opened(connector, drop)
        self._enter(feed)
        after = int(reading.reached or 0)
        cites = self.door.cites(feed, drop.day) or ""
        rows: list[Row] = []
        snapshot = self._snapshot(feed, reading, drop.day)
        notes: list[dict[str, Any]] = []
        report = NOTHING_SAID

        def take(reached: object) -> None:
            batch = Batch.of(feed, reading._replace(reached=str(reached)), drop.day, rows, cites, snapshot)
            tell(self.door.take(batch, report, notes))
            rows.clear()
            notes.clear()

        source: Iterator[Row] = iter(())
        try:
            report, source = connector.read(drop)
            notes += receipts.of_headings(feed, report) if not after else ()
            if after:
                source = self._behind(feed, source, after, snapshot)
            while True:
                # `extend` keeps what it was given before its source broke off.
                rows.extend(islice(source, BATCH_ROWS))
                if len(rows) < BATCH_ROWS:
                    break
                take(rows[-1].number)
            take(WHOLE)
            if stream_of(connector):
                # Its drops follow each other: none may be durable while the one before it is not.
                self.flush()
        except UnreadableSourceError as error:
            # What could be read before the drop broke off counts like any other row.
            if rows:
                take(rows[-1].number)
            refused = Batch.of(feed, reading._replace(reached=REFUSED), drop.day)
            tell(self.door.refuse(refused, error))
        finally:
            if isinstance(source, Generator):
                # Whatever ended the reading, its file is not left open for as long as the error is looked at.
                source.close()

    def _behind(
        self, feed: Feed, source: Iterable[Row], after: int, snapshot: Snapshot | None
    ) -> Iterator[Row]:
        """The rows that an earlier reading did not reach; a snapshot lists those before them all the same."""
        for row in source:
            if row.number > after:
                yield row
            elif snapshot is not None:
                snapshot.note([self.door.record_of(feed, row)])

    def _snapshot(self, feed: Feed, reading: Reading, day: Day) -> Snapshot | None:
        """What is to be noted of a drop that lists every record of its feed."""
        if feed.snapshot is None:
            return None
        attempt = Batch.of(feed, reading, day).attempt
        return Snapshot(self._memory, feed, feed.snapshot, reading.drop, day, attempt)

    def _opened(self, connector: Connector, drop: Drop) -> Reading:
        """The reading that was cut off, or a new attempt at a drop that holds something else now."""
        digest = connector.fingerprint(drop)
        before = self._memory.reading(connector.feed.name, drop.name)
        if before is None:
            return Reading(drop.name, 1, digest, NOTHING)
        if before.digest == digest and not before.finished:
            return before
        return Reading(drop.name, before.attempt + 1, digest, NOTHING)

"""What ingestion remembers: a fold of the log, kept beside it and healed from it.

Whatever is added is remembered at once and written later: first to the log,
then here. A crash in between leaves this file behind the log, and the next
ingestion folds what it missed before it reads anything.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select

from hub.domain.days import Day
from hub.domain.events import RECORDS, DayClosed, ModelAdopted, RecordPublished, RecordWithdrawn
from hub.log import Envelope, EventLog, Partition
from hub.log.subscription import Subscription
from hub.projections import agreements, intake, quarantine
from hub.projections.intake import KnownRow, Reading
from hub.projections.statements import upsert

APPEND_EVENTS = 4_000
NO_DAY = -1
CLOCK = ""
"""The name under which the table of feeds keeps the last closed day."""


def content_digest(fields: Mapping[str, Any], *, withdrawn: bool = False) -> bytes:
    """Tells whether a record says anything new."""
    if withdrawn:
        return b"withdrawn"
    return hashlib.blake2b(msgspec.json.encode(fields), digest_size=12).digest()


def concluded_last(pending: Iterable[Envelope]) -> list[Envelope]:
    """Within each day first what it brought, then its receipts: a log takes few rounds for it then."""
    ordered: list[Envelope] = []
    receipts: list[Envelope] = []
    for envelope in pending:
        if envelope.event.CONCLUDES:
            receipts.append(envelope)
            continue
        if envelope.event.BARRIER:
            ordered += receipts
            receipts = []
        ordered.append(envelope)
    return ordered + receipts


class Memory:
    """Pending events, and the tables that the log's events fold into."""

    def __init__(self, log: EventLog, db: Connection, append_events: int = APPEND_EVENTS) -> None:
        """Appends as soon as `append_events` are pending."""
        self._log, self.db = log, db
        if not quarantine.exists(db):
            # Kept by a hub that did not fold the quarantine yet: refilled, never migrated.
            for kept in (intake, agreements):
                kept.metadata.drop_all(db)
        intake.metadata.create_all(db)
        quarantine.metadata.create_all(db)
        agreements.metadata.create_all(db)
        self.agreements = agreements.Agreements(db)
        self._shelves = intake.IntakeShelves(db)
        self.quarantine = quarantine.QuarantineShelves(db)
        self._pending: list[Envelope] = []
        self._append_events = append_events
        clock = self._shelves.feeds.get(CLOCK)
        self.closed: Day = clock.published_on if clock else NO_DAY
        self._catch_up()
        received = select(func.max(intake.feeds.c.published_on)).where(intake.feeds.c.feed != CLOCK)
        self.received: Day = db.execute(received).scalar() or NO_DAY
        """The last day of which anything was received before this process began."""

    def _catch_up(self) -> None:
        """Fold what the log holds beyond what this file remembers."""
        rows = self.db.execute(select(intake.checkpoints)).all()
        done = {Partition(RECORDS, number): offset for number, offset in rows}
        source = Subscription(self._log, (RECORDS,), done)
        while (batch := source.take(APPEND_EVENTS)).events:
            for recorded in batch.events:
                self._fold(recorded.envelope, None, recorded.position.partition.number)
            self._commit(batch.checkpoint)
        # A model that was announced to some partitions only; days are closed again by whoever reads drops.
        half = [envelope for envelope in source.standing() if isinstance(envelope.event, ModelAdopted)]
        if half:
            self._log.append(half)
            self._catch_up()

    def load(self, record_ids: list[str]) -> None:
        """Have what is known of these records at hand in one query."""
        self._shelves.known.load(record_ids)

    def load_readings(self, feed: str, drops: Iterable[str]) -> None:
        """Have what is known of these drops at hand in one query."""
        self._shelves.drops.load(intake.drop_key(feed, drop) for drop in drops)

    def known(self, record_id: str) -> KnownRow | None:
        """The version of a record that was appended last."""
        return self._shelves.known.get(record_id)

    def reading(self, feed: str, drop: str) -> Reading | None:
        """The last attempt at a drop."""
        row = self._shelves.drops.get(intake.drop_key(feed, drop))
        return Reading(drop, *row[1:]) if row else None

    def add(self, envelope: Envelope, digest: bytes | None = None) -> None:
        """Remember an event and have it appended with the next flush."""
        self._pending.append(envelope)
        self._fold(envelope, digest, envelope.partition or 0)

    def flush_if_full(self) -> None:
        """Append once enough is pending."""
        if len(self._pending) >= self._append_events:
            self.flush()

    def flush(self) -> None:
        """Append what is pending, then write down what it folded into."""
        if not self._pending:
            return
        checkpoint: dict[Partition, int] = {}
        for partition, offset in self._log.append(concluded_last(self._pending)):
            if offset > checkpoint.get(partition, -1):
                checkpoint[partition] = offset
        self._pending = []
        self._commit(checkpoint)

    def _fold(self, envelope: Envelope, digest: bytes | None, partition: int) -> None:
        event = envelope.event
        if isinstance(event, DayClosed):
            self.closed = max(self.closed, event.day)
            self._shelves.feeds.put(intake.FeedRow(CLOCK, "", 0, 0, 0, 0, 0, 0, self.closed))
            return
        if digest is None and isinstance(event, RecordPublished):
            digest = content_digest(event.fields)
        elif digest is None and isinstance(event, RecordWithdrawn):
            digest = content_digest({}, withdrawn=True)
        intake.apply(self._shelves, event, digest or b"", envelope.correlation_id, partition)
        quarantine.apply(self.quarantine, self._shelves, envelope)
        self.agreements.apply(event)

    def _commit(self, checkpoint: Mapping[Partition, int]) -> None:
        self._shelves.flush()
        self.quarantine.flush()
        self.agreements.flush()
        if checkpoint:
            rows = [(p.number, offset) for p, offset in checkpoint.items()]
            upsert(self.db, intake.checkpoints, rows)
        self.db.commit()

"""Ingestion: drops become events, with a balanced receipt for each batch.

This file owns the loop, limits, versions and cursors; a connector only says
what lies where and what a row means. A batch's records, refusals, receipt and
cursor go to the log in one append, and what ingestion remembers is folded
from the log: so a crash anywhere neither loses nor doubles a row.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, select

from hub.connect import Connector, Drop
from hub.connect.contracts import Feed
from hub.connect.rows import HeadingReport, Problem, Row, Translated, Translator
from hub.domain.days import Day, iso
from hub.domain.events import (
    RECORDS,
    BatchReceived,
    DayClosed,
    Event,
    RecordPublished,
    RecordQuarantined,
    RecordWithdrawn,
)  # fmt: skip
from hub.errors import UnreadableSourceError
from hub.log import Envelope, EventLog, Partition, derive_id
from hub.log.subscription import Subscription
from hub.projections import intake
from hub.projections.statements import upsert

BATCH_ROWS = 5_000
APPEND_EVENTS = 4_000
DROP_IS_READ = "*"
NO_DAY = -1
NOTHING_SAID = HeadingReport((), (), (), ())


class Receipt(NamedTuple):
    """What became of one batch, as the department is told."""

    feed: str
    drop: str
    received: int
    accepted: int
    unchanged: int
    quarantined: int
    warnings: int
    reasons: Mapping[str, int]
    ignored_columns: Sequence[str]
    refused_columns: Sequence[str]
    rows: Sequence[dict[str, Any]]
    """The refused and warned rows: row, field, code; never a value."""


def record_id_of(key: bytes, feed: str, source_key: str) -> str:
    """The keyed pseudonym under which the log knows a record (HMAC-SHA-256, 96 bits)."""
    return hmac.digest(key, f"{feed}\x1f{source_key}".encode(), "sha256")[:12].hex()


def content_digest(fields: Mapping[str, Any], *, withdrawn: bool = False) -> bytes:
    """Tells whether a record says anything new."""
    if withdrawn:
        return b"withdrawn"
    return hashlib.blake2b(msgspec.json.encode(fields), digest_size=12).digest()


class Ingest:
    """Reads drops of connectors and appends what they say."""

    def __init__(self, log: EventLog, db: Connection, pseudonym_key: bytes) -> None:
        self._log, self._db, self._key = log, db, pseudonym_key
        intake.metadata.create_all(db)
        self._shelves = intake.IntakeShelves(db)
        self._pending: list[Envelope] = []
        self._translators: dict[str, Translator] = {}
        self.closed: Day = NO_DAY
        self._catch_up()

    # --- remembering ---------------------------------------------------------------------

    def _catch_up(self) -> None:
        """Fold what the log holds beyond what this file remembers."""
        rows = self._db.execute(select(intake.checkpoints)).all()
        done = {Partition(RECORDS, number): offset for number, offset in rows}
        self.closed = self._last_closed()
        source = Subscription(self._log, (RECORDS,), done)
        while (batch := source.take(APPEND_EVENTS)).events:
            for recorded in batch.events:
                self._fold(recorded.envelope)
            self._commit(batch.checkpoint)

    def _last_closed(self) -> Day:
        days = select(intake.feeds.c.published_on).where(intake.feeds.c.feed == "")
        found = self._db.execute(days).scalar()
        return NO_DAY if found is None else int(found)

    def _fold(self, envelope: Envelope) -> None:
        event = envelope.event
        if isinstance(event, DayClosed):
            self.closed = max(self.closed, event.day)
            self._shelves.feeds.put(intake.FeedRow("", "", 0, 0, 0, 0, 0, 0, self.closed))
            return
        digest = b""
        if isinstance(event, RecordPublished):
            digest = content_digest(event.fields)
        elif isinstance(event, RecordWithdrawn):
            digest = content_digest({}, withdrawn=True)
        intake.apply(self._shelves, event, digest, envelope.correlation_id)

    def _commit(self, checkpoint: Mapping[Partition, int]) -> None:
        self._shelves.flush()
        if checkpoint:
            rows = [(p.number, offset) for p, offset in checkpoint.items()]
            upsert(self._db, intake.checkpoints, rows)
        self._db.commit()

    def flush(self) -> None:
        """Append what is pending, then remember it."""
        if not self._pending:
            return
        positions = self._log.append(self._pending)
        checkpoint: dict[Partition, int] = {}
        for position in positions:
            checkpoint[position.partition] = max(checkpoint.get(position.partition, -1), position.offset)
        self._pending = []
        self._commit(checkpoint)

    def _add(self, envelope: Envelope) -> None:
        self._pending.append(envelope)

    # --- reading -------------------------------------------------------------------------

    def run(
        self, connectors: Iterable[Connector], receipt: Callable[[Receipt], None], *, close_days: bool
    ) -> None:
        """Read every waiting drop, day by day and feed by feed, and close the days behind it."""
        waiting: list[tuple[Day, str, Connector, Drop]] = []
        for connector in connectors:
            name, found = connector.feed.name, list(connector.drops())
            self._shelves.drops.load(intake.drop_key(name, drop.name) for drop in found)
            for drop in found:
                if self._reached(name, drop) != DROP_IS_READ:
                    waiting.append((drop.day, name, connector, drop))
        waiting.sort(key=lambda item: item[:2])
        for index, (day, _, connector, drop) in enumerate(waiting):
            self._read_drop(connector, drop, receipt)
            last = index + 1 == len(waiting) or waiting[index + 1][0] != day
            if close_days and last:
                until = day if index + 1 == len(waiting) else waiting[index + 1][0] - 1
                self.close_days(until)
        self.flush()

    def close_days(self, until: Day) -> None:
        """Close each day after the last closed one, up to and including `until`."""
        start = self.closed + 1 if self.closed != NO_DAY else until
        for day in range(start, until + 1):
            event = DayClosed(day)
            envelope = Envelope(event, derive_id("day", day), iso(day), "/hub/clock", occurred_on=day)
            self._add(envelope)
            self._fold(envelope)
        if len(self._pending) >= APPEND_EVENTS:
            self.flush()

    def _read_drop(self, connector: Connector, drop: Drop, receipt: Callable[[Receipt], None]) -> None:
        feed, reached = connector.feed, self._reached(connector.feed.name, drop)
        batch: list[Row] = []
        report = NOTHING_SAID

        def take(end: object) -> None:
            receipt(self._take(feed, drop, report, batch, f"{drop.name}:{end}"))
            batch.clear()

        try:
            report, rows = connector.read(drop)
            for row in rows:
                if row.number > int(reached or 0):
                    batch.append(row)
                if len(batch) == BATCH_ROWS:
                    take(row.number)
            take(DROP_IS_READ)
        except UnreadableSourceError as error:
            # What could be read before the drop broke off counts like any other row.
            if batch:
                take(batch[-1].number)
            receipt(self._refuse_drop(feed, drop, error))

    def _reached(self, feed: str, drop: Drop) -> str:
        """How far this drop was read: a row number, * for all of it, empty for not at all."""
        row = self._shelves.drops.get(intake.drop_key(feed, drop.name))
        return row.reached if row else ""

    def _refuse_drop(self, feed: Feed, drop: Drop, error: UnreadableSourceError) -> Receipt:
        """A drop nobody can read is one refused unit, and the next drop goes on."""
        code = str(error.context.get("problem", error.code))
        problem = {"row": 0, "field": str(error.context.get("field", "")), "code": code,
                   "message": str(error)}  # fmt: skip
        quarantined = RecordQuarantined(
            feed.name, derive_id(feed.name, drop.name, 0), drop.name, 0, drop.day,
            [{k: str(v) for k, v in problem.items()}], "",
        )  # fmt: skip
        self._add(self._envelope(feed, quarantined, quarantined.batch_id, feed.name, drop))
        return self._receipt(
            feed, drop, NOTHING_SAID, [problem], f"{drop.name}:{DROP_IS_READ}", Counts(1, 0, 0, 1)
        )

    def _take(
        self, feed: Feed, drop: Drop, report: HeadingReport, batch: Sequence[Row], cursor: str
    ) -> Receipt:
        translate = self._translators.setdefault(feed.name, Translator(feed)).translate
        translated = [translate(row) for row in batch]
        ids = [record_id_of(self._key, feed.name, t.key) if t.key else "" for t in translated]
        self._shelves.known.load(ids)
        digests = [content_digest(t.fields, withdrawn=t.operation == "withdraw") for t in translated]
        clashing = clashes(ids, digests)
        problems: list[dict[str, Any]] = []
        accepted = unchanged = refused = 0
        for row, item, record_id, digest in zip(batch, translated, ids, digests, strict=True):
            reasons = list(item.problems)
            known = self._shelves.known.get(record_id) if record_id else None
            clash = record_id in clashing or (
                known is not None and known.drop == drop.name and known.digest != digest
            )
            if clash:
                reasons.append(Problem(feed.key, "duplicate-key", "quarantine"))
            problems += [p._asdict() | {"row": row.number} for p in reasons]
            if any(p.severity == "quarantine" for p in reasons):
                self._quarantine(feed, drop, row, reasons, item)
                refused += 1
            elif known is not None and known.digest == digest:
                unchanged += 1
            else:
                self._publish(feed, drop, item, record_id, digest, known.version if known else 0)
                accepted += 1
        counts = Counts(len(batch), accepted, unchanged, refused)
        return self._receipt(feed, drop, report, problems, cursor, counts)

    def _publish(
        self, feed: Feed, drop: Drop, item: Translated, record_id: str, digest: bytes, before: int
    ) -> None:
        version = before + 1
        event: Event
        if item.operation == "withdraw":
            event = RecordWithdrawn(record_id, feed.name, version, drop.day)
        else:
            event = RecordPublished(record_id, feed.name, version, drop.day, item.key, item.fields)
        event_id = derive_id(record_id, version, digest.hex())
        self._add(self._envelope(feed, event, event_id, record_id, drop))
        intake.apply(self._shelves, event, digest, drop.name)

    def _quarantine(
        self, feed: Feed, drop: Drop, row: Row, reasons: Iterable[Problem], item: Translated
    ) -> None:
        listed = [{"field": p.field, "code": p.code} for p in reasons]
        content = msgspec.json.encode(row.kept).decode()
        batch_id = derive_id(feed.name, drop.name, row.number)
        event = RecordQuarantined(feed.name, batch_id, drop.name, row.number, drop.day, listed, content)
        self._add(self._envelope(feed, event, batch_id, feed.name, drop))

    def _envelope(self, feed: Feed, event: Event, event_id: str, subject: str, drop: Drop) -> Envelope:
        return Envelope(
            event=event, id=event_id, key=subject, source=f"/feeds/{feed.name}", subject=subject,
            occurred_on=drop.day, actor=feed.department, correlation_id=drop.name,
            agreement=feed.version,
        )  # fmt: skip

    def _receipt(
        self,
        feed: Feed,
        drop: Drop,
        report: HeadingReport,
        problems: Sequence[Mapping[str, Any]],
        cursor: str,
        counts: "Counts",
    ) -> Receipt:
        """Append the balanced receipt, which also moves the cursor."""
        reasons: dict[str, int] = {}
        for problem in problems:
            reasons[problem["code"]] = reasons.get(problem["code"], 0) + 1
        warned = {p["row"] for p in problems if p.get("severity") == "warn"}
        event = BatchReceived(
            feed.name, derive_id(feed.name, cursor), drop.name, drop.day, cursor, counts.received,
            counts.accepted, counts.unchanged, counts.quarantined, len(warned), reasons,
            list(report.ignored), list(report.refused),
        )  # fmt: skip
        self._add(self._envelope(feed, event, event.batch_id, feed.name, drop))
        intake.apply(self._shelves, event, b"", drop.name)
        if len(self._pending) >= APPEND_EVENTS:
            self.flush()
        return Receipt(
            feed.name, drop.name, *counts, len(warned), reasons, report.ignored, report.refused,
            [dict(problem) for problem in problems],
        )  # fmt: skip


class Counts(NamedTuple):
    """The balance of a batch."""

    received: int
    accepted: int
    unchanged: int
    quarantined: int


def clashes(ids: Sequence[str], digests: Sequence[bytes]) -> set[str]:
    """Records that stand twice in one batch with different content: neither can be chosen."""
    first: dict[str, bytes] = {}
    found: set[str] = set()
    for record_id, digest in zip(ids, digests, strict=True):
        if record_id and first.setdefault(record_id, digest) != digest:
            found.add(record_id)
    return found

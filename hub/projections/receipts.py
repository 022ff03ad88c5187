"""Receipts, folded from the log: each batch, and what was wrong with each of its rows that were set aside.

Kept beside what ingestion remembers, in the same file. Nothing here changes
once it was written: a receipt says what became of a batch when it was read,
whatever was done about its rows later.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Index, Integer, MetaData, String, Table, Text, inspect, select

from hub.domain.days import Day
from hub.domain.events import BatchReceived, RecordQuarantined
from hub.log import Envelope, Position
from hub.projections.intake import REFUSED, WHOLE, DropRow, Reading
from hub.projections.statements import Packed
from hub.projections.store import Shelf

metadata = MetaData()
NOT_APPENDED = -1
COUNTS = ("received", "accepted", "unchanged", "quarantined", "warnings")


class ReceiptRow(NamedTuple):
    """One batch as it was received, and the place of its event in the log."""

    batch_id: str
    feed: str
    department: str
    drop: str
    attempt_id: str
    attempt: int
    published_on: Day
    after: int
    """The last row that earlier batches of the attempt took."""
    reached: str
    """The last row this one took; WHOLE: all there are; REFUSED: the drop could not be read (further)."""
    received: int
    accepted: int
    unchanged: int
    quarantined: int
    warnings: int
    reasons: dict[str, int]
    ignored_columns: list[str]
    refused_columns: list[str]
    cites: str
    event_id: str
    partition: str
    offset: int

    @property
    def counts(self) -> dict[str, int]:
        """The balance: received = accepted + unchanged + quarantined."""
        return {name: getattr(self, name) for name in COUNTS}


class SetAside(NamedTuple):
    """One row that was set aside, and why."""

    item_id: str
    attempt_id: str
    row: int
    reasons: list[dict[str, str]]


batches = Table(
    "receipts", metadata,
    Column("batch_id", String(32), primary_key=True), Column("feed", String(128), nullable=False),
    Column("department", Text, nullable=False), Column("drop", Text, nullable=False),
    Column("attempt_id", String(32), nullable=False), Column("attempt", Integer, nullable=False),
    Column("published_on", Integer, nullable=False), Column("after", Integer, nullable=False),
    Column("reached", Text, nullable=False), *(Column(name, Integer, nullable=False) for name in COUNTS),
    Column("reasons", Packed, nullable=False), Column("ignored_columns", Packed, nullable=False),
    Column("refused_columns", Packed, nullable=False), Column("cites", Text, nullable=False),
    Column("event_id", Text, nullable=False), Column("partition", Text, nullable=False),
    Column("offset", Integer, nullable=False),
    Index("receipts_by_day", "feed", "published_on"),
)  # fmt: skip
set_aside = Table(
    "receipt_rows", metadata,
    Column("item_id", String(32), primary_key=True), Column("attempt_id", String(32), nullable=False),
    Column("row", Integer, nullable=False), Column("reasons", Packed, nullable=False),
    Index("receipt_rows_by_attempt", "attempt_id", "row"),
)  # fmt: skip


class Receipts:
    """The receipts as ingestion adds to them."""

    def __init__(self, db: Connection) -> None:
        self._batches = Shelf(db, batches, ReceiptRow._make)
        self._set_aside = Shelf(db, set_aside, SetAside._make)

    def apply(self, envelope: Envelope, before: DropRow | None) -> None:
        """Fold in one event; `before` is how far its drop was read before it. What is known already stays."""
        event = envelope.event
        match event:
            case RecordQuarantined():
                reasons = [{"field": r["field"], "code": r["code"]} for r in event.reasons]
                self._set_aside.put(SetAside(event.batch_id, envelope.correlation_id, event.row, reasons))
            case BatchReceived() if self._batches.get(event.batch_id) is None:
                reading = Reading.of(event.cursor)
                goes_on = (
                    before is not None and before.attempt == reading.attempt and before.reached.isdigit()
                )
                self._batches.put(ReceiptRow(
                    event.batch_id, event.feed, envelope.actor, event.drop, envelope.correlation_id,
                    reading.attempt, event.published_on, int(before.reached) if before and goes_on else 0,
                    reading.reached, event.received, event.accepted, event.unchanged, event.quarantined,
                    event.warnings, event.reasons, event.ignored_columns, event.refused_columns,
                    envelope.agreement, envelope.id, "", NOT_APPENDED,
                ))  # fmt: skip

    def place(self, envelope: Envelope, position: Position) -> None:
        """Write down where in the log an event came to stand; the first place is the one that counts."""
        if isinstance(envelope.event, BatchReceived):
            row = self._batches.get(envelope.event.batch_id)
            if row is not None and row.offset == NOT_APPENDED:
                self._batches.put(row._replace(partition=str(position.partition), offset=position.offset))

    def flush(self) -> None:
        """Write every change; the caller commits."""
        self._batches.flush()
        self._set_aside.flush()


def exists(db: Connection) -> bool:
    """Whether this database has ever folded receipts."""
    return inspect(db).has_table(batches.name)


# --- reading ---------------------------------------------------------------------------------


def between(db: Connection, feed: str, first: Day | None, last: Day | None, limit: int) -> list[ReceiptRow]:
    """At most `limit` receipts of the days from first to last, the earliest first; of one feed, if it is named."""
    t = batches.c
    query = select(batches)
    if feed:
        query = query.where(t.feed == feed)
    if first is not None:
        query = query.where(t.published_on >= first)
    if last is not None:
        query = query.where(t.published_on <= last)
    found = db.execute(
        query.order_by(t.published_on, t.feed, t["drop"], t.attempt, t.after, t.batch_id).limit(limit)
    )
    return [ReceiptRow._make(row) for row in found]


def named(db: Connection, batch_id: str) -> ReceiptRow | None:
    """One receipt by its id or the beginning of it; None if that names none or several."""
    query = select(batches).where(batches.c.batch_id.startswith(batch_id, autoescape=True)).limit(2)
    found = db.execute(query).all()
    return ReceiptRow._make(found[0]) if len(found) == 1 else None


def rows_of(db: Connection, receipt: ReceiptRow) -> Iterator[SetAside]:
    """The rows of a batch that were set aside, in their order; row 0 stands for the drop as a whole."""
    t = set_aside.c
    query: Any = select(set_aside).where(t.attempt_id == receipt.attempt_id)
    if receipt.reached == REFUSED:
        query = query.where(t.row == 0)
    else:
        query = query.where(t.row > receipt.after)
        query = query if receipt.reached == WHOLE else query.where(t.row <= int(receipt.reached))
    return (SetAside._make(row) for row in db.execute(query.order_by(t.row, t.item_id)))

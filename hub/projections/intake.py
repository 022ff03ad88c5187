"""What ingestion remembers, folded from the log: record versions and feed cursors.

Kept in a file of its own, since ingestion and the rules run side by side and
each is the only writer of its file. Because it is a fold of the log, a crash
between appending and remembering is healed by reading the log's tail.
"""

from typing import NamedTuple

from sqlalchemy import Column, Connection, Integer, LargeBinary, MetaData, String, Table, Text, select

from hub.domain.events import BatchReceived, Event, RecordPublished, RecordWithdrawn
from hub.projections.store import Shelf

metadata = MetaData()
NOTHING, WHOLE, REFUSED = "", "*", "!"


class KnownRow(NamedTuple):
    """The version of a record that was appended last: its content's digest, its drop, its day, its partition."""

    record_id: str
    version: int
    digest: bytes
    drop: str
    published_on: int
    partition: int


class DropRow(NamedTuple):
    """How far one drop was read, at which attempt, and what it held then: see `Reading`."""

    drop: str
    attempt: int
    digest: str
    reached: str


class Reading(NamedTuple):
    """One attempt at one drop, and how far it came; its text is the receipt's cursor."""

    drop: str
    attempt: int
    digest: str
    """The drop's fingerprint: whoever finds the same again need not read it again."""
    reached: str
    """The number of the last row that was taken, WHOLE or REFUSED."""

    @property
    def finished(self) -> bool:
        """Whether nothing of it is left to read."""
        return self.reached in (WHOLE, REFUSED)

    @property
    def cursor(self) -> str:
        """The reading as text."""
        return f"{self.drop}#{self.attempt}@{self.digest}:{self.reached}"

    @staticmethod
    def of(cursor: str) -> "Reading":
        """The reading that a cursor tells of."""
        rest, _, reached = cursor.rpartition(":")
        rest, _, digest = rest.rpartition("@")
        drop, _, attempt = rest.rpartition("#")
        return Reading(drop, int(attempt), digest, reached)


class FeedRow(NamedTuple):
    """How far a feed was read, and its balance since the first batch."""

    feed: str
    cursor: str
    batches: int
    received: int
    accepted: int
    unchanged: int
    quarantined: int
    warnings: int
    published_on: int


known = Table(
    "known", metadata,
    Column("record_id", String(32), primary_key=True), Column("version", Integer, nullable=False),
    Column("digest", LargeBinary, nullable=False), Column("drop", Text, nullable=False),
    Column("published_on", Integer, nullable=False), Column("partition", Integer, nullable=False),
    sqlite_with_rowid=False,
)  # fmt: skip
feeds = Table(
    "feeds", metadata,
    Column("feed", String(128), primary_key=True), Column("cursor", Text, nullable=False),
    *(Column(name, Integer, nullable=False) for name in
      ("batches", "received", "accepted", "unchanged", "quarantined", "warnings", "published_on")),
)  # fmt: skip
drops = Table(
    "drops", metadata,
    Column("drop", String(256), primary_key=True), Column("attempt", Integer, nullable=False),
    Column("digest", String(64), nullable=False), Column("reached", Text, nullable=False),
)  # fmt: skip
checkpoints = Table(
    "intake_checkpoints", metadata,
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("offset", Integer, nullable=False),
)  # fmt: skip


class IntakeShelves:
    """The rows ingestion reads and changes."""

    def __init__(self, db: Connection) -> None:
        self.known = Shelf(db, known, KnownRow._make)
        self.feeds = Shelf(db, feeds, FeedRow._make)
        self.drops = Shelf(db, drops, DropRow._make)

    def flush(self) -> None:
        """Write every change; the caller commits."""
        self.known.flush()
        self.feeds.flush()
        self.drops.flush()


def drop_key(feed: str, drop: str) -> str:
    """The key of one drop of one feed."""
    return f"{feed}/{drop}"


def balance(db: Connection) -> dict[str, dict[str, int]]:
    """Per feed since its first batch: received = accepted + unchanged + quarantined."""
    names = ("batches", "received", "accepted", "unchanged", "quarantined", "warnings")
    rows = db.execute(select(feeds).where(feeds.c.feed != "")).mappings()
    return {row["feed"]: {name: row[name] for name in names} for row in rows}


def last_closed(db: Connection) -> int:
    """The last closed day; -1 before the first."""
    found = db.execute(select(feeds.c.published_on).where(feeds.c.feed == "")).scalar()
    return -1 if found is None else int(found)


def finished(db: Connection, feed: str) -> set[str]:
    """The names of a feed's drops that were read to their end."""
    prefix = drop_key(feed, "")
    query = select(drops.c.drop).where(
        drops.c.drop.startswith(prefix, autoescape=True), drops.c.reached == WHOLE
    )
    return {str(drop).removeprefix(prefix) for (drop,) in db.execute(query)}


def last_deliveries(db: Connection) -> dict[str, int]:
    """Per feed the day of its last delivery."""
    rows = db.execute(select(feeds.c.feed, feeds.c.published_on).where(feeds.c.feed != "")).all()
    return {str(feed): int(day) for feed, day in rows}


def apply(shelves: IntakeShelves, event: Event, digest: bytes, drop: str, partition: int) -> None:
    """Fold in one event of the records topic; `digest` is that of the record's content."""
    match event:
        case RecordPublished() | RecordWithdrawn():
            row = KnownRow(event.record_id, event.version, digest, drop, event.published_on, partition)
            shelves.known.put(row)
        case BatchReceived():
            reading = Reading.of(event.cursor)
            shelves.drops.put(DropRow(drop_key(event.feed, event.drop), *reading[1:]))
            before = shelves.feeds.get(event.feed) or FeedRow(event.feed, "", 0, 0, 0, 0, 0, 0, 0)
            shelves.feeds.put(FeedRow(
                event.feed, event.cursor, before.batches + 1, before.received + event.received,
                before.accepted + event.accepted, before.unchanged + event.unchanged,
                before.quarantined + event.quarantined, before.warnings + event.warnings,
                event.published_on,
            ))  # fmt: skip

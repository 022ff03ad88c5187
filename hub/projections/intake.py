"""What ingestion remembers, folded from the log: record versions and feed cursors.

Kept in a file of its own, since ingestion and the rules run side by side and
each is the only writer of its file. Because it is a fold of the log, a crash
between appending and remembering is healed by reading the log's tail.
"""

from typing import NamedTuple

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    inspect,
    select,
)

from hub.domain.events import BatchReceived, Event, RecordPublished, RecordWithdrawn
from hub.projections.statements import Packed
from hub.projections.store import Shelf

metadata = MetaData()
NOTHING, WHOLE, REFUSED = "", "*", "!"
WITHDRAWN = b"withdrawn"
"""The digest of a record that was taken back."""


class KnownRow(NamedTuple):
    """The version of a record that was appended last: its content's digest, its drop, day, partition and feed."""

    record_id: str
    version: int
    digest: bytes
    drop: str
    published_on: int
    partition: int
    feed: str


class StandingRow(NamedTuple):
    """How many records of a feed stand: published, and not withdrawn."""

    feed: str
    records: int


class TakenRow(NamedTuple):
    """What became of the rows of a drop at its last attempt."""

    drop: str
    attempt: int
    received: int
    accepted: int
    unchanged: int
    quarantined: int
    warnings: int
    reasons: dict[str, int]


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
    Column("feed", String(128), nullable=False), sqlite_with_rowid=False,
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
standing = Table(
    "standing", metadata,
    Column("feed", String(128), primary_key=True), Column("records", Integer, nullable=False),
)  # fmt: skip
taken = Table(
    "taken", metadata,
    Column("drop", String(256), primary_key=True),
    *(Column(name, Integer, nullable=False) for name in
      ("attempt", "received", "accepted", "unchanged", "quarantined", "warnings")),
    Column("reasons", Packed(), nullable=False),
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
        self.standing = Shelf(db, standing, StandingRow._make)
        self.taken = Shelf(db, taken, TakenRow._make)

    def flush(self) -> None:
        """Write every change; the caller commits."""
        self.known.flush()
        self.feeds.flush()
        self.drops.flush()
        self.standing.flush()
        self.taken.flush()


def exists(db: Connection) -> bool:
    """Whether this database has ever counted the records that stand."""
    return inspect(db).has_table(standing.name)


def reached(db: Connection, feed: str) -> dict[str, str]:
    """Every drop of a feed of which reading began, and how far it was read."""
    start = drop_key(feed, "")
    # Behind all keys that begin so comes the one whose slash is the next character.
    mine = drops.c.drop.between(start, start[:-1] + chr(ord(start[-1]) + 1))
    rows = db.execute(select(drops.c.drop, drops.c.reached).where(mine)).all()
    return {str(drop)[len(start) :]: str(said) for drop, said in rows}


def reading_of(db: Connection, feed: str, drop: str) -> tuple[str, TakenRow] | None:
    """How far one drop was read, and what became of its rows; None before that began."""
    key = drop_key(feed, drop)
    far = db.execute(select(drops.c.reached).where(drops.c.drop == key)).scalar()
    row = db.execute(select(taken).where(taken.c.drop == key)).one_or_none()
    return None if far is None or row is None else (str(far), TakenRow._make(row))


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


def last_deliveries(db: Connection) -> dict[str, int]:
    """Per feed the day of its last delivery."""
    rows = db.execute(select(feeds.c.feed, feeds.c.published_on).where(feeds.c.feed != "")).all()
    return {str(feed): int(day) for feed, day in rows}


def apply(shelves: IntakeShelves, event: Event, digest: bytes, drop: str, partition: int) -> None:
    """Fold in one event of the records topic; `digest` is that of the record's content."""
    match event:
        case RecordPublished() | RecordWithdrawn():
            earlier = shelves.known.get(event.record_id)
            stood = earlier is not None and earlier.digest != WITHDRAWN
            if stood is isinstance(event, RecordWithdrawn):
                count = shelves.standing.get(event.feed)
                change = -1 if stood else 1
                shelves.standing.put(StandingRow(event.feed, (count.records if count else 0) + change))
            row = KnownRow(
                event.record_id, event.version, digest, drop, event.published_on, partition, event.feed
            )  # fmt: skip
            shelves.known.put(row)
        case BatchReceived():
            reading = Reading.of(event.cursor)
            shelves.drops.put(DropRow(drop_key(event.feed, event.drop), *reading[1:]))
            shelves.taken.put(_more(shelves.taken.get(drop_key(event.feed, event.drop)), reading, event))
            before = shelves.feeds.get(event.feed) or FeedRow(event.feed, "", 0, 0, 0, 0, 0, 0, 0)
            shelves.feeds.put(FeedRow(
                event.feed, event.cursor, before.batches + 1, before.received + event.received,
                before.accepted + event.accepted, before.unchanged + event.unchanged,
                before.quarantined + event.quarantined, before.warnings + event.warnings,
                event.published_on,
            ))  # fmt: skip


def _more(before: TakenRow | None, reading: Reading, event: BatchReceived) -> TakenRow:
    """A drop's counts with those of one more batch; a new attempt begins at nothing."""
    if before is None or before.attempt != reading.attempt:
        before = TakenRow(drop_key(event.feed, event.drop), reading.attempt, 0, 0, 0, 0, 0, {})
    reasons = dict(before.reasons)
    for code, count in event.reasons.items():
        reasons[code] = reasons.get(code, 0) + count
    return TakenRow(
        before.drop, reading.attempt, before.received + event.received, before.accepted + event.accepted,
        before.unchanged + event.unchanged, before.quarantined + event.quarantined,
        before.warnings + event.warnings, reasons,
    )  # fmt: skip

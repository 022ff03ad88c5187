"""Vanished records, folded from the log: which wait for a decision, which were said to stand, on what figures.

A row counts only while the hub still holds the version it names: whatever is published of a
record later takes it back by itself, in whichever order the parts of the log are read.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    and_,
    delete,
    func,
    inspect,
    select,
    update,
)  # fmt: skip

from hub.domain.events import BatchReceived, VanishedDecided, VanishedProposed, VanishedReturned
from hub.domain.vanished import CONFIRMED
from hub.log import Envelope
from hub.projections.intake import WHOLE, WITHDRAWN, Reading, known
from hub.projections.quarantine import WAITING, quarantined
from hub.projections.statements import upsert
from hub.projections.store import Shelf

metadata = MetaData()
OPEN, REFUSED, UNREAD, RETURNED = "open", "refused", "waiting", "returned"
PAGE_ROWS = 1_000


class SnapshotRow(NamedTuple):
    """The rows of a feed's reading under way, and of the last that was complete."""

    feed: str
    attempt: str
    rows: int
    whole_rows: int
    whole_on: int


class VanishedRow(NamedTuple):
    """A record that a complete snapshot did not list: the version held then, and whether somebody said it stands."""

    record_id: str
    feed: str
    version: int
    rejected: bool


class ProposalRow(NamedTuple):
    """The last proposal of a feed: its figures, and what was decided."""

    feed: str
    proposal_id: str
    attempt: str
    drop: str
    published_on: int
    held: int
    vanished: int
    rows: int
    rows_before: int
    unread: int
    refused: str
    decision: str = ""
    reason: str = ""
    actor: str = ""


class Standing(NamedTuple):
    """A proposal as it stands now."""

    proposal: ProposalRow
    state: str
    """open, refused, waiting (for rows that could not be read), returned, confirmed or rejected."""
    left: int
    """Records that still wait for a decision, or after a confirmation for their withdrawal."""
    unread: int
    """Rows of the snapshot that still cannot be told apart."""


snapshots = Table(
    "snapshots", metadata,
    Column("feed", String(128), primary_key=True), Column("attempt", String(32), nullable=False),
    *(Column(name, Integer, nullable=False) for name in SnapshotRow._fields[2:]),
)  # fmt: skip
vanished = Table(
    "vanished", metadata,
    Column("record_id", String(32), primary_key=True), Column("feed", String(128), nullable=False, index=True),
    Column("version", Integer, nullable=False), Column("rejected", Boolean, nullable=False),
)  # fmt: skip
proposals = Table(
    "vanished_proposals", metadata,
    Column("feed", String(128), primary_key=True), Column("proposal_id", String(32), nullable=False),
    Column("attempt", String(32), nullable=False), Column("drop", Text, nullable=False),
    *(Column(name, Integer, nullable=False) for name in ProposalRow._fields[4:10]),
    *(Column(name, Text, nullable=False) for name in ProposalRow._fields[10:]),
)  # fmt: skip
listed = Table("listed", metadata, Column("record_id", String(32), primary_key=True), sqlite_with_rowid=False)
"""The records that the snapshot under way lists: staged, compared, then of no more use."""


class VanishedShelves:
    """The rows that ingestion and whoever decides read and change."""

    def __init__(self, db: Connection) -> None:
        self.db = db
        self.snapshots = Shelf(db, snapshots, SnapshotRow._make)
        self.vanished = Shelf(db, vanished, VanishedRow._make)
        self.proposals = Shelf(db, proposals, ProposalRow._make)

    def flush(self) -> None:
        """Write every change; the caller commits."""
        self.snapshots.flush()
        self.vanished.flush()
        self.proposals.flush()


def exists(db: Connection) -> bool:
    """Whether this database has ever folded what vanished."""
    return inspect(db).has_table(vanished.name)


def apply(shelves: VanishedShelves, envelope: Envelope) -> None:
    """Fold in one event."""
    event = envelope.event
    match event:
        case BatchReceived():
            _count(shelves, event, envelope.correlation_id)
        case VanishedProposed():
            for record_id, version in event.records.items():
                shelves.vanished.put(VanishedRow(record_id, event.feed, version, False))
            if not event.records:
                shelves.proposals.put(ProposalRow(
                    event.feed, event.proposal_id, envelope.correlation_id, event.drop, event.published_on,
                    event.held, event.vanished, event.rows, event.rows_before, event.unread, event.refused,
                ))  # fmt: skip
        case VanishedReturned():
            for record_id in event.records:
                shelves.vanished.drop(record_id)
        case VanishedDecided():
            before = shelves.proposals.get(event.feed)
            if before is not None and before.proposal_id == event.proposal_id and not before.decision:
                shelves.proposals.put(
                    before._replace(decision=event.decision, reason=event.reason, actor=event.actor)
                )
                if event.decision != CONFIRMED:
                    _set_aside(shelves, event.feed)


def _count(shelves: VanishedShelves, event: BatchReceived, attempt: str) -> None:
    before = shelves.snapshots.get(event.feed) or SnapshotRow(event.feed, "", 0, 0, -1)
    rows = event.received + (before.rows if before.attempt == attempt else 0)
    row = before._replace(attempt=attempt, rows=rows)
    if Reading.of(event.cursor).reached == WHOLE and event.published_on >= before.whole_on:
        row = row._replace(whole_rows=rows, whole_on=event.published_on)
    shelves.snapshots.put(row)


def _set_aside(shelves: VanishedShelves, feed: str) -> None:
    shelves.vanished.flush()
    shelves.db.execute(update(vanished).where(vanished.c.feed == feed).values(rejected=True))
    shelves.vanished.forget(shelves.db.scalars(select(vanished.c.record_id).where(vanished.c.feed == feed)))


# --- staging and comparing -------------------------------------------------------------------

_IS_LISTED = select(1).where(listed.c.record_id == known.c.record_id).exists()
_SAME = and_(vanished.c.record_id == known.c.record_id, vanished.c.version == known.c.version)
_IS_TOLD = select(1).where(_SAME).exists()
_WAITS = select(1).where(_SAME, ~vanished.c.rejected).exists()
_IS_HELD = and_(_SAME, known.c.digest != WITHDRAWN)


def _held_by(feed: str) -> ColumnElement[bool]:
    return and_(known.c.feed == feed, known.c.digest != WITHDRAWN)


def stage(db: Connection, record_ids: list[str] | None) -> None:
    """Note that the snapshot under way lists these records; None: a reading begins."""
    if record_ids is None:
        db.execute(delete(listed))
    elif record_ids:
        upsert(db, listed, [(record_id,) for record_id in record_ids])


class Gaps(NamedTuple):
    """What a complete snapshot says about what is held."""

    held: int
    gone: int
    """Records that are held, are not listed, and were not told of before."""
    left: int
    """Undecided records that are still missing, those that are gone now included."""


def gaps(db: Connection, feed: str) -> Gaps:
    """Compare what is staged with what is held; both have to be in the tables."""

    def count(*where: ColumnElement[bool]) -> int:
        return db.execute(select(func.count()).select_from(known).where(_held_by(feed), *where)).scalar_one()

    gone = count(~_IS_LISTED, ~_IS_TOLD)
    return Gaps(count(), gone, gone + count(~_IS_LISTED, _WAITS))


def gone(db: Connection, feed: str) -> Iterator[dict[str, int]]:
    """The records that are gone and not told of, with their versions, in parts."""
    chosen = select(known.c.record_id, known.c.version).where(_held_by(feed), ~_IS_LISTED, ~_IS_TOLD)
    ordered = chosen.order_by(known.c.record_id).execution_options(yield_per=PAGE_ROWS)
    for part in db.execute(ordered).partitions():
        yield {str(record_id): int(version) for record_id, version in part}


def returned(db: Connection, feed: str) -> Iterator[list[str]]:
    """The records that had vanished and are listed again, in parts."""
    again = select(1).where(listed.c.record_id == vanished.c.record_id).exists()
    chosen = select(vanished.c.record_id).where(vanished.c.feed == feed, again).order_by(vanished.c.record_id)
    for part in db.execute(chosen.execution_options(yield_per=PAGE_ROWS)).partitions():
        yield [str(record_id) for (record_id,) in part]


# --- reading ---------------------------------------------------------------------------------


def undecided(db: Connection, feed: str, limit: int) -> list[Any]:
    """Id, version, day and partition of the records that a feed's proposal is about, in order of their ids."""
    columns = (known.c.record_id, known.c.version, known.c.published_on, known.c.partition)
    chosen = select(*columns).join(vanished, _IS_HELD).where(vanished.c.feed == feed, ~vanished.c.rejected)
    return list(db.execute(chosen.order_by(known.c.record_id).limit(limit)))


def standing(db: Connection, feed: str = "") -> list[Standing]:
    """The last proposal of each feed, or of one, as it stands."""
    chosen = select(proposals).order_by(proposals.c.feed)
    rows = db.execute(chosen.where(proposals.c.feed == feed) if feed else chosen)
    return [_standing(db, ProposalRow._make(row)) for row in rows]


def _standing(db: Connection, row: ProposalRow) -> Standing:
    missing = select(func.count()).select_from(vanished).join(known, _IS_HELD)
    left = db.execute(missing.where(vanished.c.feed == row.feed, ~vanished.c.rejected)).scalar_one()
    waits = select(func.count()).where(
        quarantined.c.attempt == row.attempt, quarantined.c.state == WAITING, quarantined.c.record_id == ""
    )
    unread = db.execute(waits).scalar_one() if row.unread else 0
    state = row.decision or (RETURNED if not left else UNREAD if unread else REFUSED if row.refused else OPEN)
    return Standing(row, state, left, unread)

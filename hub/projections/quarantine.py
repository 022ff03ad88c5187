"""The quarantine, folded from the log: rows that wait, what was done about each, and their balance.

For ever: quarantined = waiting + accepted + unchanged + replaced + discarded,
where all but the first are rows that were settled since. A settled row keeps its
place and outcome; what it said is forgotten here (the log has it).
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    Text,
    func,
    inspect,
    select,
)

from hub.domain.events import RecordQuarantined, RowDiscarded, RowRepaired, RowReplaced, RowRetried
from hub.log import Envelope
from hub.projections.intake import NOTHING, DropRow, IntakeShelves, drop_key
from hub.projections.statements import Packed
from hub.projections.store import Shelf

metadata = MetaData()
WAITING = "waiting"
RELEASED = ("accepted", "unchanged")
READ_AGAIN = "read-again"
"""The outcome of retrying a drop that could not be read as a whole: the next ingestion reads it."""


class QuarantinedRow(NamedTuple):
    """One row that could not become a record (row 0: a whole drop), and where it stands now."""

    item_id: str
    feed: str
    record_id: str
    """Of the record it is about; empty where nobody can tell."""
    attempt: str
    published_on: int
    drop: str
    row: int
    reasons: list[dict[str, str]]
    content: str
    repairs: dict[str, str]
    """Heading to the cell that was put in its place."""
    repaired: int
    retried: int
    state: str

    @property
    def order(self) -> tuple[int, str, int]:
        """Its place among the rows of its feed as they were published."""
        return (self.published_on, self.drop, self.row)


class KeyRow(NamedTuple):
    """The rows of one record that wait."""

    record_id: str
    items: list[str]


class TallyRow(NamedTuple):
    """The balance of one feed's quarantine."""

    feed: str
    waiting: int = 0
    accepted: int = 0
    unchanged: int = 0
    replaced: int = 0
    discarded: int = 0


quarantined = Table(
    "quarantined", metadata,
    Column("item_id", String(32), primary_key=True), Column("feed", String(128), nullable=False),
    Column("record_id", String(32), nullable=False), Column("attempt", String(32), nullable=False),
    Column("published_on", Integer, nullable=False), Column("drop", Text, nullable=False),
    Column("row", Integer, nullable=False), Column("reasons", Packed, nullable=False),
    Column("content", Text, nullable=False), Column("repairs", Packed, nullable=False),
    Column("repaired", Integer, nullable=False), Column("retried", Integer, nullable=False),
    Column("state", String(16), nullable=False, index=True),
)  # fmt: skip
keys = Table(
    "quarantined_keys", metadata,
    Column("record_id", String(32), primary_key=True), Column("items", Packed, nullable=False),
)  # fmt: skip
tallies = Table(
    "quarantine_tallies", metadata,
    Column("feed", String(128), primary_key=True),
    *(Column(name, Integer, nullable=False) for name in TallyRow._fields[1:]),
)  # fmt: skip


class QuarantineShelves:
    """The rows of the quarantine that ingestion and its repair read and change."""

    def __init__(self, db: Connection) -> None:
        self.items = Shelf(db, quarantined, QuarantinedRow._make)
        self.keys = Shelf(db, keys, KeyRow._make)
        self.tallies = Shelf(db, tallies, TallyRow._make)

    def flush(self) -> None:
        """Write every change; the caller commits."""
        self.items.flush()
        self.keys.flush()
        self.tallies.flush()


def exists(db: Connection) -> bool:
    """Whether this database has ever folded a quarantine."""
    return inspect(db).has_table(quarantined.name)


def apply(shelves: QuarantineShelves, intake: IntakeShelves, envelope: Envelope) -> None:
    """Fold in one event; one that was seen before changes nothing."""
    event = envelope.event
    match event:
        case RecordQuarantined() if shelves.items.get(event.batch_id) is None:
            record_id = "" if envelope.subject == event.feed else envelope.subject
            row = QuarantinedRow(
                event.batch_id, event.feed, record_id, envelope.correlation_id, event.published_on,
                event.drop, event.row, event.reasons, event.content, {}, 0, 0, WAITING,
            )  # fmt: skip
            shelves.items.put(row)
            _wait(shelves, row)
        case RowRepaired() | RowRetried() | RowReplaced() | RowDiscarded():
            item = shelves.items.get(event.item_id)
            if item is not None and item.state == WAITING:
                _settle(shelves, intake, item, event)


def _settle(
    shelves: QuarantineShelves,
    intake: IntakeShelves,
    item: QuarantinedRow,
    event: RowRepaired | RowRetried | RowReplaced | RowDiscarded,
) -> None:
    match event:
        case RowRepaired():
            repairs = item.repairs | dict(event.cells)
            shelves.items.put(item._replace(repairs=repairs, repaired=item.repaired + 1))
        case RowRetried() if event.outcome in RELEASED:
            _leave(shelves, item, event.outcome)
        case RowRetried():
            if event.outcome == READ_AGAIN:
                key = drop_key(item.feed, item.drop)
                before = intake.drops.get(key)
                intake.drops.put(DropRow(key, before.attempt if before else 0, "", NOTHING))
            reasons = event.reasons or item.reasons
            shelves.items.put(item._replace(reasons=reasons, retried=item.retried + 1))
        case RowReplaced():
            _leave(shelves, item, "replaced")
        case RowDiscarded():
            _leave(shelves, item, "discarded")


def _wait(shelves: QuarantineShelves, item: QuarantinedRow) -> None:
    tally = shelves.tallies.get(item.feed) or TallyRow(item.feed)
    shelves.tallies.put(tally._replace(waiting=tally.waiting + 1))
    if item.record_id:
        before = shelves.keys.get(item.record_id)
        shelves.keys.put(KeyRow(item.record_id, [*(before.items if before else ()), item.item_id]))


def _leave(shelves: QuarantineShelves, item: QuarantinedRow, state: str) -> None:
    tally = shelves.tallies.get(item.feed) or TallyRow(item.feed)
    shelves.tallies.put(tally._replace(**{"waiting": tally.waiting - 1, state: getattr(tally, state) + 1}))
    shelves.items.put(item._replace(state=state, content="", repairs={}))
    if item.record_id and (before := shelves.keys.get(item.record_id)):
        left = [each for each in before.items if each != item.item_id]
        if left:
            shelves.keys.put(KeyRow(item.record_id, left))
        else:
            shelves.keys.drop(item.record_id)


# --- reading ---------------------------------------------------------------------------------


class Chosen(NamedTuple):
    """Which rows are meant: every part that is given narrows the choice."""

    feed: str = ""
    code: str = ""
    field: str = ""
    drop: str = ""
    item: str = ""
    """An id, or the beginning of one."""


def waiting(db: Connection, chosen: Chosen) -> Iterator[QuarantinedRow]:
    """The rows that wait, in the order in which they were published."""
    t = quarantined.c
    query: Select[Any] = select(quarantined).where(t.state == WAITING)
    for column, value in ((t.feed, chosen.feed), (t.drop, chosen.drop)):
        query = query.where(column == value) if value else query
    if chosen.item:
        query = query.where(t.item_id.startswith(chosen.item, autoescape=True))
    ordered = query.order_by(t.feed, t.published_on, t["drop"], t.row, t.item_id)
    for found in db.execute(ordered.execution_options(yield_per=1_000)):
        item = QuarantinedRow._make(found)
        if _fits(item.reasons, chosen):
            yield item


def _fits(reasons: Iterable[dict[str, str]], chosen: Chosen) -> bool:
    return any(
        chosen.code in ("", reason["code"]) and chosen.field in ("", reason["field"]) for reason in reasons
    )


def item_of(db: Connection, item_id: str) -> QuarantinedRow | None:
    """One row by its id or the beginning of it, settled or not; None if that names none or several."""
    named = quarantined.c.item_id.startswith(item_id, autoescape=True)
    found = db.execute(select(quarantined).where(named).limit(2)).all()
    return QuarantinedRow._make(found[0]) if len(found) == 1 else None


def balance(db: Connection) -> dict[str, dict[str, int]]:
    """Per feed: how many wait, how many were settled how, and the day of the oldest that waits."""
    t = quarantined.c
    oldest = dict(
        db.execute(select(t.feed, func.min(t.published_on)).where(t.state == WAITING).group_by(t.feed)).all()
    )
    return {
        row["feed"]: {name: row[name] for name in TallyRow._fields[1:]}
        | {"oldest": oldest.get(row["feed"], -1)}
        for row in db.execute(select(tallies).order_by(tallies.c.feed)).mappings()
    }

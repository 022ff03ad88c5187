"""What feeds delivered day by day, and what is odd about them, folded from the log."""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Integer, MetaData, String, Table, Text, inspect, select

from hub.domain.days import Day
from hub.domain.events import (
    BatchMeasured,
    BatchReceived,
    Event,
    FeedDiscrepancyCleared,
    FeedDiscrepancyDetected,
    RecordPublished,
)
from hub.domain.watching import Delivery
from hub.domain.watching import thresholds as t
from hub.domain.watching.serials import Block, missing, place_of
from hub.projections.statements import Packed
from hub.projections.store import Shelf

metadata = MetaData()
STANDING, CLEARED = "standing", "cleared"


class DeliveryRow(NamedTuple):
    """What a feed delivered for one day."""

    delivery: str
    feed: str
    day: int
    said: Delivery


class AnchorRow(NamedTuple):
    """A run of rows that stands in a feed, by its hash, and the first day it did."""

    anchor: int
    day: int


class SerialsRow(NamedTuple):
    """Which numbers of a block came to a feed, one bit each, and when the last of them did."""

    block: str
    feed: str
    first: str
    came: int
    last_on: int


class FeedDiscrepancyRow(NamedTuple):
    """Something odd about a feed, standing or cleared, however often it came back."""

    discrepancy_id: str
    feed: str
    kind: str
    subject: str
    status: str
    times: int
    detected_on: int
    cleared_on: int | None
    evidence: dict[str, float]
    detail: str


_said = Packed(msgspec.json.encode, msgspec.json.Decoder(Delivery).decode)
deliveries = Table(
    "deliveries", metadata,
    Column("delivery", String(160), primary_key=True), Column("feed", String(128), nullable=False, index=True),
    Column("day", Integer, nullable=False, index=True), Column("said", _said, nullable=False),
)  # fmt: skip
anchors = Table(
    "anchors", metadata,
    Column("anchor", BigInteger, primary_key=True, autoincrement=False),
    Column("day", Integer, nullable=False),
)  # fmt: skip
serials = Table(
    "serials", metadata,
    Column("block", String(160), primary_key=True), Column("feed", String(128), nullable=False),
    Column("first", String(16), nullable=False), Column("came", BigInteger, nullable=False),
    Column("last_on", Integer, nullable=False),
)  # fmt: skip
feed_discrepancies = Table(
    "feed_discrepancies", metadata,
    Column("discrepancy_id", String(32), primary_key=True), Column("feed", String(128), nullable=False),
    Column("kind", Text, nullable=False), Column("subject", Text, nullable=False),
    Column("status", String(16), nullable=False), Column("times", Integer, nullable=False),
    Column("detected_on", Integer, nullable=False), Column("cleared_on", Integer),
    Column("evidence", Packed, nullable=False), Column("detail", Text, nullable=False),
)  # fmt: skip


class WatchedShelves:
    """The rows that watching reads and changes; the deliveries of the last year are all at hand."""

    def __init__(self, db: Connection) -> None:
        self.deliveries = Shelf(db, deliveries, DeliveryRow._make)
        self.anchors = Shelf(db, anchors, AnchorRow._make)
        self.serials = Shelf(db, serials, SerialsRow._make)
        self.found = Shelf(db, feed_discrepancies, FeedDiscrepancyRow._make)
        self._open: dict[str, dict[str, Block]] = {}
        """By feed the blocks in which a number is missing."""
        for row in self.serials.every():
            self._note(row)
        self._standing = {
            (row.feed, row.kind, row.subject): row for row in every(db) if row.status == STANDING
        }
        self._history: dict[str, list[Delivery]] = {}
        newest = db.execute(select(deliveries.c.day).order_by(deliveries.c.day.desc()).limit(1)).scalar()
        for feed, said in db.execute(
            select(deliveries.c.feed, deliveries.c.said)
            .where(deliveries.c.day > (newest or 0) - t.LOOKBACK_DAYS.value)
            .order_by(deliveries.c.day)
        ):
            self._history.setdefault(feed, []).append(said)

    def flush(self) -> None:
        """Write every change; the caller commits."""
        self.deliveries.flush()
        self.anchors.flush()
        self.serials.flush()
        self.found.flush()

    def feeds(self) -> list[str]:
        """The feeds that ever delivered, by name."""
        return sorted(self._history)

    def history(self, feed: str, today: Day) -> Sequence[Delivery]:
        """The deliveries of the year up to today, in order of their days."""
        rows = self._history[feed]
        while len(rows) > 1 and rows[0].day <= today - t.LOOKBACK_DAYS.value:
            rows.pop(0)
        cut = len(rows)
        while cut and rows[cut - 1].day > today:
            cut -= 1
        return rows if cut == len(rows) else rows[:cut]

    def blocks(self, feed: str) -> Sequence[Block]:
        """The blocks of a feed's serial numbers in which one is missing."""
        return list(self._open.get(feed, {}).values())

    def came(self, feed: str, key: str, day: Day) -> None:
        """A record of this key was published; only serial numbers are noted."""
        place = place_of(key)
        if place is None:
            return
        first, bit = place
        name = f"{feed}/{first}"
        row = self.serials.get(name) or SerialsRow(name, feed, first, 0, day)
        if not row.came >> bit & 1:
            row = row._replace(came=row.came | 1 << bit, last_on=max(row.last_on, day))
            self.serials.put(row)
            self._note(row)

    def _note(self, row: SerialsRow) -> None:
        block = Block(row.first, row.came, row.last_on)
        if missing(block):
            self._open.setdefault(row.feed, {})[row.first] = block
        else:
            self._open.get(row.feed, {}).pop(row.first, None)

    def standing(self, feed: str) -> Collection[tuple[str, str]]:
        """Kind and subject of what stands about a feed."""
        return {(kind, subject) for name, kind, subject in self._standing if name == feed}

    def times(self, discrepancy_id: str) -> int:
        """How often this was detected."""
        row = self.found.get(discrepancy_id)
        return row.times if row else 0

    def put(self, feed: str, delivery: Delivery) -> None:
        """Add or replace what a feed delivered for a day."""
        rows = self._history.setdefault(feed, [])
        at = bisect_left(rows, delivery.day, key=lambda each: each.day)
        if at < len(rows) and rows[at].day == delivery.day:
            rows[at] = delivery
        else:
            rows.insert(at, delivery)
        self.deliveries.put(DeliveryRow(f"{feed}/{delivery.day}", feed, delivery.day, delivery))

    def stand(self, row: FeedDiscrepancyRow) -> None:
        """Put down what stands, or stands no more."""
        self.found.put(row)
        key = (row.feed, row.kind, row.subject)
        if row.status == STANDING:
            self._standing[key] = row
        else:
            self._standing.pop(key, None)


def exists(db: Connection) -> bool:
    """Whether this database has ever watched a feed."""
    return inspect(db).has_table(serials.name)


def apply(shelves: WatchedShelves, event: Event, closed: Day) -> None:
    """Fold in one event; `closed` is the last day that was closed before it."""
    match event:
        case RecordPublished():
            shelves.came(event.feed, event.source_key, event.published_on)
        case BatchReceived():
            before = _of(shelves, event.feed, event.published_on)
            shelves.put(event.feed, before._replace(
                late=max(before.late, closed - event.published_on) if closed >= 0 else before.late,
                rows=before.rows + event.received, accepted=before.accepted + event.accepted,
                unchanged=before.unchanged + event.unchanged,
                quarantined=before.quarantined + event.quarantined,
                warnings=before.warnings + event.warnings, reasons=_sum(before.reasons, event.reasons),
            ))  # fmt: skip
        case BatchMeasured():
            _measured(shelves, event)
        case FeedDiscrepancyDetected():
            row = shelves.found.get(event.discrepancy_id)
            shelves.stand(FeedDiscrepancyRow(
                event.discrepancy_id, event.feed, event.kind, event.subject, STANDING, (row.times if row else 0) + 1,
                event.detected_on, None, event.evidence, event.detail,
            ))  # fmt: skip
        case FeedDiscrepancyCleared():
            row = shelves.found.get(event.discrepancy_id)
            if row is not None:
                shelves.stand(row._replace(status=CLEARED, cleared_on=event.cleared_on))


def _measured(shelves: WatchedShelves, event: BatchMeasured) -> None:
    shelves.anchors.load(event.anchors)
    repeated = 0
    for anchor in event.anchors:
        if shelves.anchors.get(anchor) is None:
            shelves.anchors.put(AnchorRow(anchor, event.published_on))
        else:
            repeated += 1
    before = _of(shelves, event.feed, event.published_on)
    digits = dict(before.digits)
    for name, counts in event.digits.items():
        digits[name] = (
            [a + b for a, b in zip(digits[name], counts, strict=True)] if name in digits else counts
        )
    copied = {
        name: max(before.copied.get(name, 0), event.copied.get(name, 0))
        for name in {**before.copied, **event.copied}
    }
    shelves.put(event.feed, before._replace(
        versions=before.versions + event.versions, fresh=before.fresh + event.fresh,
        filled=_sum(before.filled, event.filled), corrected=_sum(before.corrected, event.corrected),
        digits=digits, copied=copied, repeated=before.repeated + repeated,
        columns=sorted({*before.columns, *event.columns}),
    ))  # fmt: skip


def _of(shelves: WatchedShelves, feed: str, day: Day) -> Delivery:
    row = shelves.deliveries.get(f"{feed}/{day}")
    return row.said if row else Delivery(day)


def _sum(left: Mapping[str, int], right: Mapping[str, int]) -> dict[str, int]:
    if not right:
        return dict(left)
    return {name: left.get(name, 0) + right.get(name, 0) for name in {**left, **right}}


# --- reading ---------------------------------------------------------------------------------


def every(db: Connection, feed: str = "") -> list[FeedDiscrepancyRow]:
    """What was ever odd about the feeds, or about one."""
    c = feed_discrepancies.c
    chosen = select(feed_discrepancies).order_by(c.feed, c.detected_on, c.kind, c.subject)
    rows: Iterator[Any] = iter(db.execute(chosen.where(c.feed == feed) if feed else chosen))
    return [FeedDiscrepancyRow._make(row) for row in rows]


def delivered(db: Connection, feed: str) -> list[Delivery]:
    """All that a feed ever delivered, in order of days."""
    chosen = select(deliveries.c.said).where(deliveries.c.feed == feed).order_by(deliveries.c.day)
    return list(db.scalars(chosen))

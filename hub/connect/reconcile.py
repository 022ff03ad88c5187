"""Reconciliation: what a source holds against what the log holds of it, range by range.

Every row of a source must be in the log: as a version of its record, or in
quarantine. Both sides are counted and digested over the same ranges of rows, in
one pass over the log and one over the source; a digest does not depend on order.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from hub.connect import Connector, Drop
from hub.connect.memory import content_digest
from hub.connect.pseudonyms import record_id_of
from hub.connect.rows import Row
from hub.connect.translator import Translator
from hub.domain.events import (
    RECORDS,
    BatchReceived,
    RecordPublished,
    RecordQuarantined,
    RecordWithdrawn,
)
from hub.errors import UnreadableSourceError
from hub.log import EventLog
from hub.log.subscription import Subscription

RANGE_ROWS = 5_000
PAGE_EVENTS = 5_000
MASK = (1 << 64) - 1


class Side(NamedTuple):
    """How many rows, and the sum of their digests."""

    rows: int = 0
    digest: int = 0

    def add(self, mark: int) -> "Side":
        """One row more."""
        return Side(self.rows + 1, (self.digest + mark) & MASK)


class Range(NamedTuple):
    """Some rows of a drop on both sides."""

    feed: str
    drop: str
    first: int
    last: int
    source: Side
    log: Side
    missing: tuple[int, ...]
    """The first rows that are nowhere in the log."""

    @property
    def ok(self) -> bool:
        """Whether both sides hold the same."""
        return self.source == self.log


class Held(NamedTuple):
    """What the log holds of some feeds."""

    published: Mapping[str, set[int]]
    """Per feed a mark of each version of each record."""
    quarantined: dict[tuple[str, str], set[int]]
    """Per feed and attempt at a drop the numbers of rows that were set aside."""
    received: Mapping[tuple[str, str], tuple[str, int]]
    """Per feed and drop its last attempt, and the rows that were received with it."""
    live: Mapping[str, set[int]]
    """Per feed a mark of each record that stands."""


MISSING_SHOWN_MAX = 20


def held_of(log: EventLog, feeds: Iterable[str]) -> Held:
    """One pass over the log."""
    names = set(feeds)
    held = Held({name: set() for name in names}, {}, {}, {name: set() for name in names})
    received: dict[tuple[str, str], tuple[str, int]] = {}
    source = Subscription(log, (RECORDS,), {})
    while page := source.take(PAGE_EVENTS).events:
        for recorded in page:
            event = recorded.envelope.event
            match event:
                case RecordPublished() if event.feed in names:
                    held.published[event.feed].add(mark(event.record_id, content_digest(event.fields)))
                    held.live[event.feed].add(mark(event.record_id, b""))
                case RecordWithdrawn() if event.feed in names:
                    withdrawn = content_digest({}, withdrawn=True)
                    held.published[event.feed].add(mark(event.record_id, withdrawn))
                    held.live[event.feed].discard(mark(event.record_id, b""))
                case RecordQuarantined() if event.feed in names:
                    attempt = (event.feed, recorded.envelope.correlation_id)
                    held.quarantined.setdefault(attempt, set()).add(event.row)
                case BatchReceived() if event.feed in names:
                    key, attempt_id = (event.feed, event.drop), recorded.envelope.correlation_id
                    before, rows = received.get(key, ("", 0))
                    received[key] = (attempt_id, event.received + (rows if before == attempt_id else 0))
    return held._replace(received=received)


def mark(record_id: str, digest: bytes) -> int:
    """A version of a record as 64 bits."""
    return int.from_bytes(hashlib.blake2b(record_id.encode() + digest, digest_size=8).digest(), "big")


class Reconciled(NamedTuple):
    """One drop against the log."""

    feed: str
    drop: str
    source_rows: int
    log_rows: int
    ranges: tuple[Range, ...]
    vanished: int
    """Records that stand in the log and are not in a source that is kept up to date: a proposal, no deletion."""
    unread: bool
    problem: str

    @property
    def ok(self) -> bool:
        """Whether every row of the source is in the log, and no row was counted that is not there."""
        return (
            not self.problem
            and not self.unread
            and self.source_rows == self.log_rows
            and all(r.ok for r in self.ranges)
        )


def reconcile(connectors: Iterable[Connector], log: EventLog, key: bytes) -> Iterator[Reconciled]:
    """Each drop of these connectors against the log."""
    found = list(connectors)
    held = held_of(log, (connector.feed.name for connector in found))
    for connector in found:
        for drop in connector.drops():
            yield _reconciled(connector, drop, held, key)


def _reconciled(connector: Connector, drop: Drop, held: Held, key: bytes) -> Reconciled:
    feed = connector.feed.name
    seen: set[int] = set()
    attempt, log_rows = held.received.get((feed, drop.name), ("", -1))
    aside = held.quarantined.get((feed, attempt), set())
    try:
        _, rows = connector.read(drop)
        ranges = tuple(_ranges(connector, drop, rows, held.published[feed], aside, key, seen))
    except UnreadableSourceError as error:
        # A drop nobody can read is one refused unit on both sides, once it was received.
        refused = 0 in aside
        return Reconciled(feed, drop.name, 1, int(refused), (), 0, not refused, "" if refused else str(error))
    vanished = len(held.live[feed] - seen) if drop.changes and log_rows >= 0 else 0
    source_rows = sum(each.source.rows for each in ranges)
    return Reconciled(feed, drop.name, source_rows, max(log_rows, 0), ranges, vanished, log_rows < 0, "")


def _ranges(
    connector: Connector,
    drop: Drop,
    rows: Iterable[Row],
    published: set[int],
    aside: set[int],
    key: bytes,
    seen: set[int],
) -> Iterator[Range]:
    feed, translator = connector.feed.name, Translator(connector.feed)
    made = Range(feed, drop.name, 0, 0, Side(), Side(), ())
    for row in rows:
        item = translator.translate(row)
        record_id = record_id_of(key, feed, item.key) if item.key else ""
        seen.add(mark(record_id, b""))
        digest = content_digest(item.fields, withdrawn=item.operation == "withdraw")
        version = mark(record_id, digest)
        there = version in published or row.number in aside
        missing = (
            made.missing if there or len(made.missing) >= MISSING_SHOWN_MAX else (*made.missing, row.number)
        )
        made = made._replace(
            first=made.first or row.number, last=row.number, source=made.source.add(version),
            log=made.log.add(version) if there else made.log, missing=missing,
        )  # fmt: skip
        if made.source.rows == RANGE_ROWS:
            yield made
            made = Range(feed, drop.name, 0, 0, Side(), Side(), ())
    if made.source.rows:
        yield made

"""Ingestion: drops become events, with a balanced receipt for each batch.

This file owns the loop, limits and versions; a connector only says what lies
where and what a row means. A batch's records, refusals, receipt and cursor go
to the log in one append, and what ingestion remembers is folded from the log:
so a crash anywhere neither loses nor doubles a row.
"""

import hmac
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from hub.connect import Connector, Drop, Stray, receipts
from hub.connect.acceptance import Change, acceptance, change_of
from hub.connect.backlog import Backlog
from hub.connect.contracts import Feed
from hub.connect.fields import TEXT_CHARACTERS_MAX
from hub.connect.memory import APPEND_EVENTS, NO_DAY, Memory, content_digest
from hub.connect.partitioning import home_of
from hub.connect.receipts import NOTHING_SAID, Counts, Receipt
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
)
from hub.domain.forbidden import refuse_value
from hub.errors import RetryableError, UnreadableSourceError
from hub.log import Envelope, EventLog, derive_id
from hub.log.codec import PAYLOAD_BYTES_MAX
from hub.projections.intake import NOTHING, REFUSED, WHOLE, KnownRow, Reading

BATCH_ROWS = 5_000
DAYS_AHEAD_MAX = 366
NO_AGREEMENT = "no agreement about the feed is in force on its day, so it was not read"
KEPT_CHARACTERS_MAX = TEXT_CHARACTERS_MAX + 1
KEPT_ROW_CHARACTERS_MAX = PAYLOAD_BYTES_MAX // 4

Tell = Callable[[Receipt], None]


class Waiting(NamedTuple):
    """A drop that is to be read, and whose it is."""

    connector: Connector
    drop: Drop


class Batch(NamedTuple):
    """Rows that are taken together: of which feed, at which reading, published on which day."""

    feed: Feed
    reading: Reading
    day: Day
    rows: Sequence[Row]

    attempt: str
    """The drop and the attempt at it, under a name that says nothing, as attributes must."""
    cites: str = ""
    """The agreements under which it is read, then the contract's version."""

    @staticmethod
    def of(feed: Feed, reading: Reading, day: Day, rows: Sequence[Row] = ()) -> "Batch":
        """The rows of a reading."""
        attempt = derive_id("drop", feed.name, reading.drop, reading.attempt)
        return Batch(feed, reading, day, rows, attempt)


def record_id_of(key: bytes, feed: str, source_key: str) -> str:
    """The keyed pseudonym under which the log knows a record (HMAC-SHA-256, 96 bits)."""
    return hmac.digest(key, f"{feed}\x1f{source_key}".encode(), "sha256")[:12].hex()


class Ingest:
    """Reads drops of connectors and appends what they say."""

    def __init__(
        self, log: EventLog, db: Connection, pseudonym_key: bytes, append_events: int = APPEND_EVENTS
    ) -> None:
        """Appends to the log as soon as `append_events` are pending."""
        self._memory = Memory(log, db, append_events)
        self._backlog = Backlog(self._memory)
        self._key = pseudonym_key
        self._partitions = len(log.partitions(RECORDS))
        self._translators: dict[str, Translator] = {}

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
            if not waits and self.cites(feed, drop.day) is not None:
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
            self._memory.add(
                Envelope(DayClosed(day), derive_id("day", day), iso(day), "/hub/clock", occurred_on=day)
            )
        self._memory.flush_if_full()

    def _read_drop(self, connector: Connector, drop: Drop, tell: Tell) -> None:
        feed, reading = connector.feed, self._opened(connector, drop)
        self._enter(feed)
        after = int(reading.reached or 0)
        rows: list[Row] = []
        notes: list[dict[str, Any]] = []
        report = NOTHING_SAID

        def take(reached: object) -> None:
            batch = Batch.of(feed, reading._replace(reached=str(reached)), drop.day, rows)
            batch = batch._replace(cites=self.cites(feed, drop.day) or "")
            tell(self._take(batch, report, notes))
            rows.clear()
            notes.clear()

        try:
            report, source = connector.read(drop)
            notes += receipts.of_headings(feed, report) if not after else ()
            for row in source:
                if row.number > after:
                    rows.append(row)
                if len(rows) == BATCH_ROWS:
                    take(row.number)
            take(WHOLE)
        except UnreadableSourceError as error:
            # What could be read before the drop broke off counts like any other row.
            if rows:
                take(rows[-1].number)
            tell(self._refuse(Batch.of(feed, reading._replace(reached=REFUSED), drop.day), error))

    def _opened(self, connector: Connector, drop: Drop) -> Reading:
        """The reading that was cut off, or a new attempt at a drop that holds something else now."""
        digest = connector.fingerprint(drop)
        before = self._memory.reading(connector.feed.name, drop.name)
        if before is None:
            return Reading(drop.name, 1, digest, NOTHING)
        if before.digest == digest and not before.finished:
            return before
        return Reading(drop.name, before.attempt + 1, digest, NOTHING)

    # --- taking --------------------------------------------------------------------------

    def _take(self, batch: Batch, report: HeadingReport, notes: Sequence[dict[str, Any]]) -> Receipt:
        feed = batch.feed
        translate = self._translator(feed).translate
        translated = [translate(row) for row in batch.rows]
        ids = [record_id_of(self._key, feed.name, t.key) if t.key else "" for t in translated]
        self._memory.load(ids)
        self._backlog.load(feed, ids)
        digests = [content_digest(t.fields, withdrawn=t.operation == "withdraw") for t in translated]
        clashing = clashes(ids, digests)
        complaints = list(notes)
        accepted = unchanged = refused = 0
        for row, item, record_id, digest in zip(batch.rows, translated, ids, digests, strict=True):
            problems = list(item.problems)
            known = self._memory.known(record_id) if record_id else None
            if code := self._refusal(batch, record_id, clashing, digest):
                problems.append(Problem(feed.key, code, "quarantine"))
            complaints += receipts.of_row(feed, row.number, problems)
            if any(p.severity == "quarantine" for p in problems):
                self._quarantine(batch, row, record_id, problems)
                refused += 1
            elif known is not None and known.digest == digest:
                self._replace(batch, record_id)
                unchanged += 1
            else:
                self._publish(batch, item, record_id, digest, known)
                self._replace(batch, record_id)
                accepted += 1
        counts = Counts(len(batch.rows), accepted, unchanged, refused)
        return self._receive(batch, receipts.of_batch(feed, batch.reading.drop, report, complaints, counts))

    def cites(self, feed: Feed, day: Day) -> str | None:
        """The agreements in force about a feed on a day, then its contract's version.

        None if there are agreements, and none is in force.
        """
        signed = self._memory.agreements.of_feed(feed.name)
        found = [agreement.cited for agreement in signed if agreement.in_force(day)]
        return ",".join([*found, feed.version]) if found or not signed else None

    def record_of(self, feed: Feed, row: Row) -> str:
        """The record that a row is about; empty if it does not say."""
        key = self._translator(feed).translate(row).key
        return record_id_of(self._key, feed.name, key) if key else ""

    def settle(self, batch: Batch, row: Row, *, publish: bool) -> tuple[str, list[Problem]]:
        """One row on its own, once more: what becomes of it, and what is wrong with it."""
        item = self._translator(batch.feed).translate(row)
        record_id = record_id_of(self._key, batch.feed.name, item.key) if item.key else ""
        digest = content_digest(item.fields, withdrawn=item.operation == "withdraw")
        known = self._memory.known(record_id) if record_id else None
        problems = list(item.problems)
        if code := _objection(batch, known, digest):
            problems.append(Problem(batch.feed.key, code, "quarantine"))
        if any(problem.severity == "quarantine" for problem in problems):
            return "quarantined", problems
        if known is not None and known.digest == digest:
            return "unchanged", problems
        if publish:
            self._publish(batch, item, record_id, digest, known)
        return "accepted", problems

    def _translator(self, feed: Feed) -> Translator:
        if feed.name not in self._translators:
            self._translators[feed.name] = Translator(feed)
        return self._translators[feed.name]

    def _refusal(self, batch: Batch, record_id: str, clashing: set[str], digest: bytes) -> str:
        """Why a row that is well in itself is set aside."""
        if record_id in clashing:
            return "duplicate-key"
        known = self._memory.known(record_id) if record_id else None
        if code := _objection(batch, known, digest):
            return code
        held = self._backlog.holds(batch.feed, record_id, batch.day, batch.reading.drop)
        return "held-behind" if held else ""

    def _replace(self, batch: Batch, record_id: str) -> None:
        self._backlog.replace(batch.feed, record_id, batch.day, batch.reading.drop, batch.attempt)

    def _publish(
        self, batch: Batch, item: Translated, record_id: str, digest: bytes, known: KnownRow | None
    ) -> None:
        feed, version = batch.feed.name, known.version + 1 if known else 1
        event: Event
        if item.operation == "withdraw":
            event = RecordWithdrawn(record_id, feed, version, batch.day)
        else:
            event = RecordPublished(record_id, feed, version, batch.day, item.key, item.fields)
        event_id = derive_id(record_id, version, digest.hex())
        partition = known.partition if known else self._home_of(batch.feed, item, record_id)
        self._memory.add(_envelope(batch, event, event_id, record_id)._replace(partition=partition), digest)

    def _home_of(self, feed: Feed, item: Translated, record_id: str) -> int:
        return home_of(self._key, record_id, feed.attributes(item.fields), self._partitions)

    def _quarantine(self, batch: Batch, row: Row, record_id: str, problems: Iterable[Problem]) -> None:
        listed = [{"field": p.field, "code": p.code} for p in problems]
        content = kept_content(row)
        feed, reading = batch.feed.name, batch.reading
        batch_id = derive_id(feed, batch.attempt, row.number)
        event = RecordQuarantined(feed, batch_id, reading.drop, row.number, batch.day, listed, content)
        self._memory.add(_envelope(batch, event, batch_id, feed)._replace(subject=record_id or feed))

    def _refuse(self, batch: Batch, error: UnreadableSourceError) -> Receipt:
        """A drop nobody can read is one refused unit, and the next drop goes on."""
        complaint = receipts.of_refusal(batch.feed, error)
        feed, reading = batch.feed.name, batch.reading
        said = [{name: str(value) for name, value in complaint.items()}]
        quarantined = RecordQuarantined(
            feed, derive_id(feed, batch.attempt, 0), reading.drop, 0, batch.day, said, ""
        )
        self._memory.add(_envelope(batch, quarantined, quarantined.batch_id, feed))
        return self._receive(
            batch,
            receipts.of_batch(batch.feed, reading.drop, NOTHING_SAID, [complaint], Counts(1, 0, 0, 1)),
        )

    def _receive(self, batch: Batch, receipt: Receipt) -> Receipt:
        """Append the balanced receipt, which also moves the cursor."""
        cursor = batch.reading.cursor
        event = BatchReceived(
            receipt.feed, derive_id(receipt.feed, cursor), receipt.drop, batch.day, cursor,
            receipt.received, receipt.accepted, receipt.unchanged, receipt.quarantined, receipt.warnings,
            dict(receipt.reasons), list(receipt.ignored_columns), list(receipt.refused_columns),
        )  # fmt: skip
        self._memory.add(_envelope(batch, event, event.batch_id, receipt.feed))
        if batch.reading.finished:
            whole = batch.reading.reached == WHOLE
            self._backlog.read_again(batch.feed, batch.reading, batch.attempt, whole=whole)
        self._memory.flush_if_full()
        return receipt


def _envelope(batch: Batch, event: Event, event_id: str, subject: str) -> Envelope:
    feed = batch.feed
    return Envelope(
        event=event, id=event_id, key=subject, source=f"/feeds/{feed.name}", subject=subject,
        occurred_on=batch.day, actor=feed.department, correlation_id=batch.attempt,
        agreement=batch.cites or feed.version,
    )  # fmt: skip


def _objection(batch: Batch, known: KnownRow | None, digest: bytes) -> str:
    """Why a row cannot follow what is known of its record."""
    if known is None or known.digest == digest:
        return ""
    if known.drop == batch.attempt:
        return "duplicate-key"
    return "superseded" if known.published_on > batch.day else ""


def kept_content(row: Row) -> str:
    """What is kept of a row in quarantine: cells that no field could hold are cut to what shows it."""
    cut = {
        heading: cell[:KEPT_CHARACTERS_MAX] if isinstance(cell, str) else cell
        for heading, cell in row.kept.items()
        if not (isinstance(cell, str) and refuse_value(cell.strip()))
    }
    text = msgspec.json.encode(cut).decode()
    return text if len(text) <= KEPT_ROW_CHARACTERS_MAX else "{}"


def clashes(ids: Sequence[str], digests: Sequence[bytes]) -> set[str]:
    """Records that stand twice in one batch with different content: neither can be chosen."""
    first: dict[str, bytes] = {}
    found: set[str] = set()
    for record_id, digest in zip(ids, digests, strict=True):
        if record_id and first.setdefault(record_id, digest) != digest:
            found.add(record_id)
    return found

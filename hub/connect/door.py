"""The door: a batch of rows becomes events, each row accepted, unchanged or set aside, and a receipt that balances.

Records, refusals, receipt and cursor of a batch are added to memory together and
reach the log in one append. A batch is asked of memory in one query, and read
column by column; what is left per row is to compare and to name it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from hub.connect import receipts
from hub.connect.backlog import Backlog
from hub.connect.contracts import Feed
from hub.connect.fields import TEXT_CHARACTERS_MAX
from hub.connect.measure import Measure
from hub.connect.memory import Memory, content_digest
from hub.connect.partitioning import home_of
from hub.connect.pseudonyms import record_id_of
from hub.connect.receipts import NOTHING_SAID, Counts, Receipt
from hub.connect.rows import HeadingReport, Problem, Row
from hub.connect.snapshot import Snapshot
from hub.connect.translator import WITHDRAW, Translated, Translator
from hub.domain.days import Day
from hub.domain.disclosures import COUNTY_TRANSFER
from hub.domain.events import (
    BatchReceived,
    Event,
    RecordPublished,
    RecordQuarantined,
    RecordWithdrawn,
    VanishedReturned,
)
from hub.domain.forbidden import refuse_value
from hub.errors import UnreadableSourceError
from hub.log import Envelope, derive_id
from hub.log.codec import PAYLOAD_BYTES_MAX
from hub.projections.intake import WHOLE, KnownRow, Reading

KEPT_CHARACTERS_MAX = TEXT_CHARACTERS_MAX + 1
KEPT_ROW_CHARACTERS_MAX = PAYLOAD_BYTES_MAX // 4


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
    snapshot: Snapshot | None = None
    """What the reading lists, where its drop lists every record of the feed."""

    @staticmethod
    def of(
        feed: Feed, reading: Reading, day: Day, rows: Sequence[Row] = (), cites: str = "",
        snapshot: Snapshot | None = None,
    ) -> "Batch":  # fmt: skip
        """The rows of a reading."""
        attempt = derive_id("drop", feed.name, reading.drop, reading.attempt)
        return Batch(feed, reading, day, rows, attempt, cites, snapshot)


class Named(NamedTuple):
    """One row as it stands before the door: what it says, of which record, and the digest of that."""

    said: Translated
    record_id: str
    """Empty where the row does not say."""
    digest: bytes

    def repeats(self, known: KnownRow | None) -> bool:
        """Whether it says what its record said last."""
        return known is not None and known.digest == self.digest


class Door:
    """Takes batches of rows in; what it decides is remembered at once and appended later."""

    def __init__(self, memory: Memory, pseudonym_key: bytes, partitions: int) -> None:
        self._memory = memory
        self._backlog = Backlog(memory)
        self._key = pseudonym_key
        self._partitions = partitions
        self._translators: dict[str, Translator] = {}
        self._measures: dict[str, Measure] = {}

    def cites(self, feed: Feed, day: Day) -> str | None:
        """The agreements in force about a feed on a day, then its contract's version.

        None if there are agreements, and none is in force. What another county may be told is no
        leave to read: its end stops letters, never the county's own registers.
        """
        about = self._memory.agreements.of_feed(feed.name)
        signed = [agreement for agreement in about if agreement.purpose != COUNTY_TRANSFER]
        found = [agreement.cited for agreement in signed if agreement.in_force(day)]
        return ",".join([*found, feed.version]) if found or not signed else None

    def record_of(self, feed: Feed, row: Row) -> str:
        """The record that a row is about; empty if it does not say."""
        return self._record_id(feed, self._translator(feed).translate(row))

    # --- whole batches -------------------------------------------------------------------

    def take(self, batch: Batch, report: HeadingReport, notes: Sequence[dict[str, Any]]) -> Receipt:
        """Take a batch in; `notes` are complaints about the drop that its first receipt tells."""
        feed = batch.feed
        named = self._named(batch)
        clashing = clashes(named)
        complaints = list(notes)
        accepted = unchanged = refused = 0
        published: list[tuple[Mapping[str, Any], KnownRow | None]] = []
        for row, item in zip(batch.rows, named, strict=True):
            problems = item.said.problems
            # Asked row by row: what stands twice in a batch is known the second time.
            known = self._known(item)
            if code := self._refusal(batch, item, known, clashing):
                problems = [*problems, Problem(feed.key, code, "quarantine")]
            if problems:
                complaints += receipts.of_row(feed, row.number, problems)
            if problems and any(problem.severity == "quarantine" for problem in problems):
                self._quarantine(batch, row, item.record_id, problems)
                refused += 1
                continue
            if item.repeats(known):
                unchanged += 1
            else:
                self._publish(batch, item, known)
                accepted += 1
                if item.said.operation != WITHDRAW:
                    published.append((item.said.fields, known))
            self._backlog.replace(feed, item.record_id, batch.day, batch.reading.drop, batch.attempt)
        self._measure(batch, published, report)
        if batch.snapshot is not None:
            batch.snapshot.note([item.record_id for item in named])
            if batch.reading.reached == WHOLE:
                complaints += batch.snapshot.compare()
        counts = Counts(len(batch.rows), accepted, unchanged, refused)
        return self._receive(batch, receipts.of_batch(feed, batch.reading.drop, report, complaints, counts))

    def _measure(
        self,
        batch: Batch,
        published: Sequence[tuple[Mapping[str, Any], KnownRow | None]],
        report: HeadingReport,
    ) -> None:
        """Put down what a batch's published rows look like; one that brought nothing new says nothing."""
        if not published:
            return
        feed, reading = batch.feed, batch.reading
        if feed.name not in self._measures:
            self._measures[feed.name] = Measure(feed)
        event = self._measures[feed.name].event(
            derive_id("measured", batch.attempt, reading.reached), reading.drop, batch.day, published, report
        )
        self._memory.add(_envelope(batch, event, event.batch_id, feed.name))

    def refuse(self, batch: Batch, error: UnreadableSourceError) -> Receipt:
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

    # --- single rows ---------------------------------------------------------------------

    def settle(self, batch: Batch, row: Row, *, publish: bool) -> tuple[str, Sequence[Problem]]:
        """One row on its own, once more: what becomes of it, and what is wrong with it."""
        (item,) = self._named(batch._replace(rows=[row]))
        known = self._known(item)
        problems = item.said.problems
        if code := _objection(batch, item, known):
            problems = [*problems, Problem(batch.feed.key, code, "quarantine")]
        if any(problem.severity == "quarantine" for problem in problems):
            return "quarantined", problems
        if item.repeats(known):
            if publish and self._memory.vanished.vanished.get(item.record_id) is not None:
                self._add_returned(batch, item.record_id)
            return "unchanged", problems
        if publish:
            self._publish(batch, item, known)
        return "accepted", problems

    def _add_returned(self, batch: Batch, record_id: str) -> None:
        """A row that nobody could read is one of a record that was taken for vanished."""
        event_id = derive_id("returned", batch.attempt, record_id)
        returned = VanishedReturned(batch.feed.name, [record_id])
        self._memory.add(_envelope(batch, returned, event_id, batch.feed.name))

    def _named(self, batch: Batch) -> list[Named]:
        """The rows translated and named; what is known of their records is at hand then, by one query."""
        feed = batch.feed
        said = self._translator(feed).translate_all(batch.rows)
        ids = [self._record_id(feed, item) for item in said]
        self._memory.load(ids)
        self._backlog.load(feed, ids)
        return [
            Named(item, record_id, content_digest(item.fields, withdrawn=item.operation == WITHDRAW))
            for item, record_id in zip(said, ids, strict=True)
        ]

    def _record_id(self, feed: Feed, said: Translated) -> str:
        return record_id_of(self._key, feed.name, said.key) if said.key else ""

    def _known(self, item: Named) -> KnownRow | None:
        return self._memory.known(item.record_id) if item.record_id else None

    def _translator(self, feed: Feed) -> Translator:
        if feed.name not in self._translators:
            self._translators[feed.name] = Translator(feed)
        return self._translators[feed.name]

    def _refusal(self, batch: Batch, item: Named, known: KnownRow | None, clashing: set[str]) -> str:
        """Why a row that is well in itself is set aside."""
        if item.record_id in clashing:
            return "duplicate-key"
        if code := _objection(batch, item, known):
            return code
        held = self._backlog.holds(batch.feed, item.record_id, batch.day, batch.reading.drop)
        return "held-behind" if held else ""

    def _publish(self, batch: Batch, item: Named, known: KnownRow | None) -> None:
        said, record_id, digest = item
        feed, version = batch.feed.name, known.version + 1 if known else 1
        event: Event
        if said.operation == WITHDRAW:
            event = RecordWithdrawn(record_id, feed, version, batch.day)
        else:
            event = RecordPublished(record_id, feed, version, batch.day, said.key, said.fields)
        event_id = derive_id(record_id, version, digest.hex())
        partition = known.partition if known else self._home_of(batch.feed, said, record_id)
        self._memory.add(_envelope(batch, event, event_id, record_id, partition), digest)

    def _home_of(self, feed: Feed, said: Translated, record_id: str) -> int:
        if self._partitions == 1:
            return 0
        return home_of(self._key, record_id, feed.attributes(said.fields), self._partitions)

    def _quarantine(self, batch: Batch, row: Row, record_id: str, problems: Iterable[Problem]) -> None:
        listed = [{"field": p.field, "code": p.code} for p in problems]
        feed, reading = batch.feed.name, batch.reading
        batch_id = derive_id(feed, batch.attempt, row.number)
        event = RecordQuarantined(
            feed, batch_id, reading.drop, row.number, batch.day, listed, kept_content(row)
        )
        self._memory.add(_envelope(batch, event, batch_id, feed)._replace(subject=record_id or feed))


def _envelope(
    batch: Batch, event: Event, event_id: str, subject: str, partition: int | None = None
) -> Envelope:
    feed = batch.feed
    return Envelope(
        event, event_id, subject, f"/feeds/{feed.name}", subject, batch.day, actor=feed.department,
        correlation_id=batch.attempt, agreement=batch.cites or feed.version, partition=partition,
    )  # fmt: skip


def _objection(batch: Batch, item: Named, known: KnownRow | None) -> str:
    """Why a row cannot follow what is known of its record."""
    if known is None or item.repeats(known):
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


def clashes(named: Iterable[Named]) -> set[str]:
    """Records that stand twice in one batch with different content: neither can be chosen."""
    first: dict[str, bytes] = {}
    found: set[str] = set()
    for _, record_id, digest in named:
        if record_id and first.setdefault(record_id, digest) != digest:
            found.add(record_id)
    return found

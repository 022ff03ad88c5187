"""Quarantine as people work with it: rows are repaired, taken again in order, or discarded with a reason.

Each step is an event, so that whoever asks later sees what a row said, who
changed what by which rule, and what became of it. Within the quarantine the order of
a record's rows is kept: one that still cannot become a record holds those
behind it. Of two rows that contradict each other under one key neither is
chosen until the other is discarded or says the same.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from hub.connect.backlog import Backlog, about
from hub.connect.contracts import Feed
from hub.connect.dates import parser_of
from hub.connect.door import Batch
from hub.connect.ingest import Ingest
from hub.connect.reasons import BY_SOURCE, CellError
from hub.connect.rows import Problem, Row, wanted
from hub.domain.days import iso
from hub.domain.events import Event, RetryCompleted, RowDiscarded, RowRepaired, RowRetried
from hub.domain.forbidden import refuse_value
from hub.domain.free_text import why_refused
from hub.errors import SettingsError
from hub.log import Envelope, derive_id
from hub.projections.intake import Reading
from hub.projections.quarantine import READ_AGAIN, RELEASED, QuarantinedRow

Cells = Mapping[str, str]
OPEN = frozenset(("public", "internal"))
SHAPES = (
    (re.compile(r"[0-9０-９]"), "9"),
    (re.compile(r"[^\W\d_]", re.ASCII), "a"),
    (re.compile(r"[^\W\d_a]"), "字"),
)


class Retried(NamedTuple):
    """What became of one row that was taken again, or would become of it."""

    item: QuarantinedRow
    outcome: str
    reasons: list[dict[str, str]]


class Quarantine:
    """What one person does with rows that were set aside."""

    def __init__(self, ingest: Ingest, feeds: Mapping[str, Feed], actor: str) -> None:
        self._ingest, self._feeds, self._actor = ingest, feeds, actor
        self._backlog = Backlog(ingest.memory)

    def repair(self, item: QuarantinedRow, cells: Cells, rule: str) -> QuarantinedRow:
        """Put other cells into a row; it goes on waiting until it is retried."""
        if any(map(refuse_value, cells.values())):
            raise SettingsError("a cell would say what the hub refuses to hold; leave it empty")
        self._add(item, RowRepaired(item.feed, item.item_id, dict(cells), rule, self._actor), item.repaired)
        self._ingest.memory.flush_if_full()
        return repaired(item, cells)

    def discard(self, items: Iterable[QuarantinedRow], reason: str) -> None:
        """These rows shall never become records."""
        refuse_text(reason, "the reason")
        for item in items:
            self._add(item, RowDiscarded(item.feed, item.item_id, reason, self._actor))
            self._ingest.memory.flush_if_full()
        self._ingest.flush()

    def retry(self, items: Iterable[QuarantinedRow], *, dry_run: bool = False) -> list[Retried]:
        """Take rows again in the order in which they were published; with `dry_run` nothing is changed."""
        ordered = sorted(items, key=lambda item: (item.feed, item.order))
        passed: set[str] = set()
        found: list[Retried] = []
        for feed in dict.fromkeys(item.feed for item in ordered):
            mine = [item for item in ordered if item.feed == feed]
            retry_id = derive_id("retry", feed, *(f"{i.item_id}/{i.retried}" for i in mine))
            told = []
            for item in mine:
                told.append(self._again(item, passed, publish=not dry_run))
                if not dry_run:
                    self._tell(told[-1], retry_id)
            if not dry_run:
                self._complete(feed, retry_id, told)
            found += told
        return found

    def _again(self, item: QuarantinedRow, passed: set[str], *, publish: bool) -> Retried:
        if not item.row:
            return Retried(item, READ_AGAIN, item.reasons)
        feed = feed_of(self._feeds, item)
        row = row_of(feed, item)
        others = self._others(feed, item, row, passed)
        if any(other.order < item.order and other.attempt != item.attempt for other in others):
            return Retried(item, "held", [{"field": feed.key, "code": "held-behind"}])
        if any(other.attempt == item.attempt and cells_of(other) != cells_of(item) for other in others):
            return Retried(item, "quarantined", [{"field": feed.key, "code": "duplicate-key"}])
        if self._ingest.waits(feed):
            return Retried(item, "held", [{"field": "", "code": "contract-changed"}])
        cites = self._ingest.door.cites(feed, item.published_on)
        if cites is None:
            return Retried(item, "held", [{"field": "", "code": "no-agreement"}])
        reading = Reading(item.drop, 0, "", "")
        batch = Batch(feed, reading, item.published_on, (row,), item.attempt, cites)
        outcome, problems = self._ingest.door.settle(batch, row, publish=publish)
        if outcome in RELEASED:
            passed.add(item.item_id)
        return Retried(item, outcome, _listed(problems))

    def _others(self, feed: Feed, item: QuarantinedRow, row: Row, passed: set[str]) -> list[QuarantinedRow]:
        """The other rows that wait of the record that a row is about, as it was repaired."""
        found = self._backlog.of_record(feed, self._ingest.door.record_of(feed, row))
        return [other for other in found if other.item_id != item.item_id and other.item_id not in passed]

    def _tell(self, told: Retried, retry_id: str) -> None:
        item, outcome, reasons = told
        event = RowRetried(item.feed, item.item_id, retry_id, outcome, reasons)
        self._add(item, event, item.retried)
        self._ingest.memory.flush_if_full()

    def _complete(self, feed: str, retry_id: str, told: Sequence[Retried]) -> None:
        counts = tally(told)
        event = RetryCompleted(
            feed, retry_id, sum(counts.values()), counts["accepted"], counts["unchanged"],
            counts["quarantined"], counts["held"], self._actor,
        )  # fmt: skip
        memory = self._ingest.memory
        memory.add(Envelope(event, retry_id, feed, f"/feeds/{feed}", feed, actor=self._actor))
        memory.flush()

    def _add(self, item: QuarantinedRow, event: Event, time: int = 0) -> None:
        event_id = derive_id(type(event).__name__, item.item_id, time)
        self._ingest.memory.add(about(item, event, event_id, self._actor))


def refuse_text(text: str, what: str) -> None:
    """Refuse words of people that speak of what the hub does not hold, or hold a person's number."""
    if reason := why_refused(text):
        raise SettingsError(f"{what} {reason}")


def tally(told: Iterable[Retried]) -> dict[str, int]:
    """How many rows became what; drops that will be read again are no rows."""
    counts = dict.fromkeys(("accepted", "unchanged", "quarantined", "held"), 0)
    for each in told:
        if each.outcome in counts:
            counts[each.outcome] += 1
    return counts


def feed_of(feeds: Mapping[str, Feed], item: QuarantinedRow) -> Feed:
    """The feed of a row, as its contract reads today."""
    try:
        return feeds[item.feed]
    except KeyError:
        raise SettingsError(f"{item.feed}: rows of it wait, but no contract or setting names it") from None


def cells_of(item: QuarantinedRow) -> dict[str, Any]:
    """What a row says, with its repairs."""
    return {**(msgspec.json.decode(item.content) if item.content else {}), **item.repairs}


def row_of(feed: Feed, item: QuarantinedRow) -> Row:
    """A row as its source gave it, less what was repaired."""
    headings = {field.name: heading for heading, field in wanted(feed).items()}
    for reason in item.reasons:
        heading = headings.get(reason["field"], "")
        mended = heading in item.repairs if heading else bool(item.repairs)
        if reason["code"] in BY_SOURCE and not mended:
            return Row(item.row, cells_of(item), reason["code"], heading)
    return Row(item.row, cells_of(item))


def _listed(problems: Iterable[Problem]) -> list[dict[str, str]]:
    return [{"field": problem.field, "code": problem.code} for problem in problems]


# --- repairs ---------------------------------------------------------------------------------


def repaired(item: QuarantinedRow, cells: Cells) -> QuarantinedRow:
    """A row with other cells, before anybody is told."""
    return item._replace(repairs={**item.repairs, **cells}, repaired=item.repaired + 1)


def heading_of(feed: Feed, name: str) -> str:
    """The heading of a field that a person named by either; nothing else can be put into a row."""
    for field in feed.every:
        if name in (field.heading, field.name):
            return field.heading
    known = ", ".join(field.heading for field in feed.every)
    raise SettingsError(f"{feed.name} has no field {name}; it has {known}")


def replacing(feed: Feed, item: QuarantinedRow, name: str, said: Cells) -> dict[str, str]:
    """Other words for this row's word in one field; nothing where it says something else."""
    heading = heading_of(feed, name)
    found = said.get(str(cells_of(item).get(heading, "")).strip())
    return {} if found is None else {heading: found}


def redating(feed: Feed, item: QuarantinedRow, name: str, format: str) -> dict[str, str]:
    """This row's date in one field, read in another format; nothing where it does not fit."""
    heading = heading_of(feed, name)
    try:
        parse = parser_of(format)
    except ValueError as error:
        raise SettingsError(f"the date format {format}: {error}") from None
    try:
        day = parse(str(cells_of(item).get(heading, "")).strip())
    except CellError:
        return {}
    return {heading: iso(day)}


# --- showing ---------------------------------------------------------------------------------


def masked(feed: Feed, item: QuarantinedRow) -> dict[str, str]:
    """Heading to cell, where what is personal shows its shape alone: 9 a digit, a a letter, 字 a character."""
    cells = cells_of(item)
    return {
        heading: str(cells[heading]) if field.classification in OPEN else shape(str(cells[heading]))
        for heading, field in wanted(feed).items()
        if cells.get(heading) not in (None, "")
    }


def shape(text: str) -> str:
    """What a text looks like, without what it says."""
    for pattern, sign in SHAPES:
        text = pattern.sub(sign, text)
    return text

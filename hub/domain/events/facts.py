"""Facts: what departments publish, and what became of it at the door."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from hub.domain.days import Day
from hub.domain.events.base import RECORDS, Event


@dataclass(frozen=True, slots=True)
class RecordPublished(Event):
    """A department published one version of a record."""

    TOPIC: ClassVar[str] = RECORDS
    SUBJECT: ClassVar[str] = "record_id"

    record_id: str
    feed: str
    version: int
    published_on: Day
    source_key: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RecordWithdrawn(Event):
    """A department took a record back: it no longer says anything."""

    TOPIC: ClassVar[str] = RECORDS
    SUBJECT: ClassVar[str] = "record_id"

    record_id: str
    feed: str
    version: int
    published_on: Day


@dataclass(frozen=True, slots=True)
class RecordQuarantined(Event):
    """A row could not become a record; what it said is kept until it is repaired."""

    TOPIC: ClassVar[str] = RECORDS
    SUBJECT: ClassVar[str] = "feed"

    feed: str
    batch_id: str
    drop: str
    row: int
    published_on: Day
    reasons: list[dict[str, str]]
    content: str


@dataclass(frozen=True, slots=True)
class BatchReceived(Event):
    """The balanced receipt of one batch: received = accepted + unchanged + quarantined."""

    TOPIC: ClassVar[str] = RECORDS
    SUBJECT: ClassVar[str] = "feed"
    CONCLUDES: ClassVar[bool] = True

    feed: str
    batch_id: str
    drop: str
    published_on: Day
    cursor: str
    received: int
    accepted: int
    unchanged: int
    quarantined: int
    warnings: int
    reasons: dict[str, int]
    ignored_columns: list[str]
    refused_columns: list[str]


@dataclass(frozen=True, slots=True)
class RowRepaired(Event):
    """Somebody put other cells into a quarantined row: heading to cell, and by which rule."""

    TOPIC: ClassVar[str] = RECORDS
    SUBJECT: ClassVar[str] = "feed"

    feed: str
    item_id: str
    cells: dict[str, str]
    rule: str
    actor: str


@dataclass(frozen=True, slots=True)
class RowRetried(Event):
    """A quarantined row was taken again: what became of it, or why it goes on waiting."""

    TOPIC: ClassVar[str] = RECORDS
    SUBJECT: ClassVar[str] = "feed"

    feed: str
    item_id: str
    retry_id: str
    outcome: str
    reasons: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class RowReplaced(Event):
    """The department published a later version of what a quarantined row said."""

    TOPIC: ClassVar[str] = RECORDS
    SUBJECT: ClassVar[str] = "feed"

    feed: str
    item_id: str
    by_attempt: str


@dataclass(frozen=True, slots=True)
class RowDiscarded(Event):
    """Somebody decided that a quarantined row shall never become a record, and why."""

    TOPIC: ClassVar[str] = RECORDS
    SUBJECT: ClassVar[str] = "feed"

    feed: str
    item_id: str
    reason: str
    actor: str


@dataclass(frozen=True, slots=True)
class RetryCompleted(Event):
    """The balanced receipt of one retry: retried = accepted + unchanged + quarantined + held."""

    TOPIC: ClassVar[str] = RECORDS
    SUBJECT: ClassVar[str] = "feed"

    feed: str
    retry_id: str
    retried: int
    accepted: int
    unchanged: int
    quarantined: int
    held: int
    actor: str


@dataclass(frozen=True, slots=True)
class AgreementSigned(Event):
    """Provider and receiver agreed which fields of a feed are given for which purpose, where and until when."""

    TOPIC: ClassVar[str] = RECORDS
    SUBJECT: ClassVar[str] = "feed"

    feed: str
    agreement_id: str
    version: int
    provider: str
    receiver: str
    purpose: str
    legal_basis: str
    share_class: str
    fields: list[str]
    jurisdictions: list[str]
    valid_from: Day
    valid_until: Day
    actor: str


@dataclass(frozen=True, slots=True)
class AgreementEnded(Event):
    """An agreement was ended before its time: nothing is read or delivered under it from here on."""

    TOPIC: ClassVar[str] = RECORDS
    SUBJECT: ClassVar[str] = "feed"

    feed: str
    agreement_id: str
    version: int
    reason: str
    actor: str


@dataclass(frozen=True, slots=True)
class ContractAccepted(Event):
    """A feed is read under this contract from here on; the event holds all that the contract says of its records.

    `terms` is canonical JSON, `digest` its SHA-256. The first contract of a feed, and a change that breaks
    nobody, are accepted by ingestion; any other change by somebody who gave a reason.
    """

    TOPIC: ClassVar[str] = RECORDS
    SUBJECT: ClassVar[str] = "feed"

    feed: str
    version: str
    digest: str
    terms: str
    reason: str
    actor: str


@dataclass(frozen=True, slots=True)
class DayClosed(Event):
    """A day is over: whatever was published up to it has been appended before this."""

    TOPIC: ClassVar[str] = RECORDS
    SUBJECT: ClassVar[str] = "day"
    BARRIER: ClassVar[bool] = True

    day: Day


FACTS: tuple[type[Event], ...] = (
    RecordPublished,
    RecordWithdrawn,
    RecordQuarantined,
    BatchReceived,
    RowRepaired,
    RowRetried,
    RowReplaced,
    RowDiscarded,
    RetryCompleted,
    AgreementSigned,
    AgreementEnded,
    ContractAccepted,
    DayClosed,
)

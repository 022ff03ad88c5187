"""Feeds over time: records that vanish from full snapshots, what batches look like, what is odd about a feed."""

from dataclasses import dataclass
from typing import ClassVar

from hub.domain.days import Day
from hub.domain.events.base import RECORDS, Event


@dataclass(frozen=True, slots=True)
class VanishedProposed(Event):
    """A complete snapshot lists no more what the hub holds: these records may be withdrawn, if somebody says so.

    The first event of a proposal has its figures and no records; the records follow in parts, each with the
    version that was held. `refused` names why a person has to take more than a look; `unread` counts
    rows of the snapshot whose record nobody can tell.
    """

    TOPIC: ClassVar[str] = RECORDS
    SUBJECT: ClassVar[str] = "feed"

    feed: str
    proposal_id: str
    drop: str
    published_on: Day
    held: int
    vanished: int
    rows: int
    rows_before: int
    unread: int
    refused: str
    records: dict[str, int]


@dataclass(frozen=True, slots=True)
class VanishedReturned(Event):
    """Records that had vanished are listed again: their part of any proposal is over."""

    TOPIC: ClassVar[str] = RECORDS
    SUBJECT: ClassVar[str] = "feed"

    feed: str
    records: list[str]


@dataclass(frozen=True, slots=True)
class VanishedDecided(Event):
    """Somebody confirmed that vanished records are withdrawn, or said that they stand, and why."""

    TOPIC: ClassVar[str] = RECORDS
    SUBJECT: ClassVar[str] = "feed"

    feed: str
    proposal_id: str
    decision: str
    reason: str
    actor: str


@dataclass(frozen=True, slots=True)
class BatchMeasured(Event):
    """What the rows of a batch that were published look like, as counts that name nobody.

    `versions` were published, `fresh` of them of records never seen; `anchors` are hashes of runs of rows
    without their keys; `columns` says how the drop's headings differ from the contract's.
    """

    TOPIC: ClassVar[str] = RECORDS
    SUBJECT: ClassVar[str] = "feed"
    CONCLUDES: ClassVar[bool] = True

    feed: str
    batch_id: str
    drop: str
    published_on: Day
    versions: int
    fresh: int
    filled: dict[str, int]
    corrected: dict[str, int]
    digits: dict[str, list[int]]
    copied: dict[str, int]
    anchors: list[int]
    columns: list[str]


@dataclass(frozen=True, slots=True)
class FeedDiscrepancyDetected(Event):
    """At the close of a day a feed was not what its contract or its own past lets expect: figures, nobody's values."""

    TOPIC: ClassVar[str] = RECORDS
    SUBJECT: ClassVar[str] = "feed"
    CONCLUDES: ClassVar[bool] = True

    discrepancy_id: str
    feed: str
    kind: str
    subject: str
    detected_on: Day
    evidence: dict[str, float]
    detail: str


@dataclass(frozen=True, slots=True)
class FeedDiscrepancyCleared(Event):
    """At the close of a day the feed was as usual again."""

    TOPIC: ClassVar[str] = RECORDS
    SUBJECT: ClassVar[str] = "feed"
    CONCLUDES: ClassVar[bool] = True

    discrepancy_id: str
    feed: str
    cleared_on: Day


WATCHED: tuple[type[Event], ...] = (
    VanishedProposed,
    VanishedReturned,
    VanishedDecided,
    BatchMeasured,
    FeedDiscrepancyDetected,
    FeedDiscrepancyCleared,
)

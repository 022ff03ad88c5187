"""Every event the log may hold, in the past tense and immutable.

An event knows what happened; the envelope (`hub.log`) knows when, by whom and
because of what. `TOPIC` names the family an event is kept with, `SUBJECT` the
field it is about, which becomes the key that orders it. A barrier concerns
every key: it is written to each partition and read once, when all of them
have reached it. What concludes (a receipt, a barrier) says that something was
appended before it, so a log keeps it only after that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from hub.domain.days import Day

RECORDS, DECISIONS, ACTIONS = "records", "decisions", "actions"
TOPICS = (RECORDS, DECISIONS, ACTIONS)


class Event:
    """Base of all events; a name for `isinstance`, nothing more."""

    __slots__ = ()
    TOPIC: ClassVar[str] = DECISIONS
    SUBJECT: ClassVar[str] = ""
    BARRIER: ClassVar[bool] = False
    CONCLUDES: ClassVar[bool] = False
    ALONE: ClassVar[bool] = False
    """Decided on in a step of its own: what comes after it is decided by other rules."""


# --- facts: what departments publish ------------------------------------------------------


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
class DayClosed(Event):
    """A day is over: whatever was published up to it has been appended before this."""

    TOPIC: ClassVar[str] = RECORDS
    SUBJECT: ClassVar[str] = "day"
    BARRIER: ClassVar[bool] = True

    day: Day


# --- decisions: what the rules conclude ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class ProfileLinked(Event):
    """All records that state exactly this profile belong to this person, and why."""

    SUBJECT: ClassVar[str] = "person"

    profile: int
    person: str
    component: int
    weight: float
    via: int | None
    model: str


@dataclass(frozen=True, slots=True)
class PairHeld(Event):
    """Two profiles are too alike to ignore and too different to link: people must look."""

    SUBJECT: ClassVar[str] = "left"

    left: int
    right: int
    weight: float
    model: str


@dataclass(frozen=True, slots=True)
class BirthReconciled(Event):
    """What the two lists say together of one birth; outcome None takes the birth off the view."""

    SUBJECT: ClassVar[str] = "person"

    person: str
    outcome: str | None
    born_on: Day | None
    place: str | None
    sex: str | None
    registered_on: Day | None
    delay_days: int | None
    certificate_record: str | None
    entry_record: str | None
    child_record: str | None
    mother_local: bool


@dataclass(frozen=True, slots=True)
class ResidenceReconciled(Event):
    """Where a person lives and lived, as all registers together tell it."""

    SUBJECT: ClassVar[str] = "person"

    person: str
    spells: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class DiscrepancyDetected(Event):
    """At the close of a day sources disagreed, or one was silent past its deadline."""

    SUBJECT: ClassVar[str] = "person"

    discrepancy_id: str
    person: str
    kind: str
    subject: str
    records: list[str]
    owner: str
    jurisdiction: str
    detected_on: Day
    evidence: str


@dataclass(frozen=True, slots=True)
class DiscrepancyCleared(Event):
    """At the close of a day the disagreement was gone."""

    SUBJECT: ClassVar[str] = "person"

    discrepancy_id: str
    person: str
    cleared_on: Day


@dataclass(frozen=True, slots=True)
class CaseRaised(Event):
    """A discrepancy was handed to the department that owns the record."""

    SUBJECT: ClassVar[str] = "case_id"

    case_id: str
    discrepancy_id: str
    person: str
    kind: str
    owner: str
    jurisdiction: str
    raised_on: Day
    due_on: Day


@dataclass(frozen=True, slots=True)
class CaseMoved(Event):
    """A case went from one state to the next."""

    SUBJECT: ClassVar[str] = "case_id"

    case_id: str
    version: int
    state: str
    outcome: str | None
    actor: str
    moved_on: Day
    note: str | None


@dataclass(frozen=True, slots=True)
class CaseActionRefused(Event):
    """A request on a case could not be followed, and why."""

    SUBJECT: ClassVar[str] = "case_id"

    case_id: str
    action: str
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class EventSetAside(Event):
    """No rule could decide on an event: it is named, and nothing follows from it.

    `error` names how rules failed, or says that another event has taken the id.
    """

    SUBJECT: ClassVar[str] = "event_id"

    event_id: str
    partition: str
    offset: int
    event_type: str
    error: str


ID_COLLISION = "id-collision"


@dataclass(frozen=True, slots=True)
class RecordSetAside(Event):
    """Rules failed on a person because of this version of a record, read before: it says nothing any more."""

    SUBJECT: ClassVar[str] = "record_id"

    record_id: str
    version: int
    error: str


@dataclass(frozen=True, slots=True)
class StepCompleted(Event):
    """One micro-batch was decided: which facts it covered, and how many decisions it made."""

    SUBJECT: ClassVar[str] = "number"
    BARRIER: ClassVar[bool] = True

    number: int
    covered: dict[str, int]
    decisions: int


# --- actions: what people ask for and look at ---------------------------------------------


@dataclass(frozen=True, slots=True)
class CaseActionRequested(Event):
    """Someone asked to move a case, having seen it at this version."""

    TOPIC: ClassVar[str] = ACTIONS
    SUBJECT: ClassVar[str] = "case_id"

    case_id: str
    action: str
    seen_version: int
    actor: str
    outcome: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class PairJudged(Event):
    """A person looked at two profiles and said: the same, different, or withdrawn (nothing after all)."""

    TOPIC: ClassVar[str] = ACTIONS
    SUBJECT: ClassVar[str] = "left"

    left: int
    right: int
    left_records: list[str]
    right_records: list[str]
    verdict: str
    reason: str
    actor: str


@dataclass(frozen=True, slots=True)
class ModelAdopted(Event):
    """A linkage model is in force from here on, for every record; the event holds all of it.

    A barrier among the records, like a closed day: whatever was published before it was decided on
    by the model before. `content` is its file, packed; `digest` is the SHA-256 of that file.
    """

    TOPIC: ClassVar[str] = RECORDS
    SUBJECT: ClassVar[str] = "version"
    BARRIER: ClassVar[bool] = True
    ALONE: ClassVar[bool] = True

    version: str
    digest: str
    content: bytes
    reason: str
    actor: str


@dataclass(frozen=True, slots=True)
class DisclosureMade(Event):
    """Someone was shown records of people: who, what, and for which purpose."""

    TOPIC: ClassVar[str] = ACTIONS
    SUBJECT: ClassVar[str] = "query_id"

    query_id: str
    query: str
    department: str
    role: str
    reader_jurisdiction: str
    purpose: str
    subjects: list[str]


FACTS: tuple[type[Event], ...] = (
    RecordPublished,
    RecordWithdrawn,
    RecordQuarantined,
    BatchReceived,
    BatchMeasured,
    FeedDiscrepancyDetected,
    FeedDiscrepancyCleared,
    RowRepaired,
    RowRetried,
    RowReplaced,
    RowDiscarded,
    RetryCompleted,
    VanishedProposed,
    VanishedReturned,
    VanishedDecided,
    AgreementSigned,
    AgreementEnded,
    DayClosed,
)
DECIDED: tuple[type[Event], ...] = (
    ProfileLinked,
    PairHeld,
    BirthReconciled,
    ResidenceReconciled,
    DiscrepancyDetected,
    DiscrepancyCleared,
    CaseRaised,
    CaseMoved,
    CaseActionRefused,
    EventSetAside,
    RecordSetAside,
    StepCompleted,
)
RecordChange = RecordPublished | RecordWithdrawn | RecordSetAside
"""What changes the state of one record."""
ASKED: tuple[type[Event], ...] = (CaseActionRequested, PairJudged, ModelAdopted, DisclosureMade)
EVENTS: Mapping[str, type[Event]] = {cls.__name__: cls for cls in FACTS + DECIDED + ASKED}

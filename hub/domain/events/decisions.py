"""Decisions: what the rules conclude."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from hub.domain.days import Day
from hub.domain.events.base import Event


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
    plurality: int | None = None
    in_facility: bool | None = None


@dataclass(frozen=True, slots=True)
class ResidenceReconciled(Event):
    """Where a person lives and lived, as all registers together tell it."""

    SUBJECT: ClassVar[str] = "person"

    person: str
    spells: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class DiscrepancyDetected(Event):
    """At the close of a day sources disagreed, or one was silent past its deadline.

    Said again while it stands where its evidence changed: `digest` tells one evidence from another.
    `departments` own the `records`, in their order. `flapping`: it went and came back too often of late.
    """

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
    digest: str = ""
    departments: list[str] = field(default_factory=list)
    flapping: bool = False


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
    """A case went from one state to the next; one that was taken up again has a new deadline."""

    SUBJECT: ClassVar[str] = "case_id"

    case_id: str
    version: int
    state: str
    outcome: str | None
    actor: str
    moved_on: Day
    note: str | None
    due_on: Day | None = None


@dataclass(frozen=True, slots=True)
class CaseActionRefused(Event):
    """A request on a case could not be followed, and why."""

    SUBJECT: ClassVar[str] = "case_id"

    case_id: str
    action: str
    actor: str
    reason: str
    refused_on: Day | None = None


@dataclass(frozen=True, slots=True)
class CaseEscalated(Event):
    """At the close of a day a case was past its deadline: it went a level up, with a deadline there."""

    SUBJECT: ClassVar[str] = "case_id"

    case_id: str
    version: int
    level: int
    due_on: Day
    escalated_on: Day


@dataclass(frozen=True, slots=True)
class CaseHandedOver(Event):
    """One step of giving a case to another department or town: offered, accepted, refused or withdrawn.

    `department` and `place` are those it was offered to; it changes hands where they accept it, with a
    deadline of its own (`due_on`).
    """

    SUBJECT: ClassVar[str] = "case_id"

    case_id: str
    version: int
    step: str
    department: str
    place: str
    actor: str
    moved_on: Day
    note: str | None
    due_on: Day | None = None


@dataclass(frozen=True, slots=True)
class CaseCommented(Event):
    """Somebody wrote down something about a case, which changes nothing of it."""

    SUBJECT: ClassVar[str] = "case_id"

    case_id: str
    actor: str
    commented_on: Day
    text: str


@dataclass(frozen=True, slots=True)
class RecordQuestioned(Event):
    """The department that owns a record was asked about a field of it, by when.

    `seen_version` is the version of the record that the question is about.
    """

    SUBJECT: ClassVar[str] = "case_id"

    case_id: str
    version: int
    request: int
    record_id: str
    seen_version: int
    field: str
    question: str
    owner: str
    due_on: Day
    actor: str
    asked_on: Day


@dataclass(frozen=True, slots=True)
class RecordAnswered(Event):
    """The owner of a record answered: corrected in a later version, right as it is, or not theirs."""

    SUBJECT: ClassVar[str] = "case_id"

    case_id: str
    version: int
    request: int
    answer: str
    record_version: int | None
    reason: str | None
    actor: str
    answered_on: Day


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
    CaseEscalated,
    CaseHandedOver,
    CaseCommented,
    RecordQuestioned,
    RecordAnswered,
    EventSetAside,
    RecordSetAside,
    StepCompleted,
)

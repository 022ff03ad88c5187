"""Actions: what people ask for, say and look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from hub.domain.days import Day
from hub.domain.events.base import ACTIONS, RECORDS, Event


@dataclass(frozen=True, slots=True)
class CaseActionRequested(Event):
    """Someone asked to do something with a case, having seen it at this version.

    `place` is the area the actor is responsible for; `details` are what the action asks for beyond
    outcome and note, such as whom to hand over to (`hub.domain.cases`).
    """

    TOPIC: ClassVar[str] = ACTIONS
    SUBJECT: ClassVar[str] = "case_id"

    case_id: str
    action: str
    seen_version: int
    actor: str
    outcome: str | None
    note: str | None
    place: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


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


@dataclass(frozen=True, slots=True)
class LetterSent(Event):
    """A neighbouring county was told of records that concern it: the letter whole, as it was signed.

    `seen` is the number of the neighbour's letters up to which all were read here; `digest` is the
    SHA-256 of `content`; `agreements` are those it was told under.
    """

    TOPIC: ClassVar[str] = ACTIONS
    SUBJECT: ClassVar[str] = "receiver"

    receiver: str
    number: int
    seen: int
    day: Day
    digest: str
    content: bytes
    subjects: list[str]
    agreements: list[str]
    actor: str


@dataclass(frozen=True, slots=True)
class FiguresReleased(Event):
    """Figures were given out: by their keys, the counts they told, and which they withheld.

    `name` says which release it was: of what period, or as of which day and of how many months.
    """

    TOPIC: ClassVar[str] = ACTIONS
    SUBJECT: ClassVar[str] = "name"

    name: str
    as_of: Day
    shown: Mapping[str, int]
    withheld: list[str]
    actor: str


ASKED: tuple[type[Event], ...] = (
    CaseActionRequested, PairJudged, ModelAdopted, DisclosureMade, LetterSent, FiguresReleased,
)  # fmt: skip

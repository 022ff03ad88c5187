"""What a case is, and what it becomes by each event that happens to it."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from hub.domain.calendar import Calendar
from hub.domain.days import Day
from hub.domain.divisions import NOWHERE, Divisions
from hub.domain.events import (
    CaseActionRefused,
    CaseActionRequested,
    CaseCommented,
    CaseEscalated,
    CaseHandedOver,
    CaseMoved,
    CaseRaised,
    Event,
    RecordAnswered,
    RecordQuestioned,
)  # fmt: skip

HUB = "hub"
"""The actor of what follows from records or days alone."""
STATES = ("raised", "accepted", "marked", "verified", "settled", "archived")
OPEN = frozenset(STATES[:4])
OUTCOMES = (
    "corrected", "confirmed-right", "registered", "moved", "not-found", "not-a-discrepancy",
)  # fmt: skip
LAPSED = "lapsed"
"""期限已过: time alone ended it, and a graver kind goes on with its records. Only the hub says so, and it judges nothing."""
RIGHT = frozenset(("confirmed-right", "not-a-discrepancy"))
"""The records are right as they are: the same evidence raises nothing again."""
CHANGED = frozenset(("corrected", "registered", "moved"))
"""The records were wrong, and will say something else soon."""
LEVELS = ("town", "county", "supervision")
"""Who is told of a case: its town, its county, those who supervise both."""
TOWN_DIGITS = 9
"""Of a division code: so many name a town."""
ENTRIES_MAX = 1_000
"""What one case may have on record; beyond it only moves are."""

CaseEvent = (
    CaseRaised | CaseMoved | CaseEscalated | CaseHandedOver | CaseCommented | RecordQuestioned
    | RecordAnswered | CaseActionRefused
)  # fmt: skip
"""Everything that can be on record of a case."""


class Ground(NamedTuple):
    """What a decision on a request rests on, besides the case: the last closed day, and what is known on it."""

    owners: Mapping[str, str]
    """Departments by the records that the discrepancy is about."""
    today: Day
    calendar: Calendar
    divisions: Divisions = NOWHERE
    fields: Mapping[str, Collection[str]] = {}
    """Fields of their feeds by the records that may be asked about."""


class Request(NamedTuple):
    """What the owner of a record was asked and has not answered yet."""

    number: int
    seen_version: int
    owner: str
    field: str
    question: str
    due_on: Day


class Case(NamedTuple):
    """One follow-up; its version counts what changed it, `department` and `place` hold it."""

    case_id: str
    discrepancy_id: str
    person: str
    kind: str
    owner: str
    jurisdiction: str
    state: str
    version: int
    raised_on: Day
    due_on: Day
    moved_on: Day
    outcome: str | None
    note: str | None
    department: str
    place: str
    level: int = 0
    offered: str = ""
    """To which `department/place` it is offered."""
    requests: int = 0
    """How many questions were asked."""
    asking: dict[str, Any] = {}  # noqa: RUF012 - never changed, always replaced
    """Record to the open request about it."""
    answer: str | None = None
    """What an owner answered last."""
    settled_by: str | None = None
    resume: str = "raised"
    """Where it goes on if its discrepancy comes back."""
    entries: int = 0
    """How much is on record of it."""


def request_of(case: Case, number: int) -> tuple[str, Request] | None:
    """The record of an open request, and the request."""
    found = ((record, Request(*said)) for record, said in case.asking.items())
    return next((one for one in found if one[1].number == number), None)


def evolve(case: Case | None, event: Event) -> Case | None:
    """The case after an event; never refuses, since it already happened."""
    if isinstance(event, CaseRaised):
        return Case(
            event.case_id, event.discrepancy_id, event.person, event.kind, event.owner,
            event.jurisdiction, "raised", 0, event.raised_on, event.due_on, event.raised_on, None, None,
            event.owner, event.jurisdiction[:TOWN_DIGITS], entries=1,
        )  # fmt: skip
    if case is None or not isinstance(event, CaseEvent) or event.case_id != case.case_id:
        return case
    case = case._replace(entries=case.entries + 1)
    match event:
        case CaseMoved():
            return _moved(case, event)
        case CaseEscalated():
            return case._replace(version=event.version, level=event.level, due_on=event.due_on)
        case CaseHandedOver():
            return _handed_over(case, event)
        case RecordQuestioned():
            request = Request(
                event.request, event.seen_version, event.owner, event.field, event.question, event.due_on
            )
            asking = case.asking | {event.record_id: list(request)}
            return case._replace(version=event.version, requests=event.request, asking=asking)
        case RecordAnswered():
            asking = {k: said for k, said in case.asking.items() if Request(*said).number != event.request}
            return case._replace(version=event.version, asking=asking, answer=event.answer)
    return case


def _moved(case: Case, event: CaseMoved) -> Case:
    moved = case._replace(
        state=event.state, version=event.version, moved_on=event.moved_on, outcome=event.outcome,
        note=event.note,
    )  # fmt: skip
    if event.due_on is not None:
        return moved._replace(due_on=event.due_on, level=0, settled_by=None, answer=None)
    if event.state == "settled":
        resume = case.state if event.actor == HUB else "raised"
        return moved._replace(offered="", asking={}, settled_by=event.actor, resume=resume)
    return moved


def _handed_over(case: Case, event: CaseHandedOver) -> Case:
    if event.step == "offered":
        return case._replace(version=event.version, offered=f"{event.department}/{event.place}")
    if event.step == "accepted":
        held = case._replace(
            version=event.version, offered="", department=event.department, place=event.place
        )
        # Taken over before deadlines were set anew, it kept the one it had.
        return held if event.due_on is None else held._replace(due_on=event.due_on, level=0)
    return case._replace(version=event.version, offered="")


def refused(case: Case, request: CaseActionRequested, reason: str, today: Day) -> list[Event]:
    """The refusal, on record."""
    return [CaseActionRefused(case.case_id, request.action, request.actor, reason, today)]

"""Cases: the human follow-up of a discrepancy, from raised to archived.

raised → accepted → marked → verified → settled → archived; a clear case may be
settled as soon as it is accepted. The version that the caller saw travels in
the request, so two clerks cannot overwrite each other, and the refusal is
itself on record.
"""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from hub.domain.days import Day, working_days_after
from hub.domain.discrepancies import CATALOGUE
from hub.domain.events import (
    CaseActionRefused,
    CaseActionRequested,
    CaseMoved,
    CaseRaised,
    DiscrepancyDetected,
    Event,
)  # fmt: skip

HUB = "hub"
"""The actor of what follows from records alone."""
STATES = ("raised", "accepted", "marked", "verified", "settled", "archived")
OPEN = frozenset(STATES[:4])
OUTCOMES = (
    "corrected", "confirmed-right", "registered", "moved", "not-found", "not-a-discrepancy",
)  # fmt: skip


class Action(NamedTuple):
    """From which states an action leads where."""

    before: frozenset[str]
    after: str


ACTIONS: Mapping[str, Action] = {
    "accept": Action(frozenset(("raised",)), "accepted"),
    "mark": Action(frozenset(("accepted",)), "marked"),
    "verify": Action(frozenset(("marked",)), "verified"),
    "settle": Action(frozenset(("accepted", "marked", "verified")), "settled"),
    "archive": Action(frozenset(("settled",)), "archived"),
}


class Case(NamedTuple):
    """What the rule needs to know of a case; its version counts its moves."""

    case_id: str
    state: str
    version: int
    outcome: str | None
    discrepancy_id: str = ""
    due_on: Day | None = None


class CaseRecord(Protocol):
    """Whatever holds a case, such as a row of a table."""

    @property
    def case_id(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def outcome(self) -> str | None: ...
    @property
    def discrepancy_id(self) -> str: ...
    @property
    def due_on(self) -> Day: ...


def of(row: CaseRecord) -> Case:
    """The case that a row holds."""
    return Case(row.case_id, row.state, row.version, row.outcome, row.discrepancy_id, row.due_on)


def case_id(discrepancy_id: str, times: int) -> str:
    """The case of the n-th time a discrepancy stands."""
    return f"{discrepancy_id[:24]}{times:04d}"


def raise_case(detected: DiscrepancyDetected, times: int, today: Day) -> CaseRaised:
    """The case that a detected discrepancy opens with the department that owns the record."""
    due_on = working_days_after(today, CATALOGUE[detected.kind].deadline_working_days)
    return CaseRaised(
        case_id(detected.discrepancy_id, times), detected.discrepancy_id, detected.person,
        detected.kind, detected.owner, detected.jurisdiction, today, due_on,
    )  # fmt: skip


def decide(case: Case, request: CaseActionRequested, today: Day) -> list[Event]:
    """Move the case as asked, or say why not."""
    reason = _refusal(case, request)
    if reason is not None:
        return [CaseActionRefused(case.case_id, request.action, request.actor, reason)]
    outcome = request.outcome if request.action == "settle" else case.outcome
    state = ACTIONS[request.action].after
    return [CaseMoved(case.case_id, case.version + 1, state, outcome, request.actor, today, request.note)]


def on_cleared(case: Case, today: Day) -> list[Event]:
    """The records agree again: a case that is still open is settled by them."""
    if case.state not in OPEN:
        return []
    return [CaseMoved(case.case_id, case.version + 1, "settled", "corrected", HUB, today, None)]


def evolve(case: Case | None, event: Event) -> Case | None:
    """The case after an event; never refuses, since it already happened."""
    match event:
        case CaseRaised():
            return Case(event.case_id, "raised", 0, None, event.discrepancy_id, event.due_on)
        case CaseMoved() if case is not None and case.case_id == event.case_id:
            return case._replace(state=event.state, version=event.version, outcome=event.outcome)
    return case


def _refusal(case: Case, request: CaseActionRequested) -> str | None:
    action = ACTIONS.get(request.action)
    if action is None:
        return "unknown-action"
    if request.seen_version != case.version:
        return "case-changed-meanwhile"
    if case.state not in action.before:
        return "not-in-this-state"
    if request.action == "settle" and request.outcome is None:
        return "outcome-missing"
    if request.action == "settle" and request.outcome not in OUTCOMES:
        return "unknown-outcome"
    return None

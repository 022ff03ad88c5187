"""Cases: the human follow-up of a discrepancy, from raised to archived.

raised → accepted → marked → verified → settled → archived. The version the
caller saw travels in the request, so two clerks cannot overwrite each other,
and the refusal is itself on record.
"""

from collections.abc import Mapping
from typing import NamedTuple

from hub.domain.days import Day, working_days_after
from hub.domain.discrepancies import CATALOGUE
from hub.domain.events import (
    CaseActionRefused, CaseActionRequested, CaseMoved, CaseRaised, DiscrepancyDetected, Event,
)  # fmt: skip

OUTCOMES = frozenset(
    ("corrected", "confirmed-right", "registered", "moved", "not-found", "not-a-discrepancy")
)


class Action(NamedTuple):
    """From which states an action leads where."""

    before: frozenset[str]
    after: str


OPEN = frozenset(("raised", "accepted", "marked", "verified"))
ACTIONS: Mapping[str, Action] = {
    "accept": Action(frozenset(("raised",)), "accepted"),
    "mark": Action(frozenset(("accepted",)), "marked"),
    "verify": Action(frozenset(("marked",)), "verified"),
    "settle": Action(frozenset(("accepted", "marked", "verified")), "settled"),
    "archive": Action(frozenset(("settled",)), "archived"),
}


class Case(NamedTuple):
    """What the rule needs to know of a case."""

    case_id: str
    state: str
    version: int
    outcome: str | None


def case_id(discrepancy_id: str, times: int) -> str:
    """The case of the n-th time a discrepancy stands."""
    return f"{discrepancy_id[:24]}{times:04d}"


def raise_case(detected: DiscrepancyDetected, times: int, today: Day) -> CaseRaised:
    """The case that a detected discrepancy opens with the department that owns the record."""
    kind = CATALOGUE[detected.kind]
    return CaseRaised(
        case_id(detected.discrepancy_id, times), detected.discrepancy_id, detected.person,
        detected.kind, detected.owner, detected.jurisdiction, today,
        working_days_after(today, kind.deadline_days),
    )  # fmt: skip


def on_cleared(case: Case, today: Day) -> list[Event]:
    """The records agree again: an open case is settled by them."""
    if case.state not in OPEN:
        return []
    return [CaseMoved(case.case_id, case.version + 1, "settled", "corrected", "hub", today, None)]


def decide(case: Case, request: CaseActionRequested, today: Day) -> list[Event]:
    """Move the case as asked, or say why not."""
    reason = _refusal(case, request)
    if reason is not None:
        return [CaseActionRefused(case.case_id, request.action, request.actor, reason)]
    outcome = request.outcome if request.action == "settle" else case.outcome
    state = ACTIONS[request.action].after
    return [CaseMoved(case.case_id, case.version + 1, state, outcome, request.actor, today, request.note)]


def _refusal(case: Case, request: CaseActionRequested) -> str | None:
    action = ACTIONS.get(request.action)
    if action is None:
        return "unknown-action"
    if request.seen_version != case.version:
        return "case-changed-meanwhile"
    if case.state not in action.before:
        return "not-in-this-state"
    if request.action == "settle" and request.outcome not in OUTCOMES:
        return "outcome-missing"
    return None

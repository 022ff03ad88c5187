"""Cases: the human follow-up of a discrepancy, from raised to archived.

raised → accepted → marked → verified → settled → archived; a clear case may be
settled as soon as it is accepted. The version that the caller saw travels in
the request, so two clerks cannot overwrite each other, and the refusal is
itself on record. Everything here reads cases, days and what is asked, nothing
that changes within a day: so it does not matter what records came meanwhile.
"""

from hub.domain.cases.authority import may_comment
from hub.domain.cases.case import (
    CHANGED,
    ENTRIES_MAX,
    HUB,
    LAPSED,
    LEVELS,
    OPEN,
    OUTCOMES,
    RIGHT,
    STATES,
    Case,
    CaseEvent,
    Ground,
    Request,
    evolve,
    refused,
    request_of,
)  # fmt: skip
from hub.domain.cases.handover import STEPS, hand_over
from hub.domain.cases.moves import MOVES, move
from hub.domain.cases.reasons import REASONS
from hub.domain.cases.requests import ANSWERS, TEXT_MAX, answer, ask
from hub.domain.days import Day
from hub.domain.events import CaseActionRequested, CaseCommented, Event

ACTIONS = (*MOVES, *STEPS, "ask", "answer", "comment")


def decide(case: Case, request: CaseActionRequested, ground: Ground) -> list[Event]:
    """What follows from a request, or the refusal."""
    today = ground.today
    if request.action in MOVES:
        return move(case, request, today, ground.calendar)
    if request.action in STEPS:
        return hand_over(case, request, ground)
    match request.action:
        case "ask":
            return ask(case, request, ground)
        case "answer":
            return answer(case, request, today)
        case "comment":
            return _comment(case, request, today)
    return refused(case, request, "unknown-action", today)


def _comment(case: Case, request: CaseActionRequested, today: Day) -> list[Event]:
    reason = None
    if not may_comment(case, request):
        reason = "not-the-holder"
    elif not request.note or len(request.note) > TEXT_MAX:
        reason = "text-missing"
    elif case.entries >= ENTRIES_MAX:
        reason = "too-many-entries"
    if reason is not None or not request.note:
        return refused(case, request, reason or "text-missing", today)
    return [CaseCommented(case.case_id, request.actor, today, request.note)]


__all__ = [
    "ACTIONS",
    "ANSWERS",
    "CHANGED",
    "ENTRIES_MAX",
    "HUB",
    "LAPSED",
    "LEVELS",
    "OPEN",
    "OUTCOMES",
    "REASONS",
    "RIGHT",
    "STATES",
    "TEXT_MAX",
    "Case",
    "CaseEvent",
    "Ground",
    "Request",
    "decide",
    "evolve",
    "request_of",
]

"""The way of a case: accepted, marked, verified, settled, archived; and taken up again by people."""

from collections.abc import Mapping
from typing import NamedTuple

from hub.domain.calendar import Calendar
from hub.domain.cases.authority import may_act
from hub.domain.cases.case import OUTCOMES, Case, refused
from hub.domain.days import Day
from hub.domain.discrepancies import CATALOGUE
from hub.domain.events import CaseActionRequested, CaseMoved, Event


class Move(NamedTuple):
    """From which states an action leads where."""

    before: frozenset[str]
    after: str


MOVES: Mapping[str, Move] = {
    "accept": Move(frozenset(("raised",)), "accepted"),
    "mark": Move(frozenset(("accepted",)), "marked"),
    "verify": Move(frozenset(("marked",)), "verified"),
    "settle": Move(frozenset(("accepted", "marked", "verified")), "settled"),
    "archive": Move(frozenset(("settled",)), "archived"),
    "reopen": Move(frozenset(("settled", "archived")), "raised"),
}


def move(case: Case, request: CaseActionRequested, today: Day, calendar: Calendar) -> list[Event]:
    """Move the case as asked, or say why not."""
    if (reason := _refusal(case, request)) is not None:
        return refused(case, request, reason, today)
    state, due_on, outcome = MOVES[request.action].after, None, case.outcome
    if request.action == "settle":
        outcome = request.outcome
    elif request.action == "reopen":
        outcome, due_on = None, deadline(case.kind, today, calendar)
    return [
        CaseMoved(case.case_id, case.version + 1, state, outcome, request.actor, today, request.note, due_on)
    ]


def deadline(kind: str, today: Day, calendar: Calendar) -> Day:
    """By when a case of this kind that is opened today is to be settled."""
    return calendar.working_days_after(today, CATALOGUE[kind].deadline_working_days)


def _refusal(case: Case, request: CaseActionRequested) -> str | None:
    if not may_act(case, request):
        return "not-the-holder"
    if request.seen_version != case.version:
        return "case-changed-meanwhile"
    if case.state not in MOVES[request.action].before:
        return "not-in-this-state"
    if request.action == "settle" and request.outcome is None:
        return "outcome-missing"
    if request.action == "settle" and request.outcome not in OUTCOMES:
        return "unknown-outcome"
    return None

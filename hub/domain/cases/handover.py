"""Handing a case over: offered, then accepted, refused or withdrawn. Until it is accepted the giver holds it.

So a case has exactly one holder at any moment, also where the other side never answers. Whoever takes it over
has the time of a case that was just raised: it was not they who let the former deadline pass.
"""

from hub.domain.cases.authority import holds, may_act
from hub.domain.cases.case import OPEN, Case, Ground, refused
from hub.domain.cases.moves import deadline
from hub.domain.divisions import NOT_LISTED, VALID
from hub.domain.events import CaseActionRequested, CaseHandedOver, Event

PLACE_DIGITS = (6, 9)
"""A county or a town."""
STEPS = {"hand-over": "offered", "take-over": "accepted", "decline": "refused", "take-back": "withdrawn"}


def hand_over(case: Case, request: CaseActionRequested, ground: Ground) -> list[Event]:
    """One step of handing over, or why not."""
    offered = case.offered.split("/") if case.offered else None
    step = STEPS[request.action]
    if step == "offered":
        to = [request.details.get("department", case.department), request.details.get("place", case.place)]
        reason = _cannot_offer(case, request, to, ground)
    else:
        to = offered or ["", ""]
        reason = _cannot_answer(case, request, offered)
    if reason is None and request.seen_version != case.version:
        reason = "case-changed-meanwhile"
    if reason is not None:
        return refused(case, request, reason, ground.today)
    department, place = to
    due_on = deadline(case.kind, ground.today, ground.calendar) if step == "accepted" else None
    return [
        CaseHandedOver(
            case.case_id,
            case.version + 1,
            step,
            department,
            place,
            request.actor,
            ground.today,
            request.note,
            due_on,
        )
    ]


def _cannot_offer(case: Case, request: CaseActionRequested, to: list[str], ground: Ground) -> str | None:
    department, place = to
    if not may_act(case, request):
        return "not-the-holder"
    if case.state not in OPEN:
        return "not-in-this-state"
    if case.offered:
        return "already-offered"
    if not (
        place.isascii() and place.isdigit() and len(place) in PLACE_DIGITS and place[:6] == case.place[:6]
    ):
        return "unknown-place"
    # Where the county is in no table, nobody can say which towns it has.
    if ground.divisions.status(place, ground.today) not in (VALID, NOT_LISTED):
        return "no-such-town"
    if not department or "/" in department:
        return "unknown-department"
    if (department, place) == (case.department, case.place):
        return "already-there"
    return None


def _cannot_answer(case: Case, request: CaseActionRequested, offered: list[str] | None) -> str | None:
    if offered is None:
        return "not-offered"
    if request.action == "take-back":
        return None if may_act(case, request) else "not-the-holder"
    return None if holds(request, *offered) else "not-yours"

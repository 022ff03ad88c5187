"""Who may do something with a case: whoever holds it, the owner of a record asked about, and who coordinates."""

from hub.domain.cases.case import Case, Request
from hub.domain.discrepancies import HEALTH
from hub.domain.events import CaseActionRequested

COORDINATING = HEALTH
"""The department that follows all cases of its area, whoever holds them."""


def department_of(actor: str) -> str:
    """The department of a `department/role`."""
    return actor.partition("/")[0]


def holds(request: CaseActionRequested, department: str, place: str) -> bool:
    """Whether the actor is responsible for this department's cases of a place."""
    if not request.place:
        # Asked before requests named the place of who asks.
        return True
    mine = department_of(request.actor) in (department, COORDINATING)
    return mine and place.startswith(request.place)


def may_act(case: Case, request: CaseActionRequested) -> bool:
    """Whether the actor may move a case."""
    return holds(request, case.department, case.place)


def may_answer(case: Case, asked: Request, request: CaseActionRequested) -> bool:
    """Whether the actor is of the department that was asked, wherever in the county it sits; nobody speaks for it."""
    mine = department_of(request.actor) == asked.owner
    return not request.place or (mine and case.place[:6] == request.place[:6])


def may_comment(case: Case, request: CaseActionRequested) -> bool:
    """Whether the actor has anything to do with a case: holds, owns, was offered it or was asked."""
    asked = (Request(*said).owner for said in case.asking.values())
    departments = {case.department, case.owner, case.offered.partition("/")[0], COORDINATING, *asked}
    return not request.place or (
        department_of(request.actor) in departments and case.place[:6] == request.place[:6]
    )

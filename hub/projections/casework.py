"""Cases with all that is on record of them, and the questions to owners, folded from what was decided."""

import dataclasses

from hub.domain import cases, discrepancy
from hub.domain.cases import ENTRIES_MAX, HUB, OPEN, RIGHT, Case, CaseEvent
from hub.domain.events import (
    CaseActionRefused,
    CaseCommented,
    CaseMoved,
    CaseRaised,
    RecordAnswered,
    RecordQuestioned,
)  # fmt: skip
from hub.projections import EntryRow, RequestRow, Shelves

DAYS = ("raised_on", "moved_on", "escalated_on", "commented_on", "asked_on", "answered_on", "refused_on")
TOLD_ONCE = frozenset((*DAYS, "case_id", "actor", "person", "discrepancy_id"))
"""What an entry says elsewhere, or the case does."""


def apply_case(shelves: Shelves, event: CaseEvent) -> None:
    """Fold what happened to a case."""
    before = shelves.cases.get(event.case_id)
    case = cases.evolve(before, event)
    if case is None:
        return
    shelves.cases.put(case)
    _enter(shelves, case, event)
    match event:
        case CaseRaised(discrepancy_id=id_, case_id=case_id):
            if row := shelves.discrepancies.get(id_):
                shelves.discrepancies.put(row._replace(case_id=case_id))
        case CaseMoved() if before is not None and event.actor != HUB:
            _judge(shelves, before, event)
        case RecordQuestioned():
            shelves.case_requests.put(RequestRow(
                request_id(event), event.case_id, event.request, event.record_id, event.seen_version,
                event.field, event.question, event.owner, event.actor, event.asked_on, event.due_on,
                None, None, None, None,
            ))  # fmt: skip
        case RecordAnswered():
            if asked := shelves.case_requests.get(request_id(event)):
                shelves.case_requests.put(asked._replace(
                    answer=event.answer, record_version=event.record_version, reason=event.reason,
                    answered_on=event.answered_on,
                ))  # fmt: skip


def request_id(event: RecordQuestioned | RecordAnswered) -> str:
    """One question of a case."""
    return f"{event.case_id}/{event.request:04d}"


def _judge(shelves: Shelves, before: Case, event: CaseMoved) -> None:
    """People said of a case that its records are right, or took it up again."""
    settled_right = event.state == "settled" and event.outcome in RIGHT
    taken_up = event.state in OPEN and before.state not in OPEN
    row = shelves.discrepancies.get(before.discrepancy_id)
    if row is not None and (settled_right or taken_up):
        shelves.discrepancies.put(discrepancy.confirmed(row, right=settled_right))


def _enter(shelves: Shelves, case: Case, event: CaseEvent) -> None:
    if case.entries > ENTRIES_MAX and isinstance(event, CaseActionRefused | CaseCommented):
        return
    said = {f.name: getattr(event, f.name) for f in dataclasses.fields(event)}
    day = next((said[name] for name in DAYS if said.get(name) is not None), case.moved_on)
    shelves.case_entries.put(EntryRow(
        f"{case.case_id}/{case.entries:06d}", case.case_id, case.entries, day, type(event).__name__,
        said.get("actor", HUB),
        {name: value for name, value in said.items() if name not in TOLD_ONCE and value is not None},
    ))  # fmt: skip

"""Asking the owner of a record, and its answers.

One question about a record is open at a time: a new one takes the place of the
one before, whose answer is stale from then on. So is every answer once the
case was settled; stale ones are refused, and that is on record.
"""

from hub.domain.cases.authority import may_act, may_answer
from hub.domain.cases.case import ENTRIES_MAX, OPEN, Case, Ground, Request, refused, request_of
from hub.domain.days import Day, day_of
from hub.domain.events import CaseActionRequested, Event, RecordAnswered, RecordQuestioned

ANSWERS = ("corrected", "right", "not-ours")
ANSWER_WORKING_DAYS = 5
"""Where the question does not say by when."""
UNTIL_DAYS_MAX = 366
FIELD_MAX, TEXT_MAX, DEPARTMENT_MAX = 64, 500, 64
OPEN_REQUESTS_MAX = 50


def ask(case: Case, request: CaseActionRequested, ground: Ground) -> list[Event]:
    """Ask the owner of a record that the discrepancy is about."""
    details, today = request.details, ground.today
    record = details.get("record", "")
    reason = _cannot_ask(case, request, ground)
    due_on = ground.calendar.working_days_after(today, ANSWER_WORKING_DAYS)
    if reason is None and "until" in details:
        due_on = _day(details["until"]) or today
        reason = None if today < due_on <= today + UNTIL_DAYS_MAX else "until-not-ahead"
    if reason is not None:
        return refused(case, request, reason, today)
    seen = int(details.get("record_version", "0"))
    return [
        RecordQuestioned(
            case.case_id, case.version + 1, case.requests + 1, record, seen, details["field"],
            details["question"], ground.owners[record], due_on, request.actor, today,
        )
    ]  # fmt: skip


def _cannot_ask(case: Case, request: CaseActionRequested, ground: Ground) -> str | None:
    details = request.details
    record = details.get("record", "")
    if not may_act(case, request):
        return "not-the-holder"
    if request.seen_version != case.version:
        return "case-changed-meanwhile"
    if case.state not in OPEN or case.state == "raised":
        return "not-in-this-state"
    if record not in ground.owners:
        return "no-such-record"
    if not 0 < len(details.get("field", "")) <= FIELD_MAX:
        return "field-missing"
    if details["field"] not in ground.fields.get(record, ()):
        return "no-such-field"
    if not 0 < len(details.get("question", "")) <= TEXT_MAX:
        return "question-missing"
    if not _is_number(details.get("record_version", "0")):
        return "unknown-record-version"
    if len(case.asking) >= OPEN_REQUESTS_MAX and record not in case.asking:
        return "too-many-requests"
    return None


def answer(case: Case, request: CaseActionRequested, today: Day) -> list[Event]:
    """Take an owner's answer, and ask the next department where the record is not theirs."""
    said = request.details
    number = int(said["request"]) if _is_number(said.get("request", "")) else 0
    found = request_of(case, number)
    reason = _cannot_answer(case, request, number, found)
    if reason is not None or found is None:
        return refused(case, request, reason or "no-such-request", today)
    record, asked = found
    version = int(said["record_version"]) if said["answer"] == "corrected" else None
    answered = RecordAnswered(
        case.case_id, case.version + 1, number, said["answer"], version, request.note, request.actor, today
    )
    if said["answer"] != "not-ours" or not said.get("owner"):
        return [answered]
    again = RecordQuestioned(
        case.case_id, case.version + 2, case.requests + 1, record, asked.seen_version, asked.field,
        asked.question, said["owner"], asked.due_on, request.actor, today,
    )  # fmt: skip
    return [answered, again]


def _cannot_answer(
    case: Case, request: CaseActionRequested, number: int, found: tuple[str, Request] | None
) -> str | None:
    said = request.details
    if not 0 < number <= case.requests:
        return "no-such-request"
    if case.state not in OPEN:
        return "case-moved-on"
    if found is None:
        return "stale-request"
    asked = found[1]
    if not may_answer(case, asked, request):
        return "not-yours"
    match said.get("answer"):
        case "corrected":
            version = said.get("record_version", "")
            newer = _is_number(version) and int(version) > asked.seen_version
            return None if newer else "not-a-new-version"
        case "right":
            return None if request.note else "reason-missing"
        case "not-ours":
            other = said.get("owner", "")
            if other == asked.owner or len(other) > DEPARTMENT_MAX:
                return "unknown-department"
            return "too-many-entries" if case.entries >= ENTRIES_MAX else None
    return "unknown-answer"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _day(text: str) -> Day | None:
    try:
        return day_of(text)
    except ValueError:
        return None

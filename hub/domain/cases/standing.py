"""What a discrepancy makes of its case: raised, settled by the records, taken up again; and what time does.

A discrepancy that comes back soon goes on with the case it had. One that comes
and goes keeps that case, marked as flapping, and is told of once. What people
found to be right is raised again only by other evidence.
"""

from collections.abc import Iterable, Mapping, Sequence

from hub.domain.calendar import Calendar
from hub.domain.cases.case import CHANGED, HUB, LAPSED, LEVELS, OPEN, Case
from hub.domain.cases.moves import deadline
from hub.domain.days import Day
from hub.domain.discrepancy import Discrepancy
from hub.domain.events import CaseEscalated, CaseMoved, CaseRaised, DiscrepancyDetected, Event
from hub.domain.findings import Finding

SAME_CASE_DAYS = 30
"""Back within so many days of clearing, a discrepancy goes on with its case."""
FLAPPING_TIMES, FLAPPING_DAYS = 3, 90
"""Detected more often than this within so many days, it flaps."""
CHANGED_DAYS = 30
"""So long after people said that the records will change, these must."""
ESCALATED_WORKING_DAYS = 5
"""The deadline at each further level."""
REGISTERING = {
    "birth-registration-due": "registered", "birth-unregistered": "registered",
    "employment-without-residence": "registered",
}  # fmt: skip
"""Kinds that end by a registration, not by a correction."""
GIVES_WAY: Mapping[str, str] = {
    "birth-registration-due": "birth-unregistered",
    "residence-renewal-due": "residence-expired",
    "residence-gone-quiet": "residence-expired",
}
"""Kinds that end where a limit passes, and the graver kind that then stands of their records."""
RETURNED, EVIDENCE_CHANGED, STILL_STANDS = "returned", "evidence-changed", "still-stands"
FLAPPING, FLAPPING_AGAIN = "flapping", "flapping-again"


def case_id(discrepancy_id: str, times: int) -> str:
    """The case of the n-th time a discrepancy stands."""
    return f"{discrepancy_id[:24]}{times:04d}"


def raise_case(detected: DiscrepancyDetected, times: int, today: Day, calendar: Calendar) -> CaseRaised:
    """The case that a detected discrepancy opens with the department that owns the record."""
    return CaseRaised(
        case_id(detected.discrepancy_id, times), detected.discrepancy_id, detected.person,
        detected.kind, detected.owner, detected.jurisdiction, today,
        deadline(detected.kind, today, calendar),
    )  # fmt: skip


def is_flapping(detected_on: Sequence[Day], today: Day) -> bool:
    """Whether a discrepancy that was detected on these days, and is so again today, flaps."""
    return sum(day > today - FLAPPING_DAYS for day in detected_on) + 1 > FLAPPING_TIMES


def on_detected(
    before: Discrepancy | None, case: Case | None, detected: DiscrepancyDetected, calendar: Calendar
) -> list[Event]:
    """What becomes of the case where a discrepancy is detected, or stands by other evidence than before.

    `before` is what was known of it until now, `case` its newest one.
    """
    today = detected.detected_on
    if before is not None and detected.digest in before.confirmed:
        return [_settled(case, "confirmed-right", today)] if case and case.state in OPEN else []
    if before is None or case is None:
        return [raise_case(detected, before.times + 1 if before else 1, today, calendar)]
    if case.state in OPEN:
        return []
    if before.status == "standing":
        return [_taken_up(case, EVIDENCE_CHANGED, today, calendar)]
    if detected.flapping:
        return [_taken_up(case, FLAPPING_AGAIN if before.flapping else FLAPPING, today, calendar)]
    if today - (before.cleared_on or 0) <= SAME_CASE_DAYS:
        return [_taken_up(case, RETURNED, today, calendar)]
    return [raise_case(detected, before.times + 1, today, calendar)]


def _taken_up(case: Case, why: str, today: Day, calendar: Calendar) -> CaseMoved:
    due_on = deadline(case.kind, today, calendar)
    return CaseMoved(case.case_id, case.version + 1, case.resume, None, HUB, today, why, due_on)


def gave_way(gone: Discrepancy, came: Iterable[Finding]) -> bool:
    """Whether what is gone ended by time alone: a graver kind came to stand of a record of it."""
    graver = GIVES_WAY.get(gone.kind)
    return any(one.kind == graver and not set(one.records).isdisjoint(gone.records) for one in came)


def on_cleared(case: Case, today: Day, *, lapsed: bool = False) -> list[Event]:
    """A case that is still open is settled: the records agree again, or time alone ended what it was about."""
    if case.state not in OPEN:
        return []
    return [_settled(case, LAPSED if lapsed else REGISTERING.get(case.kind, "corrected"), today)]


def _settled(case: Case, outcome: str, today: Day) -> CaseMoved:
    return CaseMoved(case.case_id, case.version + 1, "settled", outcome, HUB, today, None)


def on_day(case: Case, today: Day, calendar: Calendar) -> list[Event]:
    """What the close of a day makes of the case of a discrepancy that goes on standing."""
    due = next_day(case)
    if due is None or today < due:
        return []
    if case.state not in OPEN:
        return [_taken_up(case, STILL_STANDS, today, calendar)]
    due_on = calendar.working_days_after(today, ESCALATED_WORKING_DAYS)
    return [CaseEscalated(case.case_id, case.version + 1, case.level + 1, due_on, today)]


def next_day(case: Case) -> Day | None:
    """The day on which time alone changes the case of a standing discrepancy."""
    if case.state in OPEN:
        return case.due_on + 1 if case.level + 1 < len(LEVELS) else None
    if case.outcome in CHANGED and case.settled_by != HUB:
        return case.moved_on + CHANGED_DAYS
    return None

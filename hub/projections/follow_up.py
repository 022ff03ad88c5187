"""How discrepancies and cases stand, counted where they lie: by kind, owner and town, never by person."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, func, select

from hub.domain.cases import OPEN
from hub.domain.days import Day
from hub.projections import cases, discrepancies
from hub.statistics.spans import Span

RAISED, CLEARED, STANDING = "raised", "cleared", "standing"
OPENED, SETTLED, WAITING, OVERDUE = "opened", "settled", "open", "overdue"
TOWN_DIGITS = 9


class Discrepancies(NamedTuple):
    """So many discrepancies of a kind with an owner in a town came to stand, were cleared, or stand."""

    what: str
    kind: str
    owner: str
    town: str
    number: int


class Cases(NamedTuple):
    """So many cases that a department has now: raised or settled in a span, open or overdue on a day."""

    what: str
    owner: str
    outcome: str
    """Of settled ones; empty otherwise."""
    number: int


class FollowUp(NamedTuple):
    """What was followed up in a span, as it stood at the close of a day."""

    discrepancies: list[Discrepancies]
    cases: list[Cases]


def follow_up(db: Connection, span: Span, today: Day) -> FollowUp:
    """Counts of a span as they stand now, the last closed day being `today`.

    A discrepancy is raised by its case; one that comes back soon goes on with it and is not raised again.
    """
    return FollowUp(list(_discrepancies(db, span)), list(_cases(db, span, today)))


def standing_now(db: Connection) -> dict[str, str]:
    """Every discrepancy that stands, to its owner: for comparing two days."""
    columns = discrepancies.c.discrepancy_id, discrepancies.c.owner
    query = select(*columns).where(discrepancies.c.status == "standing")
    return {row.discrepancy_id: row.owner for row in db.execute(query)}


def _within(column: ColumnElement[int], span: Span) -> ColumnElement[bool]:
    return column.between(span.first, span.last)


def _discrepancies(db: Connection, span: Span) -> Iterator[Discrepancies]:
    chosen: tuple[tuple[str, Table, ColumnElement[bool]], ...] = (
        (RAISED, cases, _within(cases.c.raised_on, span)),
        (CLEARED, discrepancies, _within(discrepancies.c.cleared_on, span)),
        (STANDING, discrepancies, discrepancies.c.status == "standing"),
    )
    for what, table, where in chosen:
        town = func.substr(table.c.jurisdiction, 1, TOWN_DIGITS)
        columns = (table.c.kind, table.c.owner, town)
        query = select(*columns, func.count()).where(where).group_by(*columns).order_by(*columns)
        for kind, owner, place, count in db.execute(query):
            yield Discrepancies(what, kind, owner, place, count)


def _cases(db: Connection, span: Span, today: Day) -> Iterator[Cases]:
    columns = (cases.c.department, cases.c.state, cases.c.outcome)
    opened, moved = _within(cases.c.raised_on, span), _within(cases.c.moved_on, span)
    late = cases.c.due_on < today
    found: Counter[tuple[str, str, str]] = Counter()
    query = select(*columns, opened, moved, late, func.count()).group_by(*columns, opened, moved, late)
    for owner, state, outcome, is_opened, is_moved, is_late, count in db.execute(query):
        if is_opened:
            found[OPENED, owner, ""] += count
        if state in OPEN:
            found[WAITING, owner, ""] += count
            found[OVERDUE, owner, ""] += count if is_late else 0
        elif is_moved:
            found[SETTLED, owner, outcome or ""] += count
    for what, owner, outcome in sorted(found):
        yield Cases(what, owner, outcome, found[what, owner, outcome])

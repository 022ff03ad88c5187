"""Spans of days in which a true person's records state the same, and what stands in them.

Walks the published versions by drop day. What stands in neighbouring spans is
one discrepancy, whose records are all that ever took part.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from hub.domain.days import Day
from hub.simulate.ledger import TAKEN_BACK, Ledger, Record
from hub.simulate.truth.standing import Check, Known, Live, Stands
from hub.simulate.truth.standing.births import births, on_no_list, unnumbered
from hub.simulate.truth.standing.certificates import (
    certificates,
    citations,
    replacements,
    unknown_replaced,
    void_alone,
)
from hub.simulate.truth.standing.numbers import contradictions, invalid_numbers, numbers
from hub.simulate.truth.standing.registers import deaths, entered_twice
from hub.simulate.truth.standing.residence import households, quiet, residence, running_out
from hub.simulate.truth.standing.statements import birth_dates, names, orders, parents, places, sexes
from hub.simulate.truth.standing.work import insured_after_end, work
from hub.simulate.truth.statements import READERS, Statement
from hub.simulate.truth.ties import TIED, groups

CHECKS: Sequence[Check] = (
    births, on_no_list, unnumbered, certificates, void_alone, replacements, unknown_replaced, citations,
    invalid_numbers, contradictions, numbers, birth_dates, sexes, parents, orders, names, places, entered_twice, deaths,
    residence, running_out, households, quiet, work, insured_after_end,
)  # fmt: skip
NEED_TIES: Sequence[Check] = (
    unnumbered, certificates, replacements, citations, numbers, birth_dates, sexes, parents, entered_twice, deaths,
    residence, running_out, households, quiet, work,
)  # fmt: skip
"""Checks that compare two records of one person, who must be known to be one."""
History = list[tuple[Day, Statement | None]]
"""From which day on a record states what; None from the day it was taken back."""


class Discrepancy(NamedTuple):
    """One true discrepancy; `last` None while it stands at the end of the story."""

    kind: str
    records: tuple[str, ...]
    first: Day
    last: Day | None
    why_not: str = ""
    """Why its evidence cannot be in the data; empty where it is."""


def histories(ledger: Ledger, until: Day) -> Mapping[str, Mapping[str, History]]:
    """What each record stated when, by true person and record."""
    found: dict[str, dict[str, History]] = defaultdict(dict)
    for name, record in sorted(ledger.records.items()):
        found[record.entity][name] = _history(record, until)
    return found


def _history(record: Record, until: Day) -> History:
    history: History = []
    for day, operation, row in record.versions(until):
        said = None if operation == TAKEN_BACK else READERS[record.feed](row)
        if not history or history[-1][1] != said:
            history.append((day, said))
    return history


def spans(person: Mapping[str, History], until: Day) -> Iterator[tuple[Day, Day, Live]]:
    """First and last day and the live records of each span, until the last day told."""
    changes: dict[Day, dict[str, Statement | None]] = defaultdict(dict)
    for record, history in person.items():
        for day, said in history:
            changes[day][record] = said
    days = sorted(changes)
    live: dict[str, Statement] = {}
    for index, day in enumerate(days):
        for record, said in changes[day].items():
            if said is None:
                live.pop(record, None)
            else:
                live[record] = said
        if live:
            yield day, days[index + 1] - 1 if index + 1 < len(days) else until, live


def of_person(person: Mapping[str, History], known: Known, until: Day) -> Iterator[Discrepancy]:
    """All discrepancies of one true person's own records."""
    found: dict[tuple[str, str], list[tuple[Stands, bool]]] = defaultdict(list)
    for first, last, live in spans(person, until):
        for check in CHECKS:
            for stands in check(live, known, first, last):
                if stands.first <= stands.last:
                    seen = check not in NEED_TIES or _seen(stands, live, known, first, last)
                    found[stands.kind, stands.subject].append((stands, seen))
    for parts in found.values():
        yield from merged(parts, until)


def _seen(stands: Stands, live: Live, known: Known, first: Day, last: Day) -> bool:
    """Whether the same is found in records that are tied to one another."""
    return any(
        other.kind == stands.kind and other.subject == stands.subject
        for group in groups(live)
        for check in NEED_TIES
        for other in check(group, known, first, last)
    )


def merged(parts: Iterable[tuple[Stands, bool]], until: Day) -> Iterator[Discrepancy]:
    """One discrepancy for each unbroken run of days; detectable where it is on any of them."""
    run: list[tuple[Stands, bool]] = []
    end = -1
    for stands, seen in sorted(parts):
        if run and stands.first > end + 1:
            yield _joined(run, end, until)
            run = []
        run.append((stands, seen))
        end = stands.last if len(run) == 1 else max(end, stands.last)
    if run:
        yield _joined(run, end, until)


def _joined(run: list[tuple[Stands, bool]], end: Day, until: Day) -> Discrepancy:
    records = tuple(sorted({record for stands, _ in run for record in stands.records}))
    why_not = "" if any(seen for _, seen in run) else TIED
    return Discrepancy(run[0][0].kind, records, run[0][0].first, None if end >= until else end, why_not)

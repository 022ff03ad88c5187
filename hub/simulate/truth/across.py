"""Discrepancies between records of different people: shared numbers, void certificates cited, children missing."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from hub.domain.days import Day
from hub.matching.numbers import number_valid
from hub.simulate.ledger import CERTIFICATE, HOUSEHOLD
from hub.simulate.people import Birth
from hub.simulate.truth.spans import Discrepancy, History, merged, spans
from hub.simulate.truth.standing import Stands, in_force
from hub.simulate.truth.standing.births import CERTIFICATE_ARRIVES_DAYS
from hub.simulate.truth.statements import Statement

ALIKE = "the records of both people state the same name, sex and birth date"
"""Why a shared number cannot be told from one person's number."""


class Use(NamedTuple):
    """A record that states something from the first to the last day of a span."""

    first: Day
    last: Day
    record: str
    entity: str
    said: Statement


def _uses(people: Mapping[str, Mapping[str, History]], until: Day) -> Iterator[Use]:
    for entity, records in people.items():
        for record, history in records.items():
            for index, (day, said) in enumerate(history):
                last = history[index + 1][0] - 1 if index + 1 < len(history) else until
                if said is not None:
                    yield Use(day, last, record, entity, said)


def across(
    people: Mapping[str, Mapping[str, History]], births: Sequence[Birth], until: Day
) -> Iterator[Discrepancy]:
    """All discrepancies that need records of more than one true person, or may."""
    numbers: dict[str, list[Use]] = defaultdict(list)
    papers: dict[str, list[Use]] = defaultdict(list)
    void: dict[str, list[Use]] = defaultdict(list)
    citing: list[Use] = []
    for use in _uses(people, until):
        if use.said.number and number_valid(use.said.number):
            numbers[use.said.number].append(use)
        if use.said.certificate:
            papers[use.said.certificate].append(use)
        if use.said.feed == CERTIFICATE and use.said.void:
            void[use.said.certificate].append(use)
        elif use.said.feed == HOUSEHOLD and use.said.certificate:
            citing.append(use)
    for uses in numbers.values():
        if len({use.entity for use in uses}) > 1:
            yield from _shared("number-shared", uses, until)
    for uses in papers.values():
        if len({use.entity for use in uses}) > 1:
            yield from _shared("certificate-number-reused", uses, until)
    yield from _incomplete(people, births, until)
    yield from _void_used(citing, void, until)


def _shared(kind: str, uses: list[Use], until: Day) -> Iterator[Discrepancy]:
    """One number on live records of two people at once; one discrepancy for all of them."""
    parts = []
    for day in sorted({use.first for use in uses} | {use.last + 1 for use in uses}):
        now = [use for use in uses if use.first <= day <= use.last]
        if len({use.entity for use in now}) > 1:
            joined = min((use.first for use in uses if use.first > day), default=until + 1)
            last = min(joined - 1, *(use.last for use in now))
            stands = Stands(kind, "", tuple(use.record for use in now), day, last)
            parts.append((stands, _told_apart(now)))
    for found in merged(parts, until):
        yield found._replace(why_not=ALIKE) if found.why_not else found


def _told_apart(uses: list[Use]) -> bool:
    """Whether the records themselves show that they are about more than one person."""
    return len({(use.said.name, use.said.sex, use.said.born) for use in uses}) > 1


def _void_used(citing: list[Use], void: Mapping[str, list[Use]], until: Day) -> Iterator[Discrepancy]:
    """A household entry cites a certificate of the child while that is void; another's is a discrepancy of its own."""
    parts: dict[str, list[tuple[Stands, bool]]] = defaultdict(list)
    for entry in citing:
        for other in void.get(entry.said.certificate, ()):
            first, last = max(entry.first, other.first), min(entry.last, other.last)
            if first <= last and entry.entity == other.entity:
                records = (other.record, entry.record)
                parts[entry.record].append((Stands("certificate-void-used", entry.record, records, first, last), True))
    for found in parts.values():
        yield from merged(found, until)


def _incomplete(
    people: Mapping[str, Mapping[str, History]], births: Sequence[Birth], until: Day
) -> Iterator[Discrepancy]:
    """A certificate in force tells of more children of the delivery than any record is about."""
    deliveries: dict[tuple[str, Day], list[str]] = defaultdict(list)
    for birth in births:
        if birth.mother is not None:
            deliveries[birth.mother.entity, birth.day].append(birth.child.entity)
    for (_, born), children in deliveries.items():
        for child in children:
            parts = [(stands, True) for stands in _alone(child, children, born, people, until)]
            yield from merged(parts, until)


def _alone(
    child: str, children: Sequence[str], born: Day, people: Mapping[str, Mapping[str, History]], until: Day
) -> Iterator[Stands]:
    days = sorted({day for c in children for history in people.get(c, {}).values() for day, _ in history})
    for first, last, live in spans(people.get(child, {}), until):
        told = [(r, live[r]) for r in in_force(live) if live[r].plurality > 1]
        if not told:
            continue
        due = min(max(said.begins or 0, born) for _, said in told) + CERTIFICATE_ARRIVES_DAYS + 1
        starts = [max(first, due), *(day for day in days if max(first, due) < day <= last)]
        for start, following in zip(starts, [*starts[1:], last + 1], strict=True):
            known = sum(_on_record(people.get(c, {}), start) for c in children)
            if known < max(said.plurality for _, said in told) and start < following:
                yield Stands("plurality-incomplete", child, tuple(r for r, _ in told), start, following - 1)


def _on_record(person: Mapping[str, History], day: Day) -> bool:
    """Whether any record about this child is live on a day."""
    return any(
        said is not None
        for history in person.values()
        for _, said in [entry for entry in history if entry[0] <= day][-1:]
    )

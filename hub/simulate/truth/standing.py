"""What disagrees between a true person's live records, for each kind of the catalogue.

Written from the catalogue's meanings and the legal limits alone; the hub's
rules are not looked at. A check is asked about a span of days in which the
records state the same, and answers from when to when (both days included) a
discrepancy stands. Days are those of the drops: it stands once published.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from hub.domain.days import Day, add_month
from hub.matching.numbers import number_valid
from hub.simulate.ledger import BUSINESS, CERTIFICATE, EMPLOYMENT, HOUSEHOLD, RESIDENCE
from hub.simulate.places import COUNTY, town
from hub.simulate.truth.statements import Statement

REGISTER_BIRTH_MONTHS = 1
"""Household Registration Regulations of 1958, art. 7: within one month of the birth."""
CERTIFICATE_ARRIVES_DAYS = 30
RENEW_RESIDENCE_DAYS = 30
REPORT_RESIDENCE_DAYS = 30
FOR_EVER: Day = 10**6

Live = Mapping[str, Statement]
"""The live records of one person, by name."""


class Known(NamedTuple):
    """What is true of a person and asked by a check; `born` is set for births of the story."""

    born: Day | None
    born_here: bool
    mother_local: bool


class Stands(NamedTuple):
    """A discrepancy within a span; `subject` tells apart those of one kind and person."""

    kind: str
    subject: str
    records: tuple[str, ...]
    first: Day
    last: Day


Check = Callable[[Live, Known, Day, Day], Iterator[Stands]]


def of_feed(live: Live, *feeds: str) -> Sequence[tuple[str, Statement]]:
    """The records of some feeds."""
    return [(record, said) for record, said in live.items() if said.feed in feeds]


def in_force(live: Live) -> Sequence[str]:
    """Certificates neither void nor replaced by one that is not void."""
    issued = [(record, said) for record, said in of_feed(live, CERTIFICATE) if not said.void]
    replaced = {said.replaces for _, said in issued if said.replaces}
    return [record for record, said in issued if said.certificate not in replaced]


def stating(live: Live) -> Live:
    """What counts as said: a certificate that is void or replaced says nothing any more."""
    valid = in_force(live)
    return {r: said for r, said in live.items() if said.feed != CERTIFICATE or r in valid}


def births(live: Live, known: Known, first: Day, last: Day) -> Iterator[Stands]:
    """One list is silent past its limit; the limit runs from the true birth, and from the entry."""
    if known.born is None:
        return
    certificates, entries = of_feed(live, CERTIFICATE), of_feed(live, HOUSEHOLD)
    if certificates and not entries and known.mother_local:
        due = add_month(known.born, REGISTER_BIRTH_MONTHS) + 1
        records = tuple(record for record, _ in certificates)
        yield Stands("birth-unregistered", "", records, max(first, due), last)
    if entries and not certificates and known.born_here:
        for record, said in entries:
            if said.of_birth and said.begins is not None:
                due = said.begins + CERTIFICATE_ARRIVES_DAYS + 1
                until = min(last, FOR_EVER if said.ends is None else said.ends - 1)
                yield Stands("birth-without-certificate", "", (record,), max(first, due), until)


def certificates(live: Live, known: Known, first: Day, last: Day) -> Iterator[Stands]:
    """Two certificates in force for one child."""
    valid = in_force(live)
    if len(valid) > 1:
        yield Stands("certificate-duplicate", "", tuple(valid), first, last)


def invalid_numbers(live: Live, known: Known, first: Day, last: Day) -> Iterator[Stands]:
    """Any identity number on a record counts, a parent's too."""
    for record, said in live.items():
        if any(number and not number_valid(number) for number in (said.number, *said.parents)):
            yield Stands("number-invalid", record, (record,), first, last)


def numbers(live: Live, known: Known, first: Day, last: Day) -> Iterator[Stands]:
    """Two valid numbers of one person; the 15-digit form of a number is the same number."""
    stated = [(record, said.number) for record, said in live.items() if said.number and number_valid(said.number)]
    if len({number for _, number in stated}) > 1:
        yield Stands("number-conflict", "", tuple(record for record, _ in stated), first, last)


def birth_dates(live: Live, known: Known, first: Day, last: Day) -> Iterator[Stands]:
    """Two birth dates of one person."""
    stated = [(record, said.born) for record, said in stating(live).items() if said.born is not None]
    if len({born for _, born in stated}) > 1:
        yield Stands("birth-date-differs", "", tuple(record for record, _ in stated), first, last)


def names(live: Live, known: Known, first: Day, last: Day) -> Iterator[Stands]:
    """Two names under one valid identity number or one certificate number; a former name is none."""
    said = {record: one for record, one in stating(live).items() if one.name}
    former = {one.former_name for one in said.values() if one.former_name}
    under: dict[str, list[tuple[str, str]]] = {}
    for record, one in said.items():
        for key in (one.number if number_valid(one.number) else "", one.certificate):
            if key and one.name not in former:
                under.setdefault(key, []).append((record, one.name))
    apart = {r for group in under.values() if len({name for _, name in group}) > 1 for r, _ in group}
    if apart:
        yield Stands("name-differs", "", tuple(sorted(apart)), first, last)


def residence(live: Live, known: Known, first: Day, last: Day) -> Iterator[Stands]:
    """Valid registrations in two towns; and those that expired with nobody saying what became of it.

    A registration that has expired is not valid, even while it may still be renewed.
    """
    valid_until: dict[str, Day] = {}
    open_: list[str] = []
    registrations = of_feed(live, RESIDENCE)
    for record, said in registrations:
        until = _valid_until(said)
        if until >= first and said.place.startswith(COUNTY):
            valid_until[town(said.place)] = max(until, valid_until.get(town(said.place), 0))
            open_.append(record)
    if len(valid_until) > 1:
        until = sorted(valid_until.values())[-2]
        yield Stands("residence-two-places", "", tuple(open_), first, min(last, until))
    for record, said in registrations:
        if said.ends is None and said.expires is not None and not _newer(record, said, live):
            due = said.expires + RENEW_RESIDENCE_DAYS + 1
            yield Stands("residence-expired", record, (record,), max(first, due), last)


def _valid_until(said: Statement) -> Day:
    """The last day on which a registration is neither ended nor expired."""
    return min(FOR_EVER if said.ends is None else said.ends - 1, FOR_EVER if said.expires is None else said.expires)


def _newer(record: str, said: Statement, live: Live) -> bool:
    """Whether the person registered here again after this registration."""
    return any(
        (other.begins or 0, name) > (said.begins or 0, record)
        for name, other in of_feed(live, RESIDENCE, HOUSEHOLD)
        if name != record
    )


def work(live: Live, known: Known, first: Day, last: Day) -> Iterator[Stands]:
    """Works here and is on no register of residents, for longer than registering may take.

    The time runs from the day on which the work is there and the registration is
    not: when the work began, or when the last registration ended or expired.
    """
    covered = max((_valid_until(said) for _, said in of_feed(live, HOUSEHOLD, RESIDENCE)
                   if said.place.startswith(COUNTY)), default=0)  # fmt: skip
    late: list[tuple[str, Day, Day]] = []
    for record, said in of_feed(live, EMPLOYMENT, BUSINESS):
        due = max(said.begins or 0, covered) + REPORT_RESIDENCE_DAYS + 1
        until = min(last, FOR_EVER if said.ends is None else said.ends - 1)
        if max(first, due) <= until:
            late.append((record, max(first, due), until))
    if late:
        yield Stands("employment-without-residence", "", tuple(r for r, _, _ in late),
                     min(since for _, since, _ in late), max(until for _, _, until in late))  # fmt: skip


CHECKS: Sequence[Check] = (
    births, certificates, invalid_numbers, numbers, birth_dates, names, residence, work,
)  # fmt: skip
NEED_TIES: Sequence[Check] = (certificates, numbers, birth_dates, residence)
"""Checks that compare two records of one person, who must be known to be one."""

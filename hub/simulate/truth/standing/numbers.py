"""Identity numbers that cannot be, contradict their record, and two numbers of one person."""

from collections.abc import Iterator

from hub.domain.days import Day, iso
from hub.matching.numbers import number_birth_date, number_sex, number_valid
from hub.simulate.truth.standing import Known, Live, Stands


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


def contradictions(live: Live, known: Known, first: Day, last: Day) -> Iterator[Stands]:
    """A valid number that holds another birth date or sex than the record states."""
    for record, said in live.items():
        if not said.number or not number_valid(said.number):
            continue
        if said.born is not None and number_birth_date(said.number) != iso(said.born):
            yield Stands("number-contradicts-birth-date", record, (record,), first, last)
        if said.sex and number_sex(said.number) != {"1": "male", "2": "female"}[said.sex]:
            yield Stands("number-contradicts-sex", record, (record,), first, last)

"""Births that one list lacks or is about to lack, and children whom child health alone knows, or not by number."""

from collections.abc import Iterator

from hub.domain.days import Day, add_month
from hub.matching.numbers import number_valid
from hub.simulate.ledger import CERTIFICATE, CHILD, HOUSEHOLD
from hub.simulate.truth.standing import FOR_EVER, Known, Live, Stands, of_feed

REGISTER_BIRTH_MONTHS = 1
"""Household Registration Regulations of 1958, art. 7: within one month of the birth."""
WARN_DAYS = 7
CERTIFICATE_ARRIVES_DAYS = 30
ON_A_LIST_DAYS = 60
NUMBER_NOTED_DAYS = 90


def births(live: Live, known: Known, first: Day, last: Day) -> Iterator[Stands]:
    """One list is silent past its limit; the limit runs from the true birth, and from the entry."""
    if known.born is None:
        return
    certificates, entries = of_feed(live, CERTIFICATE), of_feed(live, HOUSEHOLD)
    if certificates and not entries and known.mother_local:
        limit = add_month(known.born, REGISTER_BIRTH_MONTHS)
        records = tuple(record for record, _ in certificates)
        yield Stands("birth-registration-due", "", records, max(first, limit - WARN_DAYS), min(last, limit))
        yield Stands("birth-unregistered", "", records, max(first, limit + 1), last)
    if entries and not certificates and known.born_here:
        for record, said in entries:
            if said.of_birth and said.begins is not None:
                due = said.begins + CERTIFICATE_ARRIVES_DAYS + 1
                until = min(last, FOR_EVER if said.ends is None else said.ends - 1)
                yield Stands("birth-without-certificate", "", (record,), max(first, due), until)


def on_no_list(live: Live, known: Known, first: Day, last: Day) -> Iterator[Stands]:
    """A child that child health knows here, and no list of births."""
    children = [(record, said) for record, said in of_feed(live, CHILD) if said.begins is not None]
    if children and not of_feed(live, CERTIFICATE, HOUSEHOLD):
        due = min(said.begins or 0 for _, said in children) + ON_A_LIST_DAYS + 1
        yield Stands("child-without-birth", "", tuple(r for r, _ in children), max(first, due), last)


def unnumbered(live: Live, known: Known, first: Day, last: Day) -> Iterator[Stands]:
    """A child record that does not state the number which the household register gave."""
    given = [said for _, said in of_feed(live, HOUSEHOLD) if number_valid(said.number)]
    for record, said in of_feed(live, CHILD) if given else ():
        if not said.number:
            since = max(min(entry.begins or 0 for entry in given), said.begins or 0)
            until = max(FOR_EVER if entry.ends is None else entry.ends - 1 for entry in given)
            yield Stands("child-without-number", record, (record,),
                         max(first, since + NUMBER_NOTED_DAYS + 1), min(last, until))  # fmt: skip

"""Births that one list lacks, and certificates beside each other."""

from collections.abc import Iterator

from hub.domain.days import Day, add_month
from hub.simulate.ledger import CERTIFICATE, HOUSEHOLD
from hub.simulate.truth.standing import FOR_EVER, Known, Live, Stands, in_force, of_feed

REGISTER_BIRTH_MONTHS = 1
"""Household Registration Regulations of 1958, art. 7: within one month of the birth."""
CERTIFICATE_ARRIVES_DAYS = 30


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

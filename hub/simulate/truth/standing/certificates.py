"""Birth certificates of one child: two in force or none, broken chains, and numbers that are none of the child's."""

from collections.abc import Iterator

from hub.domain.days import Day
from hub.simulate.ledger import CERTIFICATE, CHILD, HOUSEHOLD
from hub.simulate.truth.standing import Known, Live, Stands, in_force, of_feed

FORMER_ARRIVES_DAYS = 30


def certificates(live: Live, known: Known, first: Day, last: Day) -> Iterator[Stands]:
    """Two certificates in force for one child."""
    valid = in_force(live)
    if len(valid) > 1:
        yield Stands("certificate-duplicate", "", tuple(valid), first, last)


def void_alone(live: Live, known: Known, first: Day, last: Day) -> Iterator[Stands]:
    """Nothing but void certificates."""
    mine = of_feed(live, CERTIFICATE)
    if mine and all(said.void for _, said in mine):
        yield Stands("certificate-void-alone", "", tuple(record for record, _ in mine), first, last)


def replacements(live: Live, known: Known, first: Day, last: Day) -> Iterator[Stands]:
    """Replaced and not void."""
    mine = of_feed(live, CERTIFICATE)
    for record, said in mine:
        for heir, other in mine:
            if heir != record and other.replaces == said.certificate and not said.void and not other.void:
                yield Stands("certificate-not-voided", record, (record, heir), first, last)


def unknown_replaced(live: Live, known: Known, first: Day, last: Day) -> Iterator[Stands]:
    """A certificate in place of one that is not on file."""
    mine = of_feed(live, CERTIFICATE)
    numbers = {said.certificate for _, said in mine}
    for record, said in mine:
        if said.replaces and not said.void and said.replaces not in numbers:
            due = (said.begins or 0) + FORMER_ARRIVES_DAYS + 1
            yield Stands("certificate-replaces-unknown", record, (record,), max(first, due), last)


def citations(live: Live, known: Known, first: Day, last: Day) -> Iterator[Stands]:
    """A record of a child who has a certificate cites another number."""
    numbers = {said.certificate for _, said in of_feed(live, CERTIFICATE)}
    for record, said in of_feed(live, HOUSEHOLD, CHILD) if numbers else ():
        if said.certificate and said.certificate not in numbers:
            yield Stands("certificate-number-differs", record, (record,), first, last)

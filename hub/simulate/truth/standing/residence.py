"""Residence registered twice or run out, and work by people whom no register holds."""

from collections.abc import Iterator

from hub.domain.days import Day
from hub.simulate.ledger import BUSINESS, EMPLOYMENT, HOUSEHOLD, RESIDENCE
from hub.simulate.places import COUNTY, town
from hub.simulate.truth.standing import FOR_EVER, Known, Live, Stands, of_feed
from hub.simulate.truth.statements import Statement

RENEW_RESIDENCE_DAYS = 30
REPORT_RESIDENCE_DAYS = 30


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

    Who died works no more: that is another discrepancy. The time runs from the day on which the work is there and the registration is
    not: when the work began, or when the last registration ended or expired.
    """
    if any(said.died for _, said in of_feed(live, HOUSEHOLD)):
        return
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

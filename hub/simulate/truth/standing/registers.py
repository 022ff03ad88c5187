"""One person entered twice in the household register, and records that go on after a death."""

from collections.abc import Iterator

from hub.domain.days import Day
from hub.simulate.ledger import BUSINESS, EMPLOYMENT, HOUSEHOLD, RESIDENCE
from hub.simulate.truth.standing import FOR_EVER, Known, Live, Stands, of_feed

DEATH_TOLD_DAYS = 60


def entered_twice(live: Live, known: Known, first: Day, last: Day) -> Iterator[Stands]:
    """Two entries that are not cancelled, until the last but one is."""
    ends = {r: FOR_EVER if said.ends is None else said.ends - 1 for r, said in of_feed(live, HOUSEHOLD)}
    standing = {record: end for record, end in ends.items() if end >= first}
    if len(standing) > 1:
        yield Stands("entered-twice", "", tuple(standing), first, min(last, sorted(standing.values())[-2]))


def deaths(live: Live, known: Known, first: Day, last: Day) -> Iterator[Stands]:
    """Work or residence that did not end with the person's death."""
    died = min((said.ends for _, said in of_feed(live, HOUSEHOLD) if said.died and said.ends is not None), default=None)
    if died is None:
        return
    for record, said in of_feed(live, EMPLOYMENT, BUSINESS, RESIDENCE):
        until = FOR_EVER if said.ends is None else said.ends - 1
        yield Stands("died-but-active", record, (record,), max(first, died + DEATH_TOLD_DAYS + 1), min(last, until))

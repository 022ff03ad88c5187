"""Residence registered twice, run out or gone quiet; the two registers side by side."""

from collections.abc import Iterator, Sequence

from hub.domain.days import Day, add_month
from hub.simulate.ledger import BUSINESS, EMPLOYMENT, HOUSEHOLD, RESIDENCE
from hub.simulate.places import COUNTY, town
from hub.simulate.truth.standing import FOR_EVER, Known, Live, Stands, of_feed
from hub.simulate.truth.statements import Statement

REMIND_DAYS = 7
RENEW_RESIDENCE_DAYS = 30
SILENT_MONTHS = 8
END_AFTER_ENTRY_DAYS = 30
Said = Sequence[tuple[str, Statement]]


def residence(live: Live, known: Known, first: Day, last: Day) -> Iterator[Stands]:
    """Valid registrations in two towns or twice in one.

    A registration that has expired is not valid, even while it may still be renewed.
    """
    here = [(r, said) for r, said in of_feed(live, RESIDENCE) if said.place.startswith(COUNTY)]
    by_town: dict[str, list[tuple[str, Statement]]] = {}
    for record, said in here:
        if valid_until(said) >= first:
            by_town.setdefault(town(said.place), []).append((record, said))
    if len(by_town) > 1:
        until = _second_last([max(valid_until(said) for _, said in some) for some in by_town.values()])
        records = tuple(record for some in by_town.values() for record, _ in some)
        yield Stands("residence-two-places", "", records, first, min(last, until))
    for place, some in by_town.items():
        if len(some) > 1:
            until = _second_last([valid_until(said) for _, said in some])
            yield Stands("residence-registered-twice", place, tuple(r for r, _ in some), first, min(last, until))


def running_out(live: Live, known: Known, first: Day, last: Day) -> Iterator[Stands]:
    """Registrations about to expire, and those that expired with nobody saying what became of it."""
    for record, said in of_feed(live, RESIDENCE):
        if said.ends is None and said.expires is not None and not newer(record, said, live):
            due = said.expires + RENEW_RESIDENCE_DAYS + 1
            yield Stands("residence-expired", record, (record,), max(first, due), last)
            reminded = said.expires - REMIND_DAYS
            yield Stands("residence-renewal-due", record, (record,), max(first, reminded), min(last, due - 1))


def households(live: Live, known: Known, first: Day, last: Day) -> Iterator[Stands]:
    """A registration as from elsewhere beside an entry."""
    entries = [(r, said) for r, said in of_feed(live, HOUSEHOLD) if valid_until(said) >= first]
    strange = [
        (r, said) for r, said in of_feed(live, RESIDENCE)
        if said.place.startswith(COUNTY) and not said.hukou.startswith(COUNTY) and valid_until(said) >= first
    ]  # fmt: skip
    if entries and strange:
        until = min(max(valid_until(said) for _, said in some) for some in (entries, strange))
        due = min(said.begins or 0 for _, said in entries) + END_AFTER_ENTRY_DAYS + 1
        records = tuple(r for r, _ in (*entries, *strange))
        yield Stands("household-and-residence-both", "", records, max(first, due), min(last, until))


def quiet(live: Live, known: Known, first: Day, last: Day) -> Iterator[Stands]:
    """Registered here, and the months of the only work there is stopped without an end of it."""
    entries = [said for _, said in of_feed(live, HOUSEHOLD) if valid_until(said) >= first]
    told_until = max(map(valid_until, entries), default=0)
    for record, said in of_feed(live, RESIDENCE):
        came = min(day for day in (said.arrives, said.begins) if day is not None)
        work = [w for _, w in of_feed(live, EMPLOYMENT, BUSINESS) if spoken(w) >= came]
        if said.ends is not None or not work or newer(record, said, live):
            continue
        spoke = max(map(spoken, work))
        stopped = all(w.ends is None and w.insured is not None for w in work if spoken(w) == spoke)
        if stopped and spoke >= max(said.begins or 0, said.shown or 0) and said.expires is not None:
            since = max(first, add_month(spoke, SILENT_MONTHS) + 1, told_until + 1)
            until = min(last, said.expires + RENEW_RESIDENCE_DAYS)
            yield Stands("residence-gone-quiet", record, (record,), since, until)


def spoken(work: Statement) -> Day:
    """The last day that a job or business speaks of: its end, or the last month insured."""
    if work.ends is not None:
        return max(work.ends, work.begins or 0)
    return max(work.begins or 0, 0 if work.insured is None else add_month(work.insured) - 1)


def valid_until(said: Statement) -> Day:
    """The last day on which a registration is neither ended nor expired."""
    return min(FOR_EVER if said.ends is None else said.ends - 1, FOR_EVER if said.expires is None else said.expires)


def newer(record: str, said: Statement, live: Live) -> bool:
    """Whether the person registered here again after this registration."""
    return any(
        (other.begins or 0, name) > (said.begins or 0, record)
        for name, other in of_feed(live, RESIDENCE, HOUSEHOLD)
        if name != record
    )


def _second_last(days: Sequence[Day]) -> Day:
    """Until when at least two of them last."""
    return sorted(days)[-2]

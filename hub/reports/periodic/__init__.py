"""Periodic reports: what a period came to, as it stood at the close of the day of a release.

A report is made from the log alone, by replaying it up to that day: so it is the same bytes on any
database, live or rebuilt, and whoever has the log can make it again.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from hub.app import Hub
from hub.audit.aggregates import BIRTHS, FAMILIES, STAYS, Asked, Basis
from hub.domain.disclosures import Reader
from hub.domain.events import BatchReceived
from hub.errors import DisclosureRefusedError
from hub.log import Recorded
from hub.neighbours.between import moved_in
from hub.projections.follow_up import FollowUp, follow_up, standing_now
from hub.projections.lines import births_seen, people_seen, withdrawn_records
from hub.projections.releases import history
from hub.queries import Queries
from hub.statistics.completeness import Linkage
from hub.statistics.periods import CURRENT, Period, Release, earlier
from hub.statistics.publication import Family, Observation, Publication, Safety, publish
from hub.statistics.releases import History, Released
from hub.statistics.revisions import BirthSeen, Revision, revision
from hub.statistics.spans import Span
from hub.statistics.stays_revised import Measure, PeopleSeen, stay_revisions
from hub.statistics.tables import WITHHELD_STATUS, Key
from hub.statistics.tables.follow_up import towns_table
from hub.statistics.tables.moves import moves_table

TABLES = tuple(name for family in (BIRTHS, STAYS) for name in FAMILIES[family] if name != "three-lists")
ROWS = ("received", "accepted", "unchanged", "quarantined")


class Known(NamedTuple):
    """What was known of a period at the close of the day of a release."""

    release: Release
    basis: Basis
    tables: Mapping[str, Publication]
    towns: Publication | None
    """Discrepancies by town; none where they are too few to be told apart."""
    follow_up: FollowUp
    moves: Publication | None
    """Moves of the period between this register and those of neighbours, where letters are exchanged with any."""
    deliveries: Mapping[str, Mapping[str, int]]
    """Feed to what became of the rows of the period's drops."""
    births: Sequence[BirthSeen]
    withdrawn: frozenset[str]
    people: PeopleSeen
    standing: Mapping[str, str]
    """Discrepancies that stand, to their owners."""
    released: Released
    exposed: int
    """Small counts, withheld here, that follow from what earlier releases gave."""

    def observation(self, key: Key) -> Observation | None:
        """What is published under a key."""
        return next((x for t in self.tables.values() for x in t.observations if x.key == key), None)


class Revised(NamedTuple):
    """An earlier release, and what its births and migrants became by now."""

    known: Known
    births: Revision
    stays: Mapping[Measure, Revision]


class Report(NamedTuple):
    """One release of a report on a period, and the releases before it."""

    county: str
    period: Period
    known: Known
    before: Sequence[Revised]

    @property
    def name(self) -> str:
        """What its files are called."""
        return f"report-{self.period.kind}-{self.period.name}-{self.known.release.name}"


class Deliveries:
    """Counts the rows of drops of a span, as the log tells of them."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self.by_feed: dict[str, dict[str, int]] = {}

    def take(self, facts: Sequence[Recorded]) -> None:
        """Count the batches among these facts."""
        for event in (recorded.envelope.event for recorded in facts):
            if isinstance(event, BatchReceived) and self._span.holds(event.published_on):
                counts = self.by_feed.setdefault(event.feed, dict.fromkeys(("batches", *ROWS), 0))
                counts["batches"] += 1
                for name in ROWS:
                    counts[name] += getattr(event, name)

    def so_far(self) -> dict[str, dict[str, int]]:
        """A copy of what was counted up to here, by feed in order."""
        return {feed: dict(self.by_feed[feed]) for feed in sorted(self.by_feed)}


class Made(NamedTuple):
    """How a report is made: for whom, and how small counts are kept from being known."""

    reader: Reader
    safety: Safety
    linkage: Linkage | None


def report(hub: Hub, period: Period, release: Release, made: Made, progress: Callable[[int], None]) -> Report:
    """The report of a release, made from the log; each earlier release is made again on the way, to be compared.

    What it gives is put on record: later releases are protected with it. How things stand today is not given out.
    """
    county = hub.settings.hub.county
    if made.reader.jurisdiction != county:
        raise DisclosureRefusedError(
            "periodic reports are of the whole county, the reader's jurisdiction is not"
        )
    wanted, deliveries = (*earlier(period, release), release), Deliveries(period.span())
    with hub.projection() as db:
        before = history(db, hub.log)
    known: list[Known] = []
    with hub.pasts([one.day for one in wanted], progress, deliveries.take) as pasts:
        for one, (then, _) in zip(wanted, pasts, strict=True):
            known.append(_known(hub, then, period, one, made, deliveries, before))
            if (released := known[-1].released).name:
                before = {released.name: released, **before}
    last = known[-1]
    return Report(county, period, last, [_revised(one, last, county, period.span()) for one in known[:-1]])


def _revised(one: Known, last: Known, county: str, span: Span) -> Revised:
    """What an earlier release became by the last one."""
    day, withdrawn = one.release.day, last.withdrawn
    return Revised(
        one,
        revision(one.births, last.births, span, day, withdrawn),
        stay_revisions(one.people, last.people, county, span, day, withdrawn),
    )


def _known(
    hub: Hub, then: Connection, period: Period, release: Release, made: Made, deliveries: Deliveries,
    before: History,
) -> Known:  # fmt: skip
    """What was known at the close of the day of a release, from the projection of that day."""
    county = hub.settings.hub.county
    queries = Queries(then, hub.log, made.reader, county, hub.rules.model)
    name = "" if release.name == CURRENT else f"{period.kind}/{period.name}/{release.name}"
    asked = Asked(TABLES, release.day, linkage=made.linkage, period=period, release=name)
    found = queries.statistics(hub.rules, {}, asked, made.safety, before)
    follow = follow_up(then, period.span(), release.day)
    return Known(
        release, found.basis, {table.name: table for table in found.tables},
        _towns(follow, county, period, made.safety), follow, _moves(hub, then, period, release, made.safety),
        deliveries.so_far(),
        births_seen(then), withdrawn_records(then),
        people_seen(then, {name: feed.kind for name, feed in hub.feeds.items()}, period.span()), standing_now(then),
        found.released, found.exposed,
    )  # fmt: skip


def _moves(
    hub: Hub, then: Connection, period: Period, release: Release, safety: Safety
) -> Publication | None:
    neighbours = hub.settings.neighbours
    if not neighbours:
        return None
    counts = moved_in(then, hub.feeds, neighbours, period.span(), hub.rules.limits, release.day)
    (table,) = publish([Family([moves_table(counts, period.name)])], safety, period.name).tables
    return table


def _towns(follow: FollowUp, county: str, period: Period, safety: Safety) -> Publication | None:
    counts = ((one.what, one.town, one.number) for one in follow.discrepancies)
    (table,) = publish([Family([towns_table(counts, county, period.name)])], safety, period.name).tables
    # The county's totals follow from those by kind, so they cannot be withheld: then no town is told of.
    hidden = any(x.key.area == county and x.obs_status == WITHHELD_STATUS for x in table.observations)
    return None if hidden else table

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
from hub.projections.follow_up import FollowUp, follow_up
from hub.projections.lines import births_seen, withdrawn_records
from hub.queries import Queries
from hub.statistics.completeness import Linkage
from hub.statistics.periods import Period, Release, earlier
from hub.statistics.publication import Observation, Publication, Safety, publish
from hub.statistics.revisions import BirthSeen, Revision, revision
from hub.statistics.spans import Span
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

    def observation(self, key: Key) -> Observation | None:
        """What is published under a key."""
        return next((x for t in self.tables.values() for x in t.observations if x.key == key), None)


class Revised(NamedTuple):
    """An earlier release, and what its births became by now."""

    known: Known
    births: Revision


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


class Made(NamedTuple):
    """How a report is made: for whom, and how small counts are kept from being known."""

    reader: Reader
    safety: Safety
    linkage: Linkage | None


def report(hub: Hub, period: Period, release: Release, made: Made, progress: Callable[[int], None]) -> Report:
    """The report of a release, made from the log; each earlier release is made again to be compared."""
    county = hub.settings.hub.county
    if made.reader.jurisdiction != county:
        raise DisclosureRefusedError(
            "periodic reports are of the whole county, the reader's jurisdiction is not"
        )
    known = [_known(hub, period, one, made, progress) for one in (*earlier(period, release), release)]
    last = known[-1]
    revised = [
        Revised(one, revision(one.births, last.births, period.span(), one.release.day, last.withdrawn))
        for one in known[:-1]
    ]
    return Report(county, period, last, revised)


def _known(hub: Hub, period: Period, release: Release, made: Made, progress: Callable[[int], None]) -> Known:
    """What was known at the close of the day of a release."""
    deliveries = Deliveries(period.span())
    county = hub.settings.hub.county
    with hub.past(release.day, progress, deliveries.take) as (then, _):
        queries = Queries(then, hub.log, made.reader, county, hub.rules.model)
        asked = Asked(TABLES, release.day, linkage=made.linkage, period=period)
        found = queries.statistics(hub.rules, {}, asked, made.safety)
        follow = follow_up(then, period.span(), release.day)
        return Known(
            release, found.basis, {table.name: table for table in found.tables},
            _towns(follow, county, period, made.safety), follow,
            _moves(hub, then, period, release, made.safety),
            dict(sorted(deliveries.by_feed.items())),
            births_seen(then), withdrawn_records(then),
        )  # fmt: skip


def _moves(
    hub: Hub, then: Connection, period: Period, release: Release, safety: Safety
) -> Publication | None:
    neighbours = hub.settings.neighbours
    if not neighbours:
        return None
    counts = moved_in(then, hub.feeds, neighbours, period.span(), hub.rules.limits, release.day)
    (table,) = publish([[moves_table(counts, period.name)]], safety, period.name)
    return table


def _towns(follow: FollowUp, county: str, period: Period, safety: Safety) -> Publication | None:
    counts = ((one.what, one.town, one.number) for one in follow.discrepancies)
    (table,) = publish([[towns_table(counts, county, period.name)]], safety, period.name)
    # The county's totals follow from those by kind, so they cannot be withheld: then no town is told of.
    hidden = any(x.key.area == county and x.obs_status == WITHHELD_STATUS for x in table.observations)
    return None if hidden else table

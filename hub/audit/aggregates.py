"""Statistics of a projection: lines are read, tables made and protected, and what they rest on is named.

Lines of people stay in here; what comes out is what may be published.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from hub.connect.contracts import Feed
from hub.domain.days import Day, day_of, iso, to_date
from hub.domain.discrepancies import KINDS
from hub.errors import SettingsError
from hub.processing import Rules
from hub.projections import VERSION, models
from hub.projections.lines import birth_lines, delivered_lines, stay_lines, third_lines
from hub.projections.position import load_rested
from hub.statistics.completeness import Linkage
from hub.statistics.lines import FeedLine
from hub.statistics.periods import Period
from hub.statistics.publication import Family, Publication, Safety, publish
from hub.statistics.releases import History, Released, days_of, keys_of, spans_of
from hub.statistics.spans import calendar
from hub.statistics.tables import Key, Table
from hub.statistics.tables.births import birth_tables
from hub.statistics.tables.exchange import exchange_table
from hub.statistics.tables.stays import stay_counts, stay_tables

BIRTHS, STAYS, EXCHANGE = "births", "stays", "exchange"
STATISTICS = "statistics"
"""A release of tables as of a day, not of a report on a period."""
ORIGIN, THIRD = "ORIGIN", "LIST_3"
"""Indicators that are made only where they are asked for."""
FAMILIES: Mapping[str, tuple[str, ...]] = {
    BIRTHS: ("births", "completeness", "three-lists", "timeliness", "sex-ratio", "outcomes", "agreement"),
    STAYS: ("stock-flow", "origins", "stay-length"),
    EXCHANGE: ("exchange",),
}
"""Tables that count the same lines: they are made and protected together, whichever of them is asked for."""
TABLES = tuple(name for names in FAMILIES.values() for name in names)


class Asked(NamedTuple):
    """What statistics are asked for."""

    tables: tuple[str, ...] = TABLES
    as_of: Day | None = None
    """The last day that counts; None: the last closed one."""
    months: int = 24
    """At least so many calendar months, the last one being that of the day; the first year is whole."""
    linkage: Linkage | None = None
    origin_digits: int = 2
    period: Period | None = None
    """In place of months: this period, the same a year before, and the months from that one to this."""
    release: str = ""
    """As which release they are given out: STATISTICS, or the name of a report's; empty: as none."""

    def name(self, as_of: Day) -> str:
        """What this release is called; empty if it is none."""
        if self.release != STATISTICS:
            return self.release
        tables = hashlib.sha256(" ".join(sorted(self.tables)).encode()).hexdigest()[:8]
        return f"{STATISTICS}/{iso(as_of)}/{self.months}/{self.origin_digits}/{tables}"


class Basis(NamedTuple):
    """What a publication rests on: whoever has the same log and rules makes the same bytes."""

    county: str
    as_of: str
    since: str
    log: dict[str, int]
    """Partition of facts to the last offset that these figures rest on; decisions follow from them."""
    model: str
    catalogue: str
    """Digest of the catalogue of discrepancies, of the legal limits and of the division codes."""
    projection: int
    threshold: int
    rounding: int


class Statistics(NamedTuple):
    """Published tables, what they rest on, and what they give and withhold."""

    basis: Basis
    tables: list[Publication]
    released: Released
    exposed: int
    """Small counts, withheld here, that follow from what earlier releases gave."""


class Source(NamedTuple):
    """Where statistics come from."""

    db: Connection
    rules: Rules
    """With the model in force."""
    balance: Mapping[str, Mapping[str, int]]
    today: Day
    history: History
    """What was given out before."""


def statistics(source: Source, asked: Asked, safety: Safety) -> Statistics:
    """The tables asked for, as of a day."""
    as_of = source.today if asked.as_of is None else asked.as_of
    if as_of > source.today:
        raise SettingsError(
            f"{iso(as_of)} has not been closed yet: the last closed day is {iso(source.today)}"
        )
    scope = Scope(source, asked, as_of, safety)
    families = scope.families()
    made = publish(
        families, safety, asked.period and asked.period.name, name=asked.name(as_of), history=source.history
    )
    tables = [table for table in made.tables if table.name in asked.tables]
    basis = _basis(source, as_of, scope.first, safety)
    return Statistics(basis, tables, made.released, made.exposed)


class Scope:
    """The days and spans that are asked for, and those of earlier releases beside them."""

    def __init__(self, source: Source, asked: Asked, as_of: Day, safety: Safety) -> None:
        self._source, self._asked, self._as_of = source, asked, as_of
        self._kinds = {name: feed.kind for name, feed in source.rules.feeds.items()}
        period = asked.period
        self._last = min(as_of, period.last) if period else as_of
        start = _before_months(as_of, asked.months) + 1
        self._spans = period.spans() if period else calendar(range(start, as_of + 1))
        self.first = min(span.first for span in self._spans) - 1
        """The day before the first one."""
        fresh = safety.withholds and asked.name(as_of) not in source.history
        self._given = keys_of(source.history) if fresh else frozenset()
        # Spans lie within years, so nothing given of other years counts the same births or steps. From the day
        # before the first: the stock at the end of one year is that at the start of the next.
        self._since, self._until = _years(self.first, self._last) if self._given else (self.first + 1, as_of)

    def families(self) -> list[Family]:
        """What is asked for, those that count the same lines together."""
        makers = {BIRTHS: self.births, STAYS: self.stays, EXCHANGE: self.exchange}
        return [make() for family, make in makers.items() if wanted(self._asked, family)]

    def births(self) -> Family:
        """Tables of births."""
        source, asked, as_of = self._source, self._asked, self._as_of
        others = spans_of(self._given, self._since, self._until)
        after = min([self.first, *(span.first - 1 for span in others)])
        lines = birth_lines(source.db, source.rules.county, after, as_of)
        third = "three-lists" in asked.tables
        third_too = third or any(key.indicator == THIRD for key in self._given)
        thirds = third_lines(source.db, self._kinds, after, as_of) if third_too else []
        tables = birth_tables(
            [*lines, *(thirds if third else [])], source.rules.county, as_of, source.rules.limits, asked.linkage,
            with_third=third, spans=self._spans,
        )  # fmt: skip
        if not others:
            return Family(tables)
        again = birth_tables(
            [*lines, *thirds],
            source.rules.county,
            as_of,
            source.rules.limits,
            with_third=third_too,
            spans=others,
        )
        return self._family(tables, {key: table.counts[key] for table in again for key in table.counts})

    def stays(self) -> Family:
        """Tables of who lives here."""
        source, asked, last = self._source, self._asked, self._last
        others = spans_of(self._given, self._since, last)
        days = days_of(self._given, self._since, last)
        first = min([self.first, *(span.first - 1 for span in others)])
        lines = stay_lines(source.db, self._kinds, first, last)
        tables = stay_tables(
            lines, source.rules.county, self.first, last, asked.origin_digits, spans=self._spans
        )
        digits = sorted({len(key.by) for key in self._given if key.indicator == ORIGIN and key.by.isdigit()})
        return self._family(
            tables, stay_counts(lines, source.rules.county, first, last, others, days, digits)
        )

    def exchange(self) -> Family:
        """The table of how departments deliver."""
        source = self._source
        delivered = delivered_lines(source.db, self._kinds, self._as_of)
        feeds = _feeds(source.rules.feeds, source.balance)
        return Family([exchange_table(feeds, delivered, source.rules.county, self._as_of)])

    def _family(self, tables: Sequence[Table], counts: Mapping[Key, Sequence[int]]) -> Family:
        """Tables, and of these counts those that earlier releases spoke of."""
        mine = {key for table in tables for key in table.counts}
        return Family(tables, {k: counts[k] for k in counts if k in self._given and k not in mine})


def wanted(asked: Asked, family: str) -> bool:
    """Whether any table of a family is asked for."""
    return not set(asked.tables).isdisjoint(FAMILIES[family])


def within(found: Statistics, jurisdiction: str) -> Statistics:
    """What concerns an area; what was withheld for the whole county's sake stays so."""
    tables = [
        table._replace(observations=[x for x in table.observations if x.key.area.startswith(jurisdiction)])
        for table in found.tables
    ]
    return found._replace(tables=tables)


def _before_months(day: Day, months: int) -> Day:
    """The last day before so many calendar months, of which a day's is the last, and the rest of their first year.

    A year that began before would be counted in part, and look like a small one.
    """
    date = to_date(day)
    year, _ = divmod(date.year * 12 + date.month - months, 12)
    return day_of(f"{year:04d}-01-01") - 1


def _years(first: Day, last: Day) -> tuple[Day, Day]:
    """From the first to the last day of the years of two days."""
    return day_of(f"{iso(first)[:4]}-01-01"), day_of(f"{iso(last)[:4]}-12-31")


def _feeds(feeds: Mapping[str, Feed], balance: Mapping[str, Mapping[str, int]]) -> Sequence[FeedLine]:
    return [
        FeedLine(
            feed, counts["received"], counts["accepted"], counts["unchanged"], counts["quarantined"],
            feeds[feed].rhythm if feed in feeds else 0,
        )
        for feed, counts in sorted(balance.items())
    ]  # fmt: skip


def _basis(source: Source, as_of: Day, first: Day, safety: Safety) -> Basis:
    rules = source.rules
    adopted: Any = (
        source.db.execute(models.select().order_by(models.c.number.desc()).limit(1)).mappings().first()
    )
    said = repr((KINDS, rules.limits.table, rules.divisions.digest)).encode()
    return Basis(
        rules.county, iso(as_of), iso(first + 1), load_rested(source.db),
        rules.model.version if adopted is None else f"{rules.model.version} {adopted['digest'][:16]}",
        hashlib.sha256(said).hexdigest()[:16], VERSION, safety.threshold, safety.base,
    )  # fmt: skip

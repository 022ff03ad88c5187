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
from hub.domain.events import ACTIONS, RECORDS
from hub.errors import SettingsError
from hub.processing import Rules
from hub.projections import VERSION, models
from hub.projections.lines import birth_lines, delivered_lines, stay_lines, third_lines
from hub.projections.position import load_checkpoint
from hub.statistics.completeness import Linkage
from hub.statistics.lines import FeedLine
from hub.statistics.periods import Period
from hub.statistics.publication import Publication, Safety, publish
from hub.statistics.tables.births import birth_tables
from hub.statistics.tables.exchange import exchange_table
from hub.statistics.tables.stays import stay_tables

BIRTHS, STAYS, EXCHANGE = "births", "stays", "exchange"
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
    """So many calendar months, the last one being that of the day."""
    linkage: Linkage | None = None
    origin_digits: int = 2
    period: Period | None = None
    """In place of months: this period, the same a year before, and the months from that one to this."""


class Basis(NamedTuple):
    """What a publication rests on: whoever has the same log and rules makes the same bytes."""

    county: str
    as_of: str
    since: str
    log: dict[str, int]
    """Partition of facts to the last offset that was covered; decisions follow from them."""
    model: str
    catalogue: str
    """Digest of the catalogue of discrepancies, of the legal limits and of the division codes."""
    projection: int
    threshold: int
    rounding: int


class Statistics(NamedTuple):
    """Published tables and what they rest on."""

    basis: Basis
    tables: list[Publication]


def statistics(
    db: Connection, rules: Rules, balance: Mapping[str, Mapping[str, int]],
    asked: Asked, safety: Safety, today: Day,
) -> Statistics:  # fmt: skip
    """The tables asked for, as of a day."""
    county, feeds, limits = rules.county, rules.feeds, rules.limits
    as_of = today if asked.as_of is None else asked.as_of
    if as_of > today:
        raise SettingsError(f"{iso(as_of)} has not been closed yet: the last closed day is {iso(today)}")
    spans = asked.period.spans() if asked.period else None
    first = min(span.first for span in spans) - 1 if spans else _before_months(as_of, asked.months)
    kinds = {name: feed.kind for name, feed in feeds.items()}
    families = []
    if wanted(asked, BIRTHS):
        lines = birth_lines(db, county, first, as_of)
        third = "three-lists" in asked.tables
        if third:
            lines += third_lines(db, kinds, first, as_of)
        families.append(
            birth_tables(lines, county, as_of, limits, asked.linkage, with_third=third, spans=spans)
        )
    if wanted(asked, STAYS):
        last = min(as_of, asked.period.last) if asked.period else as_of
        stays = stay_lines(db, kinds, first, last)
        families.append(stay_tables(stays, county, first, last, asked.origin_digits, spans=spans))
    if wanted(asked, EXCHANGE):
        delivered = delivered_lines(db, kinds, as_of)
        families.append([exchange_table(_feeds(feeds, balance), delivered, county, as_of)])
    made = [
        table
        for table in publish(families, safety, asked.period and asked.period.name)
        if table.name in asked.tables
    ]
    return Statistics(_basis(db, rules, as_of, first, safety), made)


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
    """The last day before so many calendar months, of which a day's is the last."""
    date = to_date(day)
    year, month = divmod(date.year * 12 + date.month - months, 12)
    return day_of(f"{year:04d}-{month + 1:02d}-01") - 1


def _feeds(feeds: Mapping[str, Feed], balance: Mapping[str, Mapping[str, int]]) -> Sequence[FeedLine]:
    return [
        FeedLine(
            feed, counts["received"], counts["accepted"], counts["unchanged"], counts["quarantined"],
            feeds[feed].rhythm if feed in feeds else 0,
        )
        for feed, counts in sorted(balance.items())
    ]  # fmt: skip


def _basis(db: Connection, rules: Rules, as_of: Day, first: Day, safety: Safety) -> Basis:
    adopted: Any = db.execute(models.select().order_by(models.c.number.desc()).limit(1)).mappings().first()
    said = repr((KINDS, rules.limits.table, rules.divisions.digest)).encode()
    return Basis(
        rules.county, iso(as_of), iso(first + 1),
        {str(p): offset for p, offset in sorted(load_checkpoint(db).items()) if p.topic in (RECORDS, ACTIONS)},
        rules.model.version if adopted is None else f"{rules.model.version} {adopted['digest'][:16]}",
        hashlib.sha256(said).hexdigest()[:16], VERSION, safety.threshold, safety.base,
    )  # fmt: skip

"""What is published of tables: observations with their status, nothing that small counts could be worked out from.

All tables given together are protected together, and with what earlier releases gave. A figure is withheld with
any count that it was made from.
Where counts are rounded instead, a figure is shown only if every count behind it is large, and coarsely.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import NamedTuple, cast

from hub.statistics.disclosure import Counts, Release
from hub.statistics.disclosure.rounding import rounded
from hub.statistics.disclosure.suppression import THRESHOLD, Given, Pattern, withheld
from hub.statistics.lines import TOTAL
from hub.statistics.releases import History, Released, given
from hub.statistics.tables import (
    CONFIDENTIAL,
    COUNT,
    FREE,
    NORMAL,
    NOT_OBSERVABLE,
    PROVISIONAL,
    WITHHELD_STATUS,
    Figure,
    Key,
    Table,
)  # fmt: skip

ROUNDED_FROM = 100
"""Where counts are rounded, a figure made from a smaller one is withheld: it could tell what rounding hid."""
DIGITS = 3
COUNTY_DIGITS, YEAR_DIGITS = 6, 4
WANTED_MORE = 1_000.0
WANTED: Mapping[tuple[str, str, str], float] = {
    ("BIRTHS", TOTAL, TOTAL): 100_000.0, ("COHORT", TOTAL, TOTAL): 100_000.0, ("ONLY_2", TOTAL, TOTAL): 100_000.0,
    ("BOTH", TOTAL, TOTAL): 10_000.0, ("LIST_2", TOTAL, TOTAL): 10_000.0,
    ("STOCK_START", TOTAL, "migrant"): 10_000.0, ("STOCK_END", TOTAL, "migrant"): 10_000.0,
    ("IN", TOTAL, "migrant/outside"): 10_000.0, ("OUT", TOTAL, "migrant/outside"): 10_000.0,
}  # fmt: skip
"""Indicator, sex and breakdown of the counts that key figures are made of. The share of certificates that are
registered needs both of its counts, and has neither to hide as long as what tells them apart (ONLY_2) is shown;
where that has to be hidden, it is better one of the two than births and the cohort as well."""


class Safety(NamedTuple):
    """How small counts are kept from being known: counts of 1 to below the threshold, or rounding to a base."""

    threshold: int = THRESHOLD
    """1 publishes every count as it is."""
    base: int = 0
    """3 or 5: all counts are rounded to its multiples, and none withheld."""

    @property
    def withholds(self) -> bool:
        """Whether small counts are withheld, and releases compared for what they give away together."""
        return self.threshold > 1 and not self.base


NO_COUNTS: Mapping[Key, Sequence[int]] = MappingProxyType({})
NO_HISTORY: History = MappingProxyType({})


class Family(NamedTuple):
    """Tables that count the same lines, and counts of these lines that only other releases give."""

    tables: Sequence[Table]
    others: Mapping[Key, Sequence[int]] = NO_COUNTS


class Observation(NamedTuple):
    """One published value, or that there is none and why."""

    table: str
    key: Key
    value: float | None
    low: float | None
    high: float | None
    unit: str
    decimals: int
    obs_status: str
    conf_status: str


class Publication(NamedTuple):
    """One table as it is published."""

    name: str
    zh: str
    en: str
    notes: Sequence[tuple[str, str]]
    observations: Sequence[Observation]


class Published(NamedTuple):
    """Tables as they are published together."""

    tables: list[Publication]
    released: Released
    """What they give and withhold, for later ones to be compared with."""
    exposed: int
    """Small counts, withheld here, that follow from what earlier releases gave."""


def publish(
    families: Sequence[Family], safety: Safety, wanted: str | None = None,
    *, name: str = "", history: History = NO_HISTORY,
) -> Published:  # fmt: skip
    """Tables as they are published; tables of one family count the same lines and are protected together.

    Totals of the county's years are kept where others can be withheld, or those of the period that is `wanted`.
    A release of a `name` that was made before gives again what it gave then.
    """
    before = given(history) if safety.withholds else Given()
    made: list[Publication] = []
    exposed = 0
    for family in families:
        pattern = _pattern(family, safety, wanted, before, history.get(name) if safety.withholds else None)
        exposed += len(pattern.exposed)
        made.extend(_tables(family.tables, safety, pattern.withheld))
    counts = [x for table in made for x in table.observations if x.unit == COUNT and not x.decimals]
    told = {x.key: round(x.value) for x in counts if x.value is not None}
    hidden = frozenset(x.key for x in counts if x.obs_status == WITHHELD_STATUS)
    return Published(made, Released(name, told, hidden), exposed)


def _pattern(
    family: Family, safety: Safety, wanted: str | None, before: Given, again: Released | None
) -> Pattern:
    mine = {key: table.counts[key] for table in family.tables for key in table.counts}
    if again is not None:
        return Pattern(frozenset(mine.keys() - again.shown), frozenset())
    if not safety.withholds:
        return Pattern(frozenset(), frozenset())
    people = family.tables[0].people if family.tables else {}
    release = Release(cast(Counts, {**family.others, **mine}), people)
    return withheld(release, safety.threshold, partial(_wanted, wanted), before)


def _tables(tables: Sequence[Table], safety: Safety, hidden: frozenset[Hashable]) -> Iterator[Publication]:
    counts: dict[Hashable, Sequence[int]] = {
        key: table.counts[key] for table in tables for key in table.counts
    }
    release = Release(counts, tables[0].people if tables else {})
    true: Mapping[Hashable, int] = dict(zip(release.keys, map(int, release.values), strict=True))
    values = rounded(release, safety.base) if safety.base else true
    for table in tables:
        shown = [
            *(_count(table, key, values[key], hidden) for key in table.counts),
            *(_figure(table, figure, true, hidden, safety) for figure in table.figures),
        ]
        yield Publication(table.name, table.zh, table.en, table.notes, sorted(shown, key=lambda x: x.key))


def _wanted(period: str | None, key: Key) -> float:
    """How much more than others a count is wanted: what the county's key figures are made of, then its totals."""
    chosen = len(key.period) == YEAR_DIGITS if period is None else key.period == period
    if len(key.area) != COUNTY_DIGITS or not chosen:
        return 1.0
    return WANTED.get((key.indicator, key.sex, key.by), WANTED_MORE if key.by == TOTAL else 1.0)


def _count(table: Table, key: Key, value: int, hidden: frozenset[Hashable]) -> Observation:
    if key in hidden:
        return Observation(table.name, key, None, None, None, COUNT, 0, WITHHELD_STATUS, CONFIDENTIAL)
    status = PROVISIONAL if key.period in table.provisional else NORMAL
    return Observation(table.name, key, value, None, None, COUNT, 0, status, FREE)


def _figure(
    table: Table, figure: Figure, true: Mapping[Hashable, int], hidden: frozenset[Hashable], safety: Safety
) -> Observation:
    small = safety.base and any(true[key] < ROUNDED_FROM for key in figure.of)
    if figure.status != NOT_OBSERVABLE and (small or any(key in hidden for key in figure.of)):
        return Observation(table.name, figure.key, None, None, None, figure.unit, figure.decimals,
                           WITHHELD_STATUS, CONFIDENTIAL)  # fmt: skip
    value, low, high = (_coarse(v) if safety.base else v for v in (figure.value, figure.low, figure.high))
    return Observation(
        table.name, figure.key, value, low, high, figure.unit, figure.decimals, figure.status, FREE
    )


def _coarse(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{DIGITS}g}")

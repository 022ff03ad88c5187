"""Spans of days that figures are of: calendar months and years, or those that a report asks for."""

from collections.abc import Iterable
from typing import NamedTuple

from hub.domain.days import Day, add_month, day_of
from hub.statistics.lines import month_of, year_of


class Span(NamedTuple):
    """A span of days, and in how much detail figures of it are made."""

    name: str
    """As it stands in keys: 2026-06, 2026, 2026-H1, 2026-06-1."""
    first: Day
    last: Day
    whole: bool
    """With towns, outcomes and agreement, not the county's main figures alone."""
    cohort: bool
    """Its births are followed until they are registered."""

    def holds(self, day: Day) -> bool:
        """Whether a day lies in it."""
        return self.first <= day <= self.last


def month(name: str) -> Span:
    """A calendar month, such as 2026-06."""
    first = day_of(f"{name}-01")
    return Span(name, first, add_month(first) - 1, whole=False, cohort=True)


def year(name: str) -> Span:
    """A calendar year."""
    return Span(name, day_of(f"{name}-01-01"), day_of(f"{name}-12-31"), whole=True, cohort=False)


def months_between(first: Day, last: Day) -> list[Span]:
    """The calendar months from that of one day to that of another."""
    found = []
    while month_of(first) <= month_of(last):
        found.append(month(month_of(first)))
        first = found[-1].last + 1
    return found


def calendar(days: Iterable[Day]) -> list[Span]:
    """The months and years in which these days lie, months first."""
    found = list(days)
    months = sorted(set(map(month_of, found)))
    years = sorted(set(map(year_of, found)))
    return [*map(month, months), *map(year, years)]

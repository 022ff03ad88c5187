"""Periods that reports are of, and the releases of each: data in one table, no dates in the code.

A report is made three times: soon after its period, when late records have come in, and for good.
"""

import re
from typing import NamedTuple

from hub.domain.days import Day, add_month, day_of, iso
from hub.errors import NotFoundError, SettingsError
from hub.statistics.spans import Span, months_between

HALF_MONTH, MONTH, HALF_YEAR, YEAR = "half-month", "month", "half-year", "year"
FORMS = {
    HALF_MONTH: (r"(\d{4})-(\d\d)-([12])", "2026-06-1, 2026-06-2"),
    MONTH: (r"(\d{4})-(\d\d)", "2026-06"),
    HALF_YEAR: (r"(\d{4})-H([12])", "2026-H1, 2026-H2"),
    YEAR: (r"(\d{4})", "2026"),
}
"""How each kind is written, and examples of it."""
CURRENT = "current"
RELEASES = {"first": 15, "second": 90, "final": 365}
"""Name of a release to the days after the end of the period at whose close it is made, in order."""
HALF_MONTH_DAYS, HALF_YEAR_MONTHS = 15, 6


class Period(NamedTuple):
    """A half month, month, half year or year."""

    kind: str
    name: str
    first: Day
    last: Day

    def span(self) -> Span:
        """Its days, in all detail."""
        return Span(self.name, self.first, self.last, whole=True, cohort=True)

    def year_before(self) -> "Period":
        """The same period a year before."""
        return period(self.kind, f"{int(self.name[:4]) - 1:04d}{self.name[4:]}")

    def spans(self) -> list[Span]:
        """What a report is made of: the period, the same a year before, and the months from that one to this."""
        before = self.year_before()
        mine = [before.span(), self.span()]
        months = [m for m in months_between(before.first, self.last) if m.last <= self.last]
        return [*(m for m in months if m.name not in (before.name, self.name)), *mine]


class Release(NamedTuple):
    """One making of a report: its name, and the day as of whose close it is made."""

    name: str
    day: Day


def period(kind: str, when: str) -> Period:
    """The period of a kind that a text names; SettingsError says how they are written."""
    form, example = FORMS[kind]
    found = re.fullmatch(form, when)
    try:
        return _period(kind, when, tuple(map(int, found.groups() if found else ())))
    except (ValueError, IndexError):
        raise SettingsError(f"{when!r} names no {kind}: write it like {example}") from None


def _period(kind: str, name: str, said: tuple[int, ...]) -> Period:
    year = said[0]
    if kind == YEAR:
        return Period(kind, name, day_of(f"{year:04d}-01-01"), day_of(f"{year:04d}-12-31"))
    if kind == HALF_YEAR:
        first = add_month(day_of(f"{year:04d}-01-01"), HALF_YEAR_MONTHS * (said[1] - 1))
        return Period(kind, name, first, add_month(first, HALF_YEAR_MONTHS) - 1)
    first = day_of(f"{year:04d}-{said[1]:02d}-01")
    end = add_month(first) - 1
    if kind == MONTH:
        return Period(kind, name, first, end)
    middle = first + HALF_MONTH_DAYS
    return Period(kind, name, first, middle - 1) if said[2] == 1 else Period(kind, name, middle, end)


def releases(of: Period) -> list[Release]:
    """All releases of a period, in order."""
    return [Release(name, of.last + days) for name, days in RELEASES.items()]


def due(of: Period, wanted: str | None, today: Day) -> Release:
    """The release that is wanted: of none, the last one whose day is closed, else how things stand today.

    NotFoundError where its day is still to come, or the period has not begun.
    """
    if today < of.first:
        raise NotFoundError(
            f"{of.name} begins on {iso(of.first)}: the last closed day is {iso(max(today, 0))}"
        )
    made = [release for release in releases(of) if release.day <= today]
    if wanted is None:
        return made[-1] if made else Release(CURRENT, today)
    if wanted == CURRENT:
        return Release(CURRENT, today)
    release = next(release for release in releases(of) if release.name == wanted)
    if release.day > today:
        raise NotFoundError(
            f"the {wanted} release of {of.name} can be made once {iso(release.day)} is closed: "
            f"the last closed day is {iso(today)}"
        )
    return release


def earlier(of: Period, release: Release) -> list[Release]:
    """The releases that were made before this one."""
    return [one for one in releases(of) if one.day < release.day]

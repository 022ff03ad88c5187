"""Working days: Monday to Friday, less the holidays of the year, plus the weekends worked to make up for them.

A year's holidays come by a notice of their own, late in the year before. A
deadline was set by whoever knew of some notices and not of others, and a
replay has to set the same one: so a calendar is asked as it was known on a
day, and a notice that is added later changes nothing that was decided before.
"""

from bisect import bisect_right
from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from hub.domain.days import Day, to_date, working_days_after

Known = tuple[Container[Day], Container[Day]]
NOBODY_KNEW: Known = (frozenset(), frozenset())


class Notice(NamedTuple):
    """The holidays of one year, and the weekends that are worked, as announced on a day."""

    year: int
    known_on: Day
    source: str
    holidays: frozenset[Day]
    made_up: frozenset[Day]


@dataclass(frozen=True, slots=True)
class Calendar:
    """The working days of a place, as far as notices tell; without any, Monday to Friday."""

    notices: tuple[Notice, ...] = ()
    _since: tuple[Day, ...] = ()
    _known: tuple[Known, ...] = ()

    @staticmethod
    def of(notices: Iterable[Notice]) -> "Calendar":
        """The calendar of these notices; the one known last is in force for its year."""
        by_day = sorted(notices, key=lambda notice: notice.known_on)
        in_force: dict[int, Notice] = {}
        steps: dict[Day, Known] = {}
        for notice in by_day:
            in_force[notice.year] = notice
            steps[notice.known_on] = (
                frozenset().union(*(each.holidays for each in in_force.values())),
                frozenset().union(*(each.made_up for each in in_force.values())),
            )
        return Calendar(tuple(by_day), tuple(steps), tuple(steps.values()))

    def is_working_day(self, day: Day, known_on: Day | None = None) -> bool:
        """Whether people work on a day, by the notices known on another (by default on the day itself)."""
        return working_days_after(day - 1, 1, *self._as_known(day if known_on is None else known_on)) == day

    def working_days_after(self, day: Day, count: int, known_on: Day | None = None) -> Day:
        """The day `count` working days after `day`, by the notices known on another (by default on `day`)."""
        return working_days_after(day, count, *self._as_known(day if known_on is None else known_on))

    def covers(self, day: Day) -> bool:
        """Whether there is a notice about a day's year: without one, its holidays count as worked."""
        return any(notice.year == to_date(day).year for notice in self.notices)

    def _as_known(self, day: Day) -> Known:
        index = bisect_right(self._since, day)
        return self._known[index - 1] if index else NOBODY_KNEW


WEEKDAYS = Calendar()
"""Where nobody has announced anything."""

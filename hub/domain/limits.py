"""Legal and practical limits, dated and with their source: data, never constants in rules.

`Clock` is the only way a rule may ask for the time. It remembers the earliest
future day it was asked about, so the day on which time alone changes a
conclusion is known by construction: until then every answer stays the same.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple, TypeVar

from hub.domain.days import Day, add_month, day_of

Answer = TypeVar("Answer")


class Limit(NamedTuple):
    """How long something may take when it begins on or after `since`."""

    code: str
    since: Day
    months: int
    days: int
    source: str


BIRTH_REGISTRATION = "birth-registration"
CERTIFICATE_ARRIVAL = "certificate-arrival"
RESIDENCE_RENEWAL = "residence-renewal"
RESIDENCE_REPORT = "residence-report"
RESIDENCE_REMINDER = "residence-reminder"
RESIDENCE_EVIDENCE = "residence-evidence"
USUAL_RESIDENCE = "usual-residence"
WORK_AFTER_CANCELLING = "work-after-cancelling"
RESIDENCE_AFTER_ENTRY = "residence-after-entry"

LIMITS = (
    Limit(BIRTH_REGISTRATION, day_of("1958-01-09"), 1, 0,
          "Household Registration Regulations of 1958, art. 7: within one month of the birth"),
    Limit(CERTIFICATE_ARRIVAL, day_of("1958-01-09"), 0, 30,
          "practice of this hub: a certificate reaches the health bureau within 30 days"),
    Limit(RESIDENCE_RENEWAL, day_of("1958-01-09"), 0, 30,
          "practice of this hub: 30 days to renew or end a registration that expired"),
    Limit(RESIDENCE_REPORT, day_of("1958-01-09"), 0, 30,
          "practice of this hub: 30 days to register residence after work begins"),
    Limit(RESIDENCE_REMINDER, day_of("2016-01-01"), 0, 7,
          "practice of this hub: a week before it runs out; State Council Order 663, art. 10, has it endorsed "
          "within the month before"),
    Limit(RESIDENCE_EVIDENCE, day_of("1958-01-09"), 8, 0,
          "practice of this hub: insured months arrive twice a year; half a year and two months without one is silence"),
    Limit(USUAL_RESIDENCE, day_of("2016-01-01"), 6, 0,
          "State Council Order 663, art. 2: lived here for half a year"),
    Limit(RESIDENCE_AFTER_ENTRY, day_of("1958-01-09"), 0, 30,
          "practice of this hub: 30 days to end a registration after the person was entered in the household register"),
    Limit(WORK_AFTER_CANCELLING, day_of("1958-01-09"), 0, 60,
          "practice of this hub: 60 days to end a job or business after the household entry was cancelled"),
)  # fmt: skip


def limit_on(code: str, day: Day, limits: tuple[Limit, ...] = LIMITS) -> Limit:
    """The newest version of a limit that was in force on a day; before all of them, the first."""
    versions = sorted((limit for limit in limits if limit.code == code), key=lambda x: x.since)
    return next((limit for limit in reversed(versions) if limit.since <= day), versions[0])


@lru_cache(maxsize=65_536)
def deadline(code: str, start: Day) -> Day:
    """The last day on which what began on `start` is still in time."""
    limit = limit_on(code, start)
    return add_month(start, limit.months) + limit.days


class Clock:
    """A closed day, and the next day on which an answer given here would change."""

    __slots__ = ("due", "today")

    def __init__(self, today: Day) -> None:
        self.today = today
        self.due: Day | None = None

    def reached(self, day: Day) -> bool:
        """Whether this day has come."""
        if self.today >= day:
            return True
        if self.due is None or day < self.due:
            self.due = day
        return False

    def passed(self, last: Day) -> bool:
        """Whether a last day is over: that day itself is still in time."""
        return self.reached(last + 1)

    def over(self, end: Day | None) -> bool:
        """Whether something with this end, if it has one, has ended."""
        return end is not None and self.reached(end)

    def steady(self, days: Iterable[Day], answer: Callable[[Day], Answer]) -> Answer:
        """What holds today, where it may change on these days alone; the first that changes it is remembered.

        So a rule may be a plain function of the day, and nobody is asked again for nothing.
        """
        now = answer(self.today)
        for day in sorted({day for day in days if day > self.today}):
            if self.due is not None and day >= self.due:
                break
            if answer(day) != now:
                self.due = day
                break
        return now

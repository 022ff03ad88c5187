"""Days as numbers: days since 1970-01-01, which is what Avro's `date` holds.

Rules compare and add days by the million, so a day is a plain integer and
becomes text only where a person reads it.
"""

from collections.abc import Container
from datetime import date, timedelta

Day = int
EPOCH = date(1970, 1, 1).toordinal()


def day_of(text: str) -> Day:
    """The day of an ISO date such as 2024-01-31; ValueError if it is none."""
    return date.fromisoformat(text).toordinal() - EPOCH


def to_date(day: Day) -> date:
    """The calendar date of a day."""
    return date.fromordinal(day + EPOCH)


def from_date(value: date) -> Day:
    """The day of a calendar date."""
    return value.toordinal() - EPOCH


def iso(day: Day) -> str:
    """2024-01-31."""
    return to_date(day).isoformat()


def add_month(day: Day, months: int = 1) -> Day:
    """The same day of a later month, or that month's last day."""
    start = to_date(day)
    index = start.year * 12 + start.month - 1 + months
    year, month = divmod(index, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    last = (following - timedelta(days=1)).day
    return from_date(date(year, month + 1, min(start.day, last)))


def working_days_after(
    day: Day, count: int, holidays: Container[Day] = (), made_up: Container[Day] = ()
) -> Day:
    """The day that lies `count` working days after `day`: Monday to Friday less holidays, and weekends made up."""
    while count > 0:
        day += 1
        # 1970-01-01 was a Thursday, so day 2 was a Saturday.
        if ((day + 3) % 7 < 5 and day not in holidays) or day in made_up:
            count -= 1
    return day

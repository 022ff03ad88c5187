"""Legal and practical limits, by place and date and with their source: data, never constants in rules.

`Clock` is the only way a rule may ask for the time. It remembers the earliest
future day it was asked about, so the day on which time alone changes a
conclusion is known by construction: until then every answer stays the same.
"""

import hashlib
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

from hub.domain.days import Day, add_month, iso

ARRIVAL_REGISTRATION = "arrival-registration"
BIRTH_REGISTRATION = "birth-registration"
BIRTH_WARNING = "birth-registration-warning"
CERTIFICATE_ARRIVAL = "certificate-arrival"
CHILD_ON_A_LIST = "child-on-a-list"
CHILD_NUMBER = "child-number"
DEATH_TOLD = "death-told"
ENTRY_AFTER_MOVING = "entry-after-moving"
RESIDENCE_RENEWAL = "residence-renewal"
RESIDENCE_REPORT = "residence-report"
RESIDENCE_REMINDER = "residence-reminder"
RESIDENCE_EVIDENCE = "residence-evidence"
RESIDENCE_AFTER_ENTRY = "residence-after-entry"
USUAL_RESIDENCE = "usual-residence"
WORK_AFTER_CANCELLING = "work-after-cancelling"
CODES = (
    ARRIVAL_REGISTRATION, BIRTH_REGISTRATION, BIRTH_WARNING, CERTIFICATE_ARRIVAL, CHILD_ON_A_LIST, CHILD_NUMBER,
    DEATH_TOLD, ENTRY_AFTER_MOVING,
    RESIDENCE_RENEWAL, RESIDENCE_REPORT, RESIDENCE_REMINDER, RESIDENCE_EVIDENCE, RESIDENCE_AFTER_ENTRY,
    USUAL_RESIDENCE, WORK_AFTER_CANCELLING,
)  # fmt: skip
"""Every limit that a rule asks for: a table without one of them is refused when it is loaded."""
REMEMBERED_MAX = 65_536
Answer = TypeVar("Answer")


class Limit(NamedTuple):
    """How long something may take when it begins on or after `since` in a place, a prefix of a division code."""

    code: str
    place: str
    since: Day
    months: int
    days: int
    source: str


class Limits:
    """A table of limits; it never changes, and only remembers what it worked out before."""

    __slots__ = ("_deadlines", "digest", "table")

    def __init__(self, table: Iterable[Limit]) -> None:
        """Of two limits for one code, place and day, the later in the table counts."""
        kept = {limit[:3]: limit for limit in table}
        self.table = tuple(kept[key] for key in sorted(kept))
        said = "\n".join(
            "|".join((*limit[:2], iso(limit.since), *map(str, limit[3:]))) for limit in self.table
        )
        self.digest = hashlib.sha256(said.encode()).hexdigest()
        """What tables cite, so that anyone can tell by which limits they were made."""
        self._deadlines: dict[tuple[str, Day, str], Day] = {}

    def on(self, code: str, day: Day, place: str = "") -> Limit:
        """The limit for what begins on a day in a place; before all of them, the first for everywhere."""
        mine = [limit for limit in self.table if limit.code == code and place.startswith(limit.place)]
        known = [limit for limit in mine if limit.since <= day]
        if known:
            return max(known, key=lambda limit: (len(limit.place), limit.since))
        return min(mine, key=lambda limit: (len(limit.place), limit.since))

    def deadline(self, code: str, start: Day, place: str = "") -> Day:
        """The last day on which what began on `start` is still in time."""
        key = code, start, place
        last = self._deadlines.get(key)
        if last is None:
            limit = self.on(code, start, place)
            last = (add_month(start, limit.months) if limit.months else start) + limit.days
            if len(self._deadlines) >= REMEMBERED_MAX:
                self._deadlines.clear()
            self._deadlines[key] = last
        return last


class Clock:
    """A closed day, the limits, and the next day on which an answer given here would change."""

    __slots__ = ("due", "limits", "today")

    def __init__(self, today: Day, limits: Limits) -> None:
        self.today, self.limits = today, limits
        self.due: Day | None = None

    def deadline(self, code: str, start: Day, place: str = "") -> Day:
        """The last day on which what began on `start` is still in time."""
        return self.limits.deadline(code, start, place)

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

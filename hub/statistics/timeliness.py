"""Timeliness of birth registration, by the month of birth, with what cannot be observed yet shown as such.

A cohort is watched until the day the figures are as of. Whether a birth was registered within 90 days can be
said of a cohort once its youngest birth is 90 days old, not before: those cells stay empty instead of
being too low. Median and 90th percentile of the delay count births that are not registered yet as still
waiting (Kaplan and Meier 1958).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hub.domain.days import Day, add_month
from hub.domain.limits import BIRTH_REGISTRATION, Limits
from hub.statistics.completeness import Share, in_scope, share
from hub.statistics.lines import BirthLine
from hub.statistics.spans import Span

WITHIN_DAYS = (30, 60, 90, 365)
"""Completeness is measured at each of these delays."""
CLASSES = ("0-30", "31-60", "61-90", "91-365", "366+")
"""Days from birth to entry; 31-365 is the sum of the three in the middle."""
ON_TIME, LATE, DELAYED, NOT_YET = "on-time", "late", "delayed", "not-registered"
GRACE_MONTHS = 12
"""An entry after the limit is late; after this long it is delayed, and asks for more proof."""


class Cohort(NamedTuple):
    """The births of one span and what became of them."""

    name: str
    """That of its span."""
    births: int
    delays: dict[str, int]
    """Class of delay to births registered with it."""
    not_registered: int
    standing: dict[str, int]
    """On time, late, delayed, not registered yet, by the legal limit."""
    within: dict[int, Share | None]
    """Days to the share registered within so many; nothing where the youngest is not so old yet."""
    median: int | None
    p90: int | None


def delay_class(days: int) -> str:
    """The class of a delay; an entry dated before the birth is in the first."""
    return CLASSES[sum(days > bound for bound in WITHIN_DAYS)]


def standing(line: BirthLine, limits: Limits) -> str:
    """On time, late, delayed or not registered yet, by the limit that was in force at birth where it counts."""
    if line.registered_on is None:
        return NOT_YET
    if line.registered_on <= limits.deadline(BIRTH_REGISTRATION, line.born_on, line.residence):
        return ON_TIME
    return LATE if line.registered_on <= add_month(line.born_on, GRACE_MONTHS) else DELAYED


def in_cohort(line: BirthLine) -> bool:
    """Whether the delay of a birth can be followed: in scope, and not on the register by another entry only.

    A child that is on the register by an entry that is none of birth says nothing of when it was registered.
    """
    return in_scope(line) and (line.registered_on is not None or not line.police)


def cohort(span: Span, lines: Sequence[BirthLine], as_of: Day, limits: Limits) -> Cohort:
    """The cohort of a month or another span; its births are those whose delay can be followed."""
    delays = [line.registered_on - line.born_on for line in lines if line.registered_on is not None]
    waits = [(_wait(line, as_of), line.registered_on is not None) for line in lines]
    youngest = as_of - span.last
    return Cohort(
        span.name,
        len(lines),
        dict.fromkeys(CLASSES, 0) | dict(Counter(map(delay_class, delays))),
        len(lines) - len(delays),
        dict.fromkeys((ON_TIME, LATE, DELAYED, NOT_YET), 0)
        | dict(Counter(standing(line, limits) for line in lines)),
        {
            days: share(sum(delay <= days for delay in delays), len(lines)) if youngest >= days else None
            for days in WITHIN_DAYS
        },
        quantile(waits, 0.5),
        quantile(waits, 0.9),
    )


def quantile(waits: Iterable[tuple[int, bool]], share_: float) -> int | None:
    """The delay by which this share is registered; nothing where it cannot be observed yet.

    `waits` holds days and whether the wait ended with them.
    """
    ended: Counter[int] = Counter()
    all_: Counter[int] = Counter()
    for days, over in waits:
        all_[days] += 1
        ended[days] += over
    at_risk, waiting = all_.total(), 1.0
    for days in sorted(all_):
        if ended[days]:
            waiting *= 1 - ended[days] / at_risk
            if waiting <= 1 - share_ + 1e-12:
                return days
        at_risk -= all_[days]
    return None


def _wait(line: BirthLine, as_of: Day) -> int:
    end = as_of if line.registered_on is None else line.registered_on
    return max(0, end - line.born_on)

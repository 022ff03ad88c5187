"""Work here: jobs with their insured months, and businesses, as evidence that somebody is here.

Evidence speaks of days and fades: for some months after the last day it speaks
of (a dated limit), then no longer. A job that ended in order says nothing more,
and that is no silence; one that nobody ended while its months stopped broke off.
No wage and no base of contributions is ever read, nor is anybody weighed.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from hub.domain.days import Day, add_month, day_of
from hub.domain.facts import Fact
from hub.domain.limits import RESIDENCE_EVIDENCE, Limits

FOREVER: Day = 10**6


class Work(NamedTuple):
    """One job or business in the county.

    `insured` is the first day of the last month insured, if any was told of.
    """

    record: str
    kind: str
    started_on: Day
    ended_on: Day | None
    insured: Day | None

    @property
    def last_day(self) -> Day:
        """The last day that the record speaks of."""
        if self.ended_on is not None:
            return max(self.started_on, self.ended_on)
        return self.started_on if self.insured is None else max(self.started_on, _last_of(self.insured))

    @property
    def may_break_off(self) -> bool:
        """Whether months are told of and nobody said that the work ended."""
        return self.ended_on is None and self.insured is not None


class Heard(NamedTuple):
    """The last day on which evidence speaks of somebody, how long that counts, and whether it broke off."""

    on: Day
    until: Day
    broke_off: bool


def works_here(kinds: Mapping[str, Sequence[Fact]], county: str) -> tuple[Work, ...]:
    """All work in the county; where no place is stated, it is there."""
    return tuple(
        _work(fact)
        for kind in ("business", "employment")
        for fact in kinds.get(kind, ())
        if fact.fields.get("work_place", county).startswith(county)
    )


def heard(
    works: Iterable[Work], stay: tuple[Day, Day | None], shown: Day, limits: Limits, place: str
) -> Heard | None:
    """What work says of somebody who came and left on these days; None where none touches them.

    `shown` is the day on which the person last came in person, to register or renew:
    whoever came after the evidence stopped has not gone quiet.
    """
    since, end = stay[0], FOREVER if stay[1] is None else stay[1]
    touching = [work for work in works if work.started_on < end and work.last_day >= since]
    if not touching:
        return None
    last = max(work.last_day for work in touching)
    broke_off = all(work.may_break_off for work in touching if work.last_day == last) and last >= shown
    return Heard(last, limits.deadline(RESIDENCE_EVIDENCE, last, place), broke_off)


def _work(fact: Fact) -> Work:
    fields = fact.fields
    started = fields.get("started_on", fact.published_on)
    month = fields.get("last_month") if fact.kind == "employment" else None
    return Work(
        fact.record_id,
        fact.kind,
        started,
        fields.get("ended_on"),
        None if month is None else _first_of(month),
    )


@lru_cache(maxsize=4_096)
def _first_of(month: str) -> Day:
    """The first day of a month written YYYYMM."""
    return day_of(f"{month[:4]}-{month[4:]}-01")


@lru_cache(maxsize=4_096)
def _last_of(first: Day) -> Day:
    return add_month(first) - 1

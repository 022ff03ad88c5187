"""What became of a period's births between two releases: how many came, went and changed, and why.

Both sides are the births that were known at the close of a day. A birth of one is a birth of the
other if both rest on one record: who it is about may have been decided anew in between.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from hub.domain.days import Day
from hub.statistics.spans import Span

CAME_LATER, DATED_INTO, COUNTED_NOW, APART = "came-later", "dated-into", "counted-now", "told-apart"
WITHDRAWN, DATED_OUT, MERGED, ELSEWHERE = "withdrawn", "dated-out", "merged", "no-longer-counted"
ADDED = (CAME_LATER, DATED_INTO, COUNTED_NOW, APART)
TAKEN_OUT = (WITHDRAWN, DATED_OUT, MERGED, ELSEWHERE)
CHANGED = ("outcome", "sex", "residence", "registered_on")
"""What a birth that stayed may be said otherwise of."""


class BirthSeen(NamedTuple):
    """One birth as a release knew it. Of its records only whether they are the same is asked."""

    records: frozenset[str]
    first_on: Day
    """Day on which the first of them was delivered."""
    born_on: Day
    counted: bool
    """Whether births of its period count it."""
    outcome: str
    sex: str
    residence: str
    registered_on: Day | None


class Revision(NamedTuple):
    """What the births of a period became; earlier + added - taken out = later."""

    earlier: int
    added: Mapping[str, int]
    """Why to how many; see ADDED."""
    taken_out: Mapping[str, int]
    """Why to how many; see TAKEN_OUT."""
    changed: Mapping[str, int]
    """Field to how many of those that stayed say otherwise of it."""
    later: int


def revision(
    earlier: Sequence[BirthSeen],
    later: Sequence[BirthSeen],
    span: Span,
    known_on: Day,
    withdrawn: frozenset[str],
) -> Revision:
    """Compare what was known of a span at the close of `known_on` with what is known now; `withdrawn` are the
    records that stand no longer."""
    before, after = (_by_record(births) for births in (earlier, later))
    then = [birth for birth in earlier if _counts(birth, span)]
    now = [birth for birth in later if _counts(birth, span)]
    taken: Counter[str] = Counter()
    changed: Counter[str] = Counter()
    followed: set[frozenset[str]] = set()
    for birth in then:
        found = _same(birth, after)
        reason = _gone(birth, found, span, withdrawn) if found is None or not _counts(found, span) else ""
        if not reason and found is not None and found.records in followed:
            reason = MERGED
        if reason:
            taken[reason] += 1
        elif found is not None:
            followed.add(found.records)
            changed.update(name for name in CHANGED if getattr(birth, name) != getattr(found, name))
    added = Counter(_come(birth, before, span, known_on) for birth in now if birth.records not in followed)
    return Revision(
        len(then),
        {name: added[name] for name in ADDED},
        {name: taken[name] for name in TAKEN_OUT},
        {name: changed[name] for name in CHANGED},
        len(now),
    )


def _counts(birth: BirthSeen, span: Span) -> bool:
    return birth.counted and span.holds(birth.born_on)


def _by_record(births: Iterable[BirthSeen]) -> Mapping[str, BirthSeen]:
    return {record: birth for birth in births for record in birth.records}


def _same(birth: BirthSeen, others: Mapping[str, BirthSeen]) -> BirthSeen | None:
    return next((others[record] for record in sorted(birth.records) if record in others), None)


def _gone(birth: BirthSeen, found: BirthSeen | None, span: Span, withdrawn: frozenset[str]) -> str:
    if found is None:
        # Records that stand but tell of no birth of their own any more belong to another one.
        return MERGED if birth.records - withdrawn else WITHDRAWN
    return ELSEWHERE if span.holds(found.born_on) else DATED_OUT


def _come(birth: BirthSeen, before: Mapping[str, BirthSeen], span: Span, known_on: Day) -> str:
    if birth.first_on > known_on:
        return CAME_LATER
    found = _same(birth, before)
    if found is None or _counts(found, span):
        return APART
    return COUNTED_NOW if span.holds(found.born_on) else DATED_INTO

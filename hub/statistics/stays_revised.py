"""What became of a period's migrants between two releases: stock at both ends and flows, how many came and went, and why.

Both sides are what was known of people at the close of a day. A person of one is a person of the other if
both rest on one record: who it is about may have been decided anew in between. What is counted is a unit:
being there on a day, or one step in or out; each unit that only one side has is explained by one reason.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from hub.domain.days import Day
from hub.domain.residence import ELSEWHERE, MIGRANT, QUIET, RESIDENT
from hub.statistics.flows import OUTSIDE, STATUS, by_county, kind_of, path
from hub.statistics.lines import Stay, StayLine, town_of
from hub.statistics.revisions import Revision
from hub.statistics.spans import Span

START, END = ("STOCK_START", MIGRANT), ("STOCK_END", MIGRANT)
INS = tuple(("IN", f"{MIGRANT}/{other}") for other in (OUTSIDE, STATUS))
OUTS = tuple(("OUT", f"{MIGRANT}/{other}") for other in (OUTSIDE, STATUS))
MEASURES = (START, *INS, *OUTS, END)
"""Indicator and breakdown, as stock and flow are published: start + in − out = end."""

CAME_LATER, WITHDRAWN, APART, MERGED = "came-later", "withdrawn", "told-apart", "merged"
DATED, OF_STATUS, PLACED = "dated", "of-status", "placed"
LEFT, LAPSED, LEFT_BACK, HEARD = "left-late", "lapsed", "leave-taken-back", "heard-again"
EITHER_WAY = (DATED, OF_STATUS, PLACED, LEFT, LAPSED, LEFT_BACK, HEARD)
"""Who left late is taken out of a stock, and added to those who went out; and so on."""
ADDED = (CAME_LATER, *EITHER_WAY, APART)
TAKEN_OUT = (WITHDRAWN, *EITHER_WAY, MERGED)
CHANGED = ("town", "day")
"""What a unit that stayed may be said otherwise of: where, and when it came, or moved."""

HERE, NOT_YET, GONE, UNSAID = "here", "not-yet", "gone", "unsaid"
AWAY = {GONE: LEFT, UNSAID: LAPSED, NOT_YET: DATED, RESIDENT: OF_STATUS, ELSEWHERE: PLACED}
"""Where somebody is who counted as here: why they do not."""
BACK = AWAY | {GONE: LEFT_BACK, UNSAID: HEARD}
"""Where somebody was who counts as here: why they do."""
Measure = tuple[str, str]


class StaySeen(NamedTuple):
    """One stay as a release knew it; of one person they never overlap."""

    stay: Stay
    """Its status is resident, migrant, gone-quiet (counted nowhere) or elsewhere (told by a neighbour)."""
    unsaid: bool
    """It ended because nobody was heard of any more, not because somebody said so."""
    records: frozenset[str]
    """The registrations that speak for it."""
    first_on: Day
    """Day on which the first of them was delivered."""


class PersonSeen(NamedTuple):
    """Somebody who lives here at some time, as a release knew them."""

    records: frozenset[str]
    stays: tuple[StaySeen, ...]


class PeopleSeen(NamedTuple):
    """Everybody a release knew of."""

    people: Sequence[PersonSeen]
    settled: frozenset[str]
    """The records of all others: residents from before the period until after it."""


class Unit(NamedTuple):
    """What is counted once: to be there at the close of a day, or to have come or gone on it."""

    person: int
    day: Day
    said: StaySeen
    since: Day
    """Day of the step; of a stock, day of the arrival."""

    @property
    def told(self) -> tuple[str, Day]:
        """What may be said otherwise later, in the order of CHANGED."""
        return town_of(self.said.stay.place), self.since


SETTLED = PersonSeen(
    frozenset(), (StaySeen(Stay("", -1, None, RESIDENT, ""), False, frozenset(), -1),)
)  # fmt: skip


def stay_revisions(
    earlier: PeopleSeen, later: PeopleSeen, county: str, span: Span, known_on: Day, withdrawn: frozenset[str]
) -> dict[Measure, Revision]:
    """Compare what was known of a span at the close of `known_on` with what is known now; `withdrawn` are the
    records that stand no longer."""
    sides = _Side(earlier, county, span), _Side(later, county, span)
    return {measure: _Comparison(*sides, measure).made(known_on, withdrawn) for measure in MEASURES}


class _Side:
    """What one release knew: people by record, and the units of each measure by person."""

    def __init__(self, known: PeopleSeen, county: str, span: Span) -> None:
        self._people, self._settled = known.people, known.settled
        self._by_record = {
            record: number for number, person in enumerate(known.people) for record in person.records
        }
        self.units: dict[Measure, dict[int, list[Unit]]] = {measure: {} for measure in MEASURES}
        for number, person in enumerate(known.people):
            for measure, unit in _units(number, person, county, span):
                self.units[measure].setdefault(number, []).append(unit)

    def __getitem__(self, number: int) -> PersonSeen:
        return self._people[number] if number >= 0 else SETTLED

    def same_as(self, unit: Unit, person: PersonSeen) -> list[int]:
        """Who rests on a record of a person of the other side, those on the unit's own first; -1 is settled."""
        records = (*sorted(unit.said.records), *sorted(person.records - unit.said.records))
        found = [self._by_record[record] for record in records if record in self._by_record]
        return list(dict.fromkeys([*found, *([-1] if person.records & self._settled else [])]))


def _units(number: int, person: PersonSeen, county: str, span: Span) -> Iterator[tuple[Measure, Unit]]:
    """All that somebody adds to the measures."""
    counted = tuple(seen.stay for seen in person.stays if seen.stay.status in (RESIDENT, MIGRANT))
    for measure, day in ((START, span.first - 1), (END, span.last)):
        seen = _on(person, day)
        if seen is not None and seen.stay.status == MIGRANT:
            yield measure, Unit(number, day, seen, seen.stay.arrived_on)
    cell = county, MIGRANT
    for step in path(StayLine(0, counted), by_county(county)):
        if not span.holds(step.day):
            continue
        if step.after == cell:
            yield (
                ("IN", f"{MIGRANT}/{kind_of(cell, step.before)}"),
                Unit(number, step.day, _at(person, step.day), step.day),
            )
        if step.before == cell:
            yield (
                ("OUT", f"{MIGRANT}/{kind_of(cell, step.after)}"),
                Unit(number, step.day, _at(person, step.day - 1), step.day),
            )


def _on(person: PersonSeen, day: Day) -> StaySeen | None:
    found = (
        s
        for s in person.stays
        if s.stay.arrived_on <= day and (s.stay.left_on is None or day < s.stay.left_on)
    )
    return next(found, None)


def _at(person: PersonSeen, day: Day) -> StaySeen:
    found = _on(person, day)
    assert found is not None, "a step has a stay on its side of it"
    return found


def standing(person: PersonSeen, day: Day) -> str:
    """Where somebody is at the close of a day: here as a migrant, resident, elsewhere, not yet here, gone, or unsaid."""
    seen = _on(person, day)
    if seen is not None:
        return {MIGRANT: HERE, QUIET: UNSAID}.get(seen.stay.status, seen.stay.status)
    before = [s for s in person.stays if s.stay.left_on is not None and s.stay.left_on <= day]
    if before:
        last = before[-1]
        return UNSAID if last.unsaid else ELSEWHERE if last.stay.status == ELSEWHERE else GONE
    return NOT_YET if person.stays else ELSEWHERE


class _Comparison:
    """One measure of two releases: units are paired off by person, the rest is explained one by one."""

    def __init__(self, earlier: _Side, later: _Side, measure: Measure) -> None:
        self._then, self._now, self._measure = earlier, later, measure
        self._changed: Counter[str] = Counter()
        self._found_again: dict[int, set[int]] = {}
        """Person now to the people then who have a unit in common with them."""
        self._followed: dict[int, set[int]] = {}
        """The other way round."""
        self._lost = [unit for units in earlier.units[measure].values() for unit in units]
        self._gained = {number: list(units) for number, units in later.units[measure].items()}
        # Whatever is as it was is paired off first: the rest is what was revised.
        for same in (True, False):
            self._lost = [unit for unit in self._lost if not self._paired(unit, same)]

    def _paired(self, unit: Unit, same: bool) -> bool:
        for number in self._now.same_as(unit, self._then[unit.person]):
            for other in self._gained.get(number, ()):
                if same and other.told != unit.told:
                    continue
                self._gained[number].remove(other)
                self._found_again.setdefault(number, set()).add(unit.person)
                self._followed.setdefault(unit.person, set()).add(number)
                self._changed.update(
                    name
                    for name, then, now in zip(CHANGED, unit.told, other.told, strict=True)
                    if then != now
                )
                return True
        return False

    def made(self, known_on: Day, withdrawn: frozenset[str]) -> Revision:
        """Every unit that only one side has, with its reason."""
        taken = Counter(self._why_lost(unit, withdrawn) for unit in self._lost)
        added = Counter(self._why_gained(unit, known_on) for units in self._gained.values() for unit in units)
        counts = [sum(map(len, side.units[self._measure].values())) for side in (self._then, self._now)]
        return Revision(
            counts[0],
            {name: added[name] for name in ADDED},
            {name: taken[name] for name in TAKEN_OUT},
            {name: self._changed[name] for name in CHANGED},
            counts[1],
        )

    def _why_lost(self, unit: Unit, withdrawn: frozenset[str]) -> str:
        if unit.said.records <= withdrawn:
            return WITHDRAWN
        now = self._now.same_as(unit, self._then[unit.person])
        if now and self._found_again.get(now[0], set()) - {unit.person}:
            return MERGED
        return self._why(unit, self._then, self._now, now, came=False)

    def _why_gained(self, unit: Unit, known_on: Day) -> str:
        if unit.said.first_on > known_on:
            return CAME_LATER
        then = self._then.same_as(unit, self._now[unit.person])
        if then and self._followed.get(then[0], set()) - {unit.person}:
            return APART
        return self._why(unit, self._now, self._then, then, came=True)

    def _why(self, unit: Unit, mine: _Side, theirs: _Side, others: Sequence[int], *, came: bool) -> str:
        """Why one side counts somebody and the other, which knows them too, does not."""
        if not others:
            return PLACED
        where = standing(theirs[others[0]], unit.day)
        if self._measure in (START, END):
            return (BACK if came else AWAY).get(where, DATED)
        if any(number in theirs.units[_twin(self._measure)] for number in others):
            return OF_STATUS
        if self._measure in OUTS and where == HERE:
            # One side has them go, the other stay: what has them go is the reason, or that it was taken back.
            return (AWAY if came else BACK).get(standing(mine[unit.person], unit.day), DATED)
        if where == UNSAID and self._measure in INS:
            return (BACK if came else AWAY)[where]
        return {RESIDENT: OF_STATUS, ELSEWHERE: PLACED}.get(where, DATED)


def _twin(flow: Measure) -> Measure:
    """The flow in the same direction from or to where else."""
    return next(other for flows in (INS, OUTS) if flow in flows for other in flows if other != flow)

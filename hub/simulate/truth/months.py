"""What each person's months truly were: where they lived, and whether that stood on a register.

Told from lives, and from what the registers finally say; written as runs of
months that are alike. A month is what its two ends make it. Nobody who lives
here on no register has a class, nor has anybody who is not here, unless the
register of the home that was left goes on as if nothing had happened.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from hub.domain.days import Day, add_month, iso
from hub.simulate.ledger import HOUSEHOLD, RESIDENCE
from hub.simulate.people import Person
from hub.simulate.places import means, town
from hub.simulate.truth.spans import History
from hub.simulate.truth.standing import FOR_EVER
from hub.simulate.truth.standing.residence import RENEW_RESIDENCE_DAYS
from hub.simulate.truth.statements import Statement

MONTHS = ("entity_id", "first_month", "last_month", "class", "town")
USUAL_MONTHS = 6
"""State Council Order 663, art. 2: half a year."""
RESIDENT, MIGRANT, LEFT_BEHIND = "resident", "migrant", "quiet"


class State(NamedTuple):
    """What holds at the end of a day: the town, and the register it stands on."""

    town: str
    register: str


class Register(NamedTuple):
    """What one record of a register finally says, and all places it ever stated."""

    said: Statement
    places: frozenset[str]


class Month(NamedTuple):
    """A month of one person."""

    first: Day
    code: str
    town: str


def month_rows(
    person: Person, records: Mapping[str, History], start: Day, until: Day
) -> Iterator[Sequence[str]]:
    """The runs of months of one person that are over by the end of the story; those without a class are left out."""
    registers = [
        Register(history[-1][1], frozenset(said.place for _, said in history if said is not None))
        for history in records.values()
        if history[-1][1] is not None and history[-1][1].feed in (HOUSEHOLD, RESIDENCE)
    ]
    months = [_month(person, registers, first, until) for first in whole_months(start, until)]
    for (code, place), run in groupby(months, key=lambda month: (month.code, month.town)):
        alike = list(run)
        if code:
            yield person.entity, iso(alike[0].first)[:7], iso(alike[-1].first)[:7], code, place


def whole_months(start: Day, until: Day) -> Iterator[Day]:
    """The first days of the months that are over on a day."""
    first = start
    while add_month(first) - 1 <= until:
        yield first
        first = add_month(first)


def _month(person: Person, registers: Sequence[Register], first: Day, until: Day) -> Month:
    last = add_month(first) - 1
    before, after = _state(person, registers, first - 1, until), _state(person, registers, last, until)
    if before is not None and before.register == LEFT_BEHIND:
        before = None
    if after is None:
        if before is None:
            return Month(first, "", "")
        died = person.died is not None and person.died == person.gone and first <= person.died <= last
        return Month(first, "died" if died else "outflow", before.town)
    if after.register == LEFT_BEHIND:
        return Month(first, "quiet", after.town)
    if before is None:
        return Month(first, "born" if first <= person.born <= last else "inflow", after.town)
    if before.town != after.town:
        return Month(first, "moved", after.town)
    assert person.here_from is not None, "who lives here came once"
    usual = "usual" if add_month(person.here_from, USUAL_MONTHS) <= last else "migrant"
    return Month(first, RESIDENT if after.register == RESIDENT else usual, after.town)


def _state(person: Person, registers: Sequence[Register], day: Day, until: Day) -> State | None:
    """Where a person lives at the end of a day, if that is on a register; or is still said to."""
    came, gone, homes = person.here_from, person.gone, person.household
    if came is None or day < came:
        return None
    if gone is not None and gone <= day:
        home = homes.place_on(gone - 1)
        still = _on_register(registers, home, day, until)
        return State(town(home), LEFT_BEHIND) if still else None
    home = homes.place_on(day)
    register = _on_register(registers, home, day, until)
    return State(town(home), register) if register else None


def _on_register(registers: Sequence[Register], home: str, day: Day, until: Day) -> str:
    """The register that finally says of a day that the person lived in this home; empty if none does."""
    found = ""
    for said, places in registers:
        if not any(means(code, home) for code in places) or day >= _given_up(said, until):
            continue
        if said.feed == HOUSEHOLD and (said.of_birth or (said.begins or 0) <= day):
            return RESIDENT
        if said.feed == RESIDENCE:
            found = MIGRANT
    return found


def _given_up(said: Statement, until: Day) -> Day:
    """The first day on which it finally says so no more; what expired and may still be renewed is not given up yet."""
    if said.ends is not None:
        return said.ends
    lapsed = said.expires is not None and said.expires + RENEW_RESIDENCE_DAYS < until
    return said.expires if lapsed and said.expires is not None else FOR_EVER

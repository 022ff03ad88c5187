"""Moves between the registers of two counties, as the one next door writes them down.

Whoever moves there is entered there soon, late, or not at all; the entry of whoever came from there
is cancelled before the move, late, or not at all.
"""

from collections.abc import Container, Sequence
from random import Random

from hub.domain.days import Day
from hub.simulate.ledger import HOUSEHOLD, Ledger, Record, text
from hub.simulate.life.registers import Registers
from hub.simulate.people import Person
from hub.simulate.places import COUNTY, NEIGHBOUR, address

BETWEEN = "between"
"""Out of one register and not yet in the other."""
NEVER_ENTERED, ENTERED_LATE = 0.2, 0.35
"""Shares, each with those before it, of those who move there."""
CANCELLED_IN_TIME, CANCELLED_LATE = 0.5, 0.75
"""Shares, each with those before it, of those who came from there."""


def write_moves(
    desk: Registers, random: Random, here: Ledger, people: Sequence[Person], born_here: Container[str],
) -> dict[str, str]:  # fmt: skip
    """Write what the neighbour's household register tells of moves; where each of them lives when the story ends."""
    entries: dict[str, Record] = {}
    for record in here.records.values():
        if record.feed == HOUSEHOLD:
            entries.setdefault(record.entity, record)
    found: dict[str, str] = {}
    for person in people:
        entry = entries.get(person.entity)
        if entry is None:
            continue
        if person.household.came_from.startswith(NEIGHBOUR) and person.entity not in born_here:
            _came(desk, random, person, entry)
        elif not _goes_there(person, here.end):
            continue
        found[person.entity] = _lives_in(desk, random, person, here.end)
    return found


def _goes_there(person: Person, end: Day) -> bool:
    gone = person.gone
    moved = gone is not None and gone <= end and person.died != gone
    return moved and person.moves_to.startswith(NEIGHBOUR)


def _lives_in(desk: Registers, random: Random, person: Person, end: Day) -> str:
    gone = person.gone
    if gone is None or gone > end:
        return COUNTY
    if not _goes_there(person, end):
        return ""
    chance = random.random()
    entered = gone + (random.randrange(40, 120) if chance < ENTERED_LATE else random.randrange(3, 25))
    if chance < NEVER_ENTERED or entered > end:
        return BETWEEN
    place = person.moves_to
    desk.household(person, entered, "迁入", 地址代码=place, 住址=address(place, person.household.number),
                   由何地迁来本县=person.household.place_on(gone))  # fmt: skip
    return NEIGHBOUR


def _came(desk: Registers, random: Random, person: Person, entry: Record) -> None:
    """The entry there, and how it ended."""
    ledger, place = desk.ledger, person.household.came_from
    record = desk.household(person, max(ledger.start, person.born), "初始", 地址代码=place,
                            住址=address(place, person.household.number))  # fmt: skip
    moved, chance = entry.first, random.random()
    if chance < CANCELLED_LATE:
        before = chance < CANCELLED_IN_TIME
        ended = moved - random.randrange(1, 8) if before else moved + random.randrange(20, 60)
        ledger.change(record, ended, 注销日期=text(ended), 注销原因="迁出", 迁往地代码=entry.row["地址代码"])

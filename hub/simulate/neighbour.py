"""The county next door, as far as it shares people with the simulated one.

Its household register holds the families of those who came from there, and the children that were
born here and are registered there, if anybody registers them; those who move from one register to the
other, as far as the two hear of it; its hospitals certify the children that mothers from here bear there.
It is told from the same true lives, so that whoever counts both
counties can be held against one truth.
"""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from hub.domain.days import Day, iso
from hub.simulate.ledger import CERTIFICATE, HOUSEHOLD, Ledger
from hub.simulate.life.registers import SEX_DIGIT, Registers
from hub.simulate.moves import write_moves
from hub.simulate.noise import Noise
from hub.simulate.people import Birth, Person
from hub.simulate.places import COUNTY, NEIGHBOUR
from hub.simulate.writers import write_drop

FIRST_NUMBER = 90_000_000
"""Its registers number apart from those of this county, so that one truth can name both."""
NEVER_REGISTERED = 0.25
"""Share of the children born here who are entered in no register there: the letters must find them."""
COUNTED = ("entity_id", "born_on", "born_in", "registered_in", "counted_in")
LIVING = ("entity_id", "register", "lives_in")
"""No register for whoever moved from one to the other; lives in a county, between the two, or in neither (empty)."""


def write_neighbour(directory: Path, random: Random, here: Ledger, people: Sequence[Person], births: Sequence[Birth]) -> int:
    """Write the neighbour's drops, and beside them what is true of both counties; the number of rows."""
    ledger = Ledger(here.start, here.end)
    desk = Registers(random, ledger, Noise(random, ledger, 0), FIRST_NUMBER)
    families = {p.household.number for p in people if not p.household.local and p.household.hukou.startswith(NEIGHBOUR)}
    children = {birth.child.entity for birth in births}
    for person in people:
        if person.household.number in families and person.entity not in children:
            desk.household(person, max(here.start, person.born), "初始")
    counted = [
        _counted(birth, mother, _born(birth, mother, random, desk, here, births))
        for birth in births if (mother := birth.mother) is not None and _concerns(birth, mother)
    ]
    moved = write_moves(desk, random, here, people, children)
    rows = 0
    for (feed, day), found in sorted(ledger.drops().items()):
        write_drop(directory, feed, iso(day), dict(sorted(found.items())))
        rows += len(found)
    truth = directory / "truth"
    truth.mkdir(parents=True, exist_ok=True)
    _table(truth / "records.csv", ("record_id", "entity_id"), sorted((r.name, r.entity) for r in ledger.records.values()))
    _table(truth / "births_of_both.csv", COUNTED, counted)
    living = [*_living(people, {r.entity for r in ledger.records.values() if r.feed == HOUSEHOLD} - moved.keys(), here.end),
              *((entity, "", where) for entity, where in sorted(moved.items()))]  # fmt: skip
    _table(truth / "people_of_both.csv", LIVING, living)
    return rows


def _concerns(birth: Birth, mother: Person) -> bool:
    return birth.place.startswith(NEIGHBOUR) or mother.household.hukou_on(birth.day).startswith(NEIGHBOUR)


def _born(
    birth: Birth, mother: Person, random: Random, desk: Registers, here: Ledger, births: Sequence[Birth],
) -> str:  # fmt: skip
    """Tell the neighbour's departments of a birth; the county that registered it, empty: none."""
    if birth.place.startswith(NEIGHBOUR):
        _certify(birth, mother, desk, [b for b in births if b.mother is mother and b.day == birth.day])
    if f"{HOUSEHOLD}/{birth.entry}" in here.records:
        return COUNTY
    if not mother.household.hukou.startswith(NEIGHBOUR) or mother.household.local:
        return ""
    entered = birth.day + random.randrange(8, 28)
    if random.random() < NEVER_REGISTERED or entered > here.end:
        return ""
    desk.household(birth.child, max(entered, here.start), "出生", 出生地代码=birth.place,
                   出生医学证明编号=birth.certificate, 母亲姓名=mother.name,
                   母亲身份号码=mother.number)  # fmt: skip
    return NEIGHBOUR


def _certify(birth: Birth, mother: Person, desk: Registers, delivery: Sequence[Birth]) -> None:
    number = f"Y{len(desk.ledger.records):09d}"
    desk.ledger.publish(CERTIFICATE, number, birth.child.entity, birth.day + 1, {
        "certificate_no": number, "newborn_name": birth.child.name, "sex": SEX_DIGIT[birth.child.sex],
        "born_on": iso(birth.day), "born_at": "08:00", "plurality": str(len(delivery)), "birth_order": str(delivery.index(birth) + 1),
        "facility": "平川县人民医院", "facility_place": birth.place, "mother_name": mother.name_on(birth.day),
        "mother_number": mother.number, "mother_hukou_place": mother.household.hukou_on(birth.day),
        "father_name": birth.father.name_on(birth.day) if birth.father else "",
        "father_number": birth.father.number if birth.father else "", "issued_on": iso(birth.day + 1),
        "status": "issued", "replaces": "",
    })  # fmt: skip


def _counted(birth: Birth, mother: Person, registered: str) -> Sequence[str]:
    """A birth counts where it is registered, else where the mother's household register is."""
    home = mother.household.hukou_on(birth.day)[:6]
    return birth.child.entity, iso(birth.day), birth.place[:6], registered, registered or home


def _living(people: Sequence[Person], registered: set[str], until: Day) -> Iterator[Sequence[str]]:
    """Those of the neighbour's register, and where they live when the story ends."""
    for person in people:
        if person.entity in registered and person.here_from is not None:
            yield person.entity, NEIGHBOUR, COUNTY if person.here_on(until) else NEIGHBOUR


def _table(path: Path, headings: Sequence[str], rows: Iterator[Sequence[str]] | Sequence[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(headings)
        writer.writerows(rows)

"""The county's people: households with a head and members, and the numbers they were given."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from hub.domain.days import Day, day_of, iso
from hub.matching.numbers import check_digit, credit_check
from hub.simulate.names import family_name, full_name, some_family
from hub.simulate.places import (
    COUNTY,
    ELSEWHERE,
    NEAR,
    NEIGHBOUR,
    code_on,
    codes_of,
    elsewhere,
    village,
    village_of,
)

START: Day = day_of("2024-01-01")
HEAD, SPOUSE, SON, DAUGHTER, FATHER, MOTHER = "户主", "配偶", "子", "女", "父", "母"


@dataclass(slots=True)
class Household:
    """People who live together; `homes` says since when where, the last is where they live now."""

    number: int
    local: bool
    hukou: str
    """The village in whose household register they are; it moves with locals."""
    homes: list[tuple[Day, str]]
    """By the codes that the villages bore when the story began."""
    members: list["Person"] = field(default_factory=list)
    leaves: Day | None = None
    """The day on which all of them leave the county."""
    registered: bool = True
    """Whether public security knows that they live here."""
    registers_on: Day | None = None
    """When people who did not register at first do so after all."""
    came_from: str = ""
    """The village outside the county that their entry moved from."""
    silent: bool = False
    """Whether they leave without notice."""

    def place_on(self, day: Day) -> str:
        """Where they live on a day; before their first home, there."""
        return next((place for since, place in reversed(self.homes) if since <= day), self.homes[0][1])

    def hukou_on(self, day: Day) -> str:
        """The code under which they are in the household register on a day."""
        return self.code_on(day) if self.local else self.hukou

    def code_on(self, day: Day) -> str:
        """The code under which they live on a day."""
        return code_on(self.place_on(day), day, self.number)

    def addresses(self) -> Iterator[tuple[Day, str, str]]:
        """Since when they live in which village and under which code, by moving or because the code changed."""
        for index, (since, place) in enumerate(self.homes):
            until = self.homes[index + 1][0] if index + 1 < len(self.homes) else None
            yield since, place, code_on(place, since, self.number)
            for day, code in codes_of(place, self.number):
                if since < day and (until is None or day < until):
                    yield day, place, code

    def next_address(self, day: Day) -> Day | None:
        """The day after this one on which they come to live under another code."""
        return next((since for since, _, _ in self.addresses() if since > day), None)


@dataclass(slots=True)
class Person:
    """One true person."""

    entity: str
    name: str
    sex: str
    born: Day
    number: str
    household: Household
    relation: str
    phone: str
    here_from: Day | None
    """When life in this county began; None for somebody who never lived here."""
    died: Day | None = None
    moved_out: Day | None = None
    """When this one left the household and the county."""
    renamed_on: Day | None = None
    former_name: str = ""
    """The name before `renamed_on`."""

    @property
    def gone(self) -> Day | None:
        """The day on which life in this county ended."""
        ends = (self.died, self.moved_out, self.household.leaves)
        return min((day for day in ends if day is not None), default=None)

    @property
    def moves_to(self) -> str:
        """The village that whoever moves away moves to: one of other counties, and most often next door.

        It follows from who it is, so that no draw of chance is spent on it.
        """
        number = int(self.entity[1:]) if self.moved_out == self.gone else self.household.number
        nearby = ELSEWHERE[1:] if self.household.came_from.startswith(NEIGHBOUR) else NEAR
        return village_of(nearby[number % len(nearby)], number)

    def here_on(self, day: Day) -> bool:
        """Whether this person lives here on a day."""
        gone = self.gone
        return self.here_from is not None and self.here_from <= day and (gone is None or day < gone)

    def renamed_by(self, day: Day) -> bool:
        """Whether the name was changed on or before a day."""
        return self.renamed_on is not None and self.renamed_on <= day

    def name_on(self, day: Day) -> str:
        """The name borne on a day."""
        changed = self.renamed_on is None or self.renamed_by(day)
        return self.name if changed else self.former_name


@dataclass(slots=True)
class Birth:
    """One true birth: where it happened, and whether the mother is in this county's register."""

    child: Person
    mother: Person | None
    """None: a foundling, of whom nobody knows where it was born."""
    father: Person | None
    day: Day
    place: str
    mother_local: bool
    at_home: bool = False
    """Born in no facility."""
    certificate: str = ""
    entry: str = ""
    entered: Day | None = None


def phone(random: Random) -> str:
    """A telephone number of a range that is not in use."""
    return f"100{random.randrange(10**8):08d}"


class Numbers:
    """Hands out identity numbers, each once."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._given: set[str] = set()

    def new(self, region: str, born: Day, sex: str) -> str:
        """A valid number for a person first registered in this region."""
        while True:
            sequence = self._random.randrange(1, 990)
            sequence += (sequence % 2 == 1) != (sex == "male")
            body = f"{region[:6]}{iso(born).replace('-', '')}{sequence:03d}"
            number = body + check_digit(body)
            if number not in self._given:
                self._given.add(number)
                return number


def old_form(number: str) -> str:
    """The 15-digit form that was given until 1999; later births have none."""
    return number[:6] + number[8:17] if number[6:8] == "19" else number


def credit_code(random: Random, kind: str) -> str:
    """A valid unified social credit code of a unit (91) or an individual business (92)."""
    subject = "".join(random.choice("0123456789ABCDEFGHJKLMNPQRTUWXY") for _ in range(9))
    body = kind + COUNTY + subject
    return body + credit_check(body)


class Settlers:
    """Makes households and people; the same draw of random numbers gives the same people."""

    def __init__(self, random: Random, numbers: Numbers) -> None:
        self._random, self._numbers = random, numbers
        self.people: list[Person] = []
        self._households = 0

    def household(self, *, local: bool, since: Day) -> Household:
        """An empty household."""
        self._households += 1
        place = village(self._random)
        hukou = place if local else elsewhere(self._random)
        return Household(self._households, local, hukou, [(since, place)])

    def person(
        self, household: Household, relation: str, sex: str, born: Day, name: str, *, here_from: Day | None,
    ) -> Person:  # fmt: skip
        """A person of a household."""
        random = self._random
        region = household.hukou
        if household.local and here_from != born and random.random() < 0.15:
            region = random.choice(ELSEWHERE)
        number = self._numbers.new(region, born, sex)
        entity = f"e{len(self.people):07d}"
        person = Person(entity, name, sex, born, number, household, relation, phone(random), here_from)
        self.people.append(person)
        household.members.append(person)
        return person

    def family(self, household: Household, limit: int) -> None:
        """Fill a household: locals of up to three generations, migrants single or as a couple."""
        since = household.homes[0][0]
        years = _local_family(self._random) if household.local else _migrant_family(self._random)
        father_name = some_family(self._random)
        for relation, sex, age in list(years)[:limit]:
            family = family_name(self._random) if relation in (SPOUSE, MOTHER) and father_name else father_name
            born = START - age * 365 - self._random.randrange(365)
            self.person(household, relation, sex, born, full_name(self._random, sex, family),
                        here_from=max(since, born))  # fmt: skip


def _local_family(random: Random) -> Iterator[tuple[str, str, int]]:
    """Relation to the head, sex and age in years of each member."""
    sex = "male" if random.random() < 0.7 else "female"
    age = random.randrange(22, 82)
    yield HEAD, sex, age
    if random.random() < 0.75:
        yield SPOUSE, "female" if sex == "male" else "male", max(20, age + random.randrange(-4, 4))
    for _ in range(random.choice((0, 1, 1, 2)) if age < 66 else 0):
        child = age - random.randrange(21, 36)
        if child >= 1:
            kind = random.choice((SON, DAUGHTER))
            yield kind, "male" if kind == SON else "female", child
    if age < 56 and random.random() < 0.35:
        kind = random.choice((FATHER, MOTHER))
        yield kind, "male" if kind == FATHER else "female", age + random.randrange(22, 32)


def _migrant_family(random: Random) -> Iterator[tuple[str, str, int]]:
    sex, age = random.choice(("male", "female")), random.randrange(18, 56)
    yield HEAD, sex, age
    if age > 21 and random.random() < 0.4:
        yield SPOUSE, "female" if sex == "male" else "male", max(20, age + random.randrange(-3, 3))
        if age > 28 and random.random() < 0.35:
            kind = random.choice((SON, DAUGHTER))
            yield kind, "male" if kind == SON else "female", age - random.randrange(22, 28)

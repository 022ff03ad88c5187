"""The county's people and places. Division codes begin with 99, which was never assigned."""

from dataclasses import dataclass, field
from random import Random

from hub.domain.days import Day, day_of, iso
from hub.matching.numbers import check_digit, credit_check
from hub.simulate.names import family_name, full_name

COUNTY = "990101"
TOWNS = ("101", "102", "103", "104", "105", "106")
VILLAGES = tuple(f"{number}" for number in range(201, 209))
ELSEWHERE = ("990202", "990305", "990418", "990527")
START: Day = day_of("2024-01-01")


@dataclass(slots=True)
class Person:
    """One true person."""

    entity: str
    name: str
    sex: str
    born: Day
    number: str
    place: str
    hukou: str
    household: str
    phone: str
    local: bool
    here_from: Day
    gone: Day | None = None
    registered: bool = True
    """Whether public security knows this person lives here."""
    records: list[str] = field(default_factory=list)


def village(random: Random) -> str:
    """A village of the county."""
    return COUNTY + random.choice(TOWNS) + random.choice(VILLAGES)


def elsewhere(random: Random) -> str:
    """A village outside the county."""
    return random.choice(ELSEWHERE) + random.choice(TOWNS) + random.choice(VILLAGES)


def address(place: str, household: str) -> str:
    """An address that goes with a village."""
    return f"第{place[6:9]}镇{place[9:]}村{int(household[1:]) % 97 + 1}号"


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


def credit_code(random: Random, kind: str) -> str:
    """A valid unified social credit code of a unit (91) or an individual business (92)."""
    subject = "".join(random.choice("0123456789ABCDEFGHJKLMNPQRTUWXY") for _ in range(9))
    body = kind + COUNTY + subject
    return body + credit_check(body)


def population(random: Random, numbers: Numbers, count: int) -> list[Person]:
    """People who are here when the story begins: households of locals, and migrants."""
    people: list[Person] = []
    household = 0
    while len(people) < count:
        household += 1
        local = random.random() > 0.15
        place = village(random)
        family = family_name(random)
        for _ in range(random.choice((1, 2, 3, 3, 4, 5)) if local else random.choice((1, 1, 2))):
            if len(people) == count:
                break
            sex = random.choice(("male", "female"))
            age = random.randrange(365 * 2, 365 * 88) if local else random.randrange(365 * 18, 365 * 58)
            born = START - age
            own = family if random.random() < 0.6 else ""
            hukou = place if local else elsewhere(random)
            first = (COUNTY if random.random() < 0.85 else random.choice(ELSEWHERE)) if local else hukou
            people.append(Person(
                f"e{len(people):07d}", full_name(random, sex, own), sex, born,
                numbers.new(first, born, sex), place, hukou, f"H{household:06d}", phone(random),
                local, START - random.randrange(30, 700),
            ))  # fmt: skip
    return people

"""A made-up town for the tests of learning: families, errors at known rates, and who is who."""

from random import Random
from typing import NamedTuple

GIVEN = ["anna", "bela", "carl", "dora", "emil", "fred", "gina", "hugo", "irma", "jack", "kate", "leon", "mary", "nick", "olga", "paul", "rosa", "saul", "tina", "ulf", "vera", "walt", "xena", "yuri", "zoe", "albert", "berta", "conrad", "dennis", "edith", "felix", "greta", "harald", "ingrid", "julius"]  # fmt: skip
FAMILY = ["adler", "bauer", "conrad", "dietz", "ebert", "fuchs", "gruber", "haas", "iser", "jung", "klein", "lang", "maier", "nagel", "otto", "pfeifer", "quast", "richter", "sauer", "thoma", "ulrich", "vogel", "weber", "xander", "zeller", "albers", "brandt", "clausen", "decker", "engel"]  # fmt: skip
STREETS = [
    "mill",
    "church",
    "river",
    "castle",
    "garden",
    "station",
    "market",
    "forest",
    "school",
    "bridge",
    "meadow",
    "tower",
]


class Rates(NamedTuple):
    """How often a second record errs."""

    birth_date: float = 0.06
    sex: float = 0.02
    moved: float = 0.2
    phone_missing: float = 0.3


RATES = Rates()


def town(people: int, seed: int, *, families: bool, rates: Rates = RATES) -> list[tuple[str, dict[str, str]]]:
    """Two records of each person, as (person, attributes), in mixed order."""
    random = Random(seed)
    records: list[tuple[str, dict[str, str]]] = []
    home = family = ""
    for number in range(people):
        if number % 4 == 0 or not families:
            family = skewed(random, FAMILY) + random.choice(("", "", "son", "mann"))
            home = place(random)
        first = {
            "given_name": skewed(random, GIVEN), "family_name": family, "address": home,
            "birth_date": f"{random.randint(1930, 2020)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}",
            "sex": random.choice(("male", "female")), "phone": str(random.randrange(10**8, 10**9)),
        }  # fmt: skip
        records += [(f"p{number}", first), (f"p{number}", again(random, first, rates))]
    random.shuffle(records)
    return records


def skewed(random: Random, names: list[str]) -> str:
    return names[int(len(names) * random.random() ** 2)]


def place(random: Random) -> str:
    return f"{random.randint(1, 400)} {random.choice(STREETS)} {random.choice(STREETS)} street"


def again(random: Random, first: dict[str, str], rates: Rates) -> dict[str, str]:
    second = dict(first)
    if random.random() < rates.birth_date:
        second["birth_date"] = (
            f"{random.randint(1930, 2020)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}"
        )
    if random.random() < rates.sex:
        second["sex"] = "male" if first["sex"] == "female" else "female"
    if random.random() < rates.moved:
        second["address"] = place(random)
    if random.random() < rates.phone_missing:
        second["phone"] = ""
    return second

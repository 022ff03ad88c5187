"""Births for tests, as lines."""

import itertools

from hub.domain.days import day_of
from hub.statistics.lines import BirthLine

COUNTY = "990101"
TOWN, OTHER_TOWN = "990101101", "990101102"
BORN = day_of("2024-03-10")


def birth(number: int = 0, **more: object) -> BirthLine:
    line = BirthLine(number, BORN, "female", TOWN + "201", COUNTY + "103201", "local", "matched", True, True, False,
                     BORN + 10, {})  # fmt: skip
    return line._replace(**more)


def births(both: int, only_1: int, only_2: int, **more: object) -> list[BirthLine]:
    """Births of one stratum: on both lists, on the register alone, with a certificate alone."""
    numbers = itertools.count(more.pop("start", 0))
    return [
        *(birth(next(numbers), **more) for _ in range(both)),
        *(birth(next(numbers), health=False, outcome="only-police", **more) for _ in range(only_1)),
        *(
            birth(next(numbers), **{**more, "police": False, "registered_on": None, "outcome": "only-health"})
            for _ in range(only_2)
        ),
    ]

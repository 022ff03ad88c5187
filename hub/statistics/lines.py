"""Lines: what figures are made of, one for each birth, person or delivered record; nobody is named in them.

`number` tells lines of one kind apart within one answer and means nothing else.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import NamedTuple, TypeVar

from hub.domain.days import Day, iso

Line = TypeVar("Line")
Key = TypeVar("Key", bound=Hashable)
TOTAL = "_T"
"""All of a dimension together, as SDMX writes it."""
UNKNOWN = "_U"
"""A dimension whose value nobody stated."""
LOCAL, OTHER = "local", "other"


class BirthLine(NamedTuple):
    """One birth as the lists tell it on the day the figures are as of."""

    number: int
    born_on: Day
    sex: str
    """male, female or unknown."""
    residence: str
    """Where the birth counts, 12 digits: the mother's household register if that is in the county."""
    occurrence: str
    """Where it happened, 12 digits; unknown where only an entry that does not say tells of it."""
    mother: str
    """local or other: where her household register is."""
    outcome: str
    health: bool
    """On list 2: there is a birth certificate."""
    police: bool
    """On list 1: there is a household entry."""
    third: bool
    """On the optional third list: there is a child record."""
    registered_on: Day | None
    """Day of the entry of the birth, if there is one."""
    agree: Mapping[str, bool]
    """Of a birth on both lists, field to whether they say the same; what one leaves open is absent."""


class Stay(NamedTuple):
    """A spell of living at a place; `left_on` is the first day of not living there any more."""

    place: str
    arrived_on: Day
    left_on: Day | None
    status: str
    origin: str


class StayLine(NamedTuple):
    """All spells of a person, or of so many whose spells are alike."""

    number: int
    stays: tuple[Stay, ...]
    people: int = 1


class DeliveredLine(NamedTuple):
    """So many records of a feed that were first delivered on a day, and state the same day."""

    feed: str
    first_on: Day
    stated_on: Day
    records: int


class FeedLine(NamedTuple):
    """What became of all rows of a feed: received = accepted + unchanged + quarantined."""

    feed: str
    received: int
    accepted: int
    unchanged: int
    quarantined: int
    days: int = 0
    """Within how many days the next delivery is due, where that was agreed on."""


def month_of(day: Day) -> str:
    """2024-01."""
    return iso(day)[:7]


def year_of(day: Day) -> str:
    """2024."""
    return iso(day)[:4]


def town_of(place: str) -> str:
    """The 9-digit code of a place's town."""
    return place[:9] if place != UNKNOWN else UNKNOWN


def grouped(lines: Iterable[Line], key: Callable[[Line], Key]) -> dict[Key, list[Line]]:
    """Lines by a key, in the order in which keys first occur."""
    groups: dict[Key, list[Line]] = {}
    for line in lines:
        groups.setdefault(key(line), []).append(line)
    return groups

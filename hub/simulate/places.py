"""Where people live: towns and villages under division codes that were never assigned (99…).

A village is named by the code it bore when the story began. What it bears on a day is another
matter: villages are renamed, merged and split, and whoever lives there lives on under another code.
"""

from collections.abc import Iterator
from functools import lru_cache
from random import Random
from typing import NamedTuple

from hub.domain.days import Day, day_of

COUNTY = "990101"
COUNTY_NAME = "青禾县"
TOWNS = {"101": "柳河镇", "102": "石桥镇", "103": "白云镇", "104": "双塔镇", "105": "龙泉镇", "106": "东岭镇"}
VILLAGES = {
    "201": "王家庄", "202": "李家沟", "203": "大槐树", "204": "小河湾",
    "205": "前进", "206": "北坡", "207": "赵家垴", "208": "杏花岭",
}  # fmt: skip
ELSEWHERE = ("990202", "990305", "990418", "990527")
ELSEWHERE_NAMES = {"990202": "平川县", "990305": "临江县", "990418": "云岭县", "990527": "沙洲县"}
NEIGHBOUR = ELSEWHERE[0]
"""The county next door, whose departments may be simulated too."""
NEAR = (NEIGHBOUR, *ELSEWHERE)
"""Where households that change the register come from and go to: most often next door."""
HOSPITALS = (("县人民医院", COUNTY + "101201"), ("县妇幼保健院", COUNTY + "102203"), ("白云镇中心卫生院", COUNTY + "103201"))
"""Facilities and the villages they stand in."""


class Change(NamedTuple):
    """From a day on a village bears another code; after a split, one of several."""

    day: Day
    code: str
    into: tuple[str, ...]


def _change(day: str, code: str, *into: str) -> Change:
    return Change(day_of(day), COUNTY + code, tuple(COUNTY + each for each in into))


CHANGES = (
    _change("2024-07-01", "101208", "101207"),            # merged into its neighbour
    _change("2025-01-01", "102206", "102001"),            # became a residents' committee
    _change("2025-07-01", "103205", "103209", "103210"),  # split
    _change("2025-07-01", "104203", "104209"),            # two merged under a new code
    _change("2025-07-01", "104204", "104209"),
    _change("2026-01-01", "105208", "105001"),
    _change("2026-07-01", "103210", "103001"),            # what a split made is renamed in its turn
)  # fmt: skip
"""In order of days; the table of divisions that a hub is given says the same (schemas/divisions)."""
NEW_NAMES = {
    COUNTY + "102001": "北坡社区", COUNTY + "103209": "东前进", COUNTY + "103210": "西前进", COUNTY + "104209": "槐湾",
    COUNTY + "105001": "杏花社区", COUNTY + "103001": "西前进社区",
}  # fmt: skip
LONG_AGO: Day = -(10**6)
CHANGING = frozenset(change.code for change in CHANGES)


def village(random: Random, region: str = COUNTY) -> str:
    """A village of the county, or of another."""
    return region + random.choice(tuple(TOWNS)) + random.choice(tuple(VILLAGES))


def village_of(region: str, number: int) -> str:
    """One village of a county: the same number, the same village."""
    towns, villages = tuple(TOWNS), tuple(VILLAGES)
    return region + towns[number % len(towns)] + villages[number // len(towns) % len(villages)]


def elsewhere(random: Random) -> str:
    """A village outside the county."""
    return village(random, random.choice(ELSEWHERE))


def codes_of(place: str, door: int) -> Iterator[tuple[Day, str]]:
    """From which day on a door of a village is under which code, in order of days."""
    yield LONG_AGO, place
    code = place
    for change in CHANGES if place in CHANGING else ():
        if change.code == code:
            code = change.into[door % len(change.into)]
            yield change.day, code


def code_on(place: str, day: Day, door: int) -> str:
    """The code of a door of a village on a day."""
    return [code for since, code in codes_of(place, door) if since <= day][-1]


@lru_cache(256)
def ever(place: str) -> frozenset[str]:
    """All codes under which any door of a village ever was."""
    doors = max((len(change.into) for change in CHANGES), default=1)
    return frozenset(code for door in range(doors) for _, code in codes_of(place, door))


def means(code: str, place: str) -> bool:
    """Whether a code on a record means a village: one that it ever bore, or a slip in its number in the town."""
    return code in ever(place) or (town(code) == town(place) and code not in _codes_ever())


def in_force(code: str) -> Day | None:
    """The day on which a village came to bear a code during the story; None for other codes."""
    return next((change.day for change in CHANGES if code in change.into and code[9:] not in VILLAGES), None)


def valid_on(code: str, day: Day) -> bool:
    """Whether a code names a village on a day; those of other counties are taken as they are."""
    return not code.startswith(COUNTY) or code in _codes_after(sum(change.day <= day for change in CHANGES))


@lru_cache(1)
def _codes_ever() -> frozenset[str]:
    return frozenset().union(*map(_codes_after, range(len(CHANGES) + 1)))


@lru_cache(len(CHANGES) + 1)
def _codes_after(changes: int) -> frozenset[str]:
    codes = {COUNTY + t + v for t in TOWNS for v in VILLAGES}
    for change in CHANGES[:changes]:
        codes = (codes - {change.code}) | set(change.into)
    return frozenset(codes)


def committee(code: str) -> str:
    """The name of a village's or of a residents' committee: numbers under 200 are those of the latter."""
    kind = "居民委员会" if code[9:] < "200" else "村民委员会"
    return (NEW_NAMES.get(code) or VILLAGES[code[9:]]) + kind


def town(place: str) -> str:
    """The 9-digit code of a place's town."""
    return place[:9]


def address(code: str, door: int) -> str:
    """An address down to the committee, with group and door."""
    county = ELSEWHERE_NAMES.get(code[:6], COUNTY_NAME)
    return f"{county}{TOWNS[code[6:9]]}{committee(code)}{door % 9 + 1}组{door // 9 % 180 + 1}号"

"""Where people live: towns and villages under division codes that were never assigned (99…)."""

from random import Random

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


def town(place: str) -> str:
    """The 9-digit code of a place's town."""
    return place[:9]


def address(place: str, door: int) -> str:
    """An address down to the village committee, with group and door."""
    county = ELSEWHERE_NAMES.get(place[:6], COUNTY_NAME)
    committee = f"{VILLAGES[place[9:]]}村民委员会"
    return f"{county}{TOWNS[place[6:9]]}{committee}{door % 9 + 1}组{door // 9 % 180 + 1}号"

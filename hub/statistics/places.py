"""Births by place: by the usual residence of the mother and by where they happened; both are published."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from hub.statistics.lines import BirthLine, grouped, town_of

OUTSIDE = "_X"
"""Outside the county, all places together."""


class Places(NamedTuple):
    """Births of a place by residence and by occurrence."""

    residence: int
    occurrence: int
    both: int
    """Lived in and born in the same place."""


def place_of(place: str, county: str) -> str:
    """The town of a place in the county, or outside."""
    town = town_of(place)
    return town if town.startswith((county, "_")) else OUTSIDE


def by_place(lines: Iterable[BirthLine], county: str) -> Mapping[str, Places]:
    """Town to its births, in order of code; what is unknown or outside the county stands apart."""
    pairs = grouped(lines, lambda x: (place_of(x.residence, county), place_of(x.occurrence, county)))
    towns = sorted({town for pair in pairs for town in pair})
    return {
        town: Places(
            sum(len(group) for (lived, _), group in pairs.items() if lived == town),
            sum(len(group) for (_, born), group in pairs.items() if born == town),
            len(pairs.get((town, town), ())),
        )
        for town in towns
    }

"""Births by place: by the usual residence of the mother and by where they happened; both are published."""

from hub.statistics.lines import town_of

OUTSIDE = "_X"
"""Outside the county, all places together."""


def place_of(place: str, county: str) -> str:
    """The town of a place in the county, or outside."""
    town = town_of(place)
    return town if town.startswith((county, "_")) else OUTSIDE

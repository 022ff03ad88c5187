"""The table of moves between the registers of two counties: how many arrived, and how many are between."""

from collections.abc import Iterable, Sequence

from hub.statistics.tables import Key, Table

OUT, IN = "out", "in"
MOVED, ARRIVED, BETWEEN, LATE = "MOVED", "ARRIVED", "BETWEEN", "LATE"
OF: dict[str, tuple[str, ...]] = {
    MOVED: ("arrived", "in-time", "late"),
    ARRIVED: ("arrived",),
    BETWEEN: ("in-time", "late"),
    LATE: ("late",),
}
"""Indicator to the states of moves that it counts."""


def moves_table(counts: Iterable[tuple[str, str, str, int]], period: str) -> Table:
    """Table of the other county, the way, the state (arrived, in-time, late) and how many."""
    lines = {(county, way, state): count for county, way, state, count in counts}
    numbers = {line: number for number, line in enumerate(sorted(lines))}
    found: dict[Key, Sequence[int]] = {}
    for county, way in sorted({line[:2] for line in lines}):
        for indicator, states in OF.items():
            here = [numbers[county, way, state] for state in states if (county, way, state) in numbers]
            found[Key(indicator, county, period, by=way)] = here
    return Table(
        "moves", "县际户口迁移", "moves between counties' registers", found, [],
        people={number: lines[line] for line, number in numbers.items()},
    )  # fmt: skip

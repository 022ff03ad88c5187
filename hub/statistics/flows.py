"""Stocks and flows of people who live here, counted so that stock₂ = stock₁ + in − out holds in every cell.

Registers may have somebody in two places at once. A person is counted once, at
the place that was come to last; so a life is a path through cells, and a flow
is a step of it. A cell is an area and a status (resident, migrant): what is a
move between two towns is no step where the area is the county.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from hub.domain.days import Day
from hub.statistics.lines import UNKNOWN, Stay, StayLine, town_of

Cell = tuple[str, str]
"""Area and status."""
CellOf = Callable[[Stay], Cell]
OUTSIDE, TOWN, STATUS = "outside", "other-town", "other-status"
"""Where a step comes from or goes to: outside the county, another town, or another status in the same area."""
MIGRANT = "migrant"
STAY_CLASSES = ((183, "<6m"), (365, "6-12m"), (5 * 365, "1-5y"), (10**9, ">=5y"))
"""Shorter than so many days, and the name of the class."""
LONGEST_DAYS = 5 * 365
DAYS_A_YEAR = 365.25


class Step(NamedTuple):
    """From a day on a person is in another cell, or in none."""

    day: Day
    before: Cell | None
    after: Cell | None


class Balance(NamedTuple):
    """The lines in one cell at both ends of a period, and those that came and left in between, by from and to where."""

    stock_1: list[int]
    came: dict[str, list[int]]
    left: dict[str, list[int]]
    stock_2: list[int]

    @property
    def holds(self) -> bool:
        """Whether the identity holds, line by line."""
        came = Counter(number for numbers in self.came.values() for number in numbers)
        left = Counter(number for numbers in self.left.values() for number in numbers)
        before, after = Counter(self.stock_1), Counter(self.stock_2)
        before.update(came)
        after.update(left)
        return before == after


class Turnover(NamedTuple):
    """Arrivals from and departures to outside, to the mean stock, a year; nothing where nobody is there."""

    came: int
    left: int
    mean_stock: float
    per_year: float | None


def by_town(stay: Stay) -> Cell:
    """The cell of a stay where areas are towns."""
    return town_of(stay.place), stay.status


def by_county(county: str) -> CellOf:
    """The cell of a stay where the area is the county."""
    return lambda stay: (county, stay.status)


def alike(stays: Iterable[Sequence[Stay]], first: Day, last: Day) -> list[StayLine]:
    """Lines of people whose spells differ in nothing that figures from `first` to `last` can show.

    Most people never move: of a single spell that began long ago the day does not matter.
    """
    found = Counter(_without_detail(spells, first, last) for spells in stays)
    return [
        StayLine(number, spells, found[spells]) for number, spells in enumerate(sorted(found, key=_order))
    ]


def _order(spells: tuple[Stay, ...]) -> list[tuple[str, Day, Day, str, str]]:
    return [
        (s.place, s.arrived_on, -1 if s.left_on is None else s.left_on, s.status, s.origin) for s in spells
    ]


def _without_detail(spells: Sequence[Stay], first: Day, last: Day) -> tuple[Stay, ...]:
    towns = tuple(stay._replace(place=town_of(stay.place)) for stay in spells)
    if len(towns) != 1:
        return towns
    (stay,) = towns
    since = min(first, last - LONGEST_DAYS) if stay.status == MIGRANT else first
    return (stay._replace(arrived_on=max(stay.arrived_on, since)),)


def path(line: StayLine, cell: CellOf) -> Iterator[Step]:
    """The steps of a life, each with where it leads; a day that changes no cell is none."""
    days = sorted({day for stay in line.stays for day in (stay.arrived_on, stay.left_on) if day is not None})
    before: Cell | None = None
    for day in days:
        stay = stay_on(line, day)
        after = None if stay is None else cell(stay)
        if before != after:
            yield Step(day, before, after)
        before = after


def stay_on(line: StayLine, day: Day) -> Stay | None:
    """Where a person is counted on a day: at the place that was come to last."""
    here = [s for s in line.stays if s.arrived_on <= day and (s.left_on is None or day < s.left_on)]
    return max(here, key=lambda stay: (stay.arrived_on, stay.place, stay.status)) if here else None


def kind_of(here: Cell, there: Cell | None) -> str:
    """What a step between a cell and another (or outside) is called."""
    if there is None:
        return OUTSIDE
    return TOWN if there[0] != here[0] else STATUS


def balances(
    lines: Iterable[StayLine], periods: Sequence[tuple[Day, Day]], cell: CellOf
) -> list[dict[Cell, Balance]]:
    """For each period, after the close of one day until that of another, every cell in order."""
    found: list[dict[Cell, Balance]] = [{} for _ in periods]
    for line in lines:
        steps = list(path(line, cell))
        for cells, (first, last) in zip(found, periods, strict=True):
            _follow(cells, line.number, steps, first, last)
    return [dict(sorted(cells.items())) for cells in found]


def _follow(cells: dict[Cell, Balance], number: int, steps: Sequence[Step], first: Day, last: Day) -> None:
    """Count one life into the cells of one period."""
    at: list[Cell | None] = [None, None]
    for step in steps:
        if step.day > last:
            break
        at = [step.after if step.day <= first else at[0], step.after]
        if step.day <= first:
            continue
        if step.after is not None:
            _cell(cells, step.after).came[kind_of(step.after, step.before)].append(number)
        if step.before is not None:
            _cell(cells, step.before).left[kind_of(step.before, step.after)].append(number)
    if at[0] is not None:
        _cell(cells, at[0]).stock_1.append(number)
    if at[1] is not None:
        _cell(cells, at[1]).stock_2.append(number)


def _cell(cells: dict[Cell, Balance], key: Cell) -> Balance:
    if key not in cells:
        cells[key] = Balance([], _nobody(), _nobody(), [])
    return cells[key]


def _nobody() -> dict[str, list[int]]:
    return {OUTSIDE: [], TOWN: [], STATUS: []}


def origin_of(stay: Stay, digits: int) -> str:
    """The area a person's household register is in: province by 2 digits, prefecture by 4, county by 6."""
    return stay.origin[:digits] if stay.origin != UNKNOWN else UNKNOWN


def origins(
    lines: Iterable[StayLine], day: Day, status: str, digits: int
) -> dict[tuple[str, str], list[int]]:
    """Origin and town to the lines of a status that are there on a day."""
    found: dict[tuple[str, str], list[int]] = {}
    for line in lines:
        stay = stay_on(line, day)
        if stay is not None and stay.status == status:
            found.setdefault((origin_of(stay, digits), town_of(stay.place)), []).append(line.number)
    return dict(sorted(found.items()))


def here_since(line: StayLine, day: Day) -> Day | None:
    """Since when somebody who is here on a day has been in the county without a break."""
    since: Day | None = None
    for step in path(line, by_town):
        if step.day > day:
            break
        since = None if step.after is None else step.day if step.before is None else since
    return since


def stay_class(days: int) -> str:
    """The class of a stay by how long it has lasted."""
    return next(name for below, name in STAY_CLASSES if days < below)


def turnover(came: int, left: int, stock_1: int, stock_2: int, days: int) -> Turnover:
    """The turnover of a cell over so many days."""
    mean = (stock_1 + stock_2) / 2
    rate = (came + left) / mean * DAYS_A_YEAR / days if mean and days > 0 else None
    return Turnover(came, left, mean, rate)

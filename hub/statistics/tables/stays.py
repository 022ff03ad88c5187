"""Tables of people who live here: stock and flow that balance, origins, lengths of stay, turnover."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from hub.domain.days import Day, iso
from hub.statistics import flows
from hub.statistics.flows import MIGRANT, OUTSIDE, STATUS, TOWN, Balance, Cell
from hub.statistics.lines import StayLine
from hub.statistics.spans import Span, calendar, months_between
from hub.statistics.tables import NOT_OBSERVABLE, Figure, Key, Table

STATUSES = ("resident", MIGRANT)
PERIODS_MAX = 240
PERCENT_A_YEAR = "PERCENT_A_YEAR"
NOBODY = Balance([], {OUTSIDE: [], TOWN: [], STATUS: []}, {OUTSIDE: [], TOWN: [], STATUS: []}, [])
BALANCE_NOTE = (
    "期末 = 期初 + 迁入 − 迁出，逐单元成立；同时登记于两处者只计最后登记处",
    "stock at the end = stock at the start + in − out, in every cell; whoever is registered in two places counts "
    "where they came to last",
)
ORIGIN_NOTE = (
    "来源地为户籍地代码前缀；目的地为乡镇；截至统计日在住",
    "origin is where the household register is, by prefix of its code; destination the town; who is there on the day",
)


def stay_tables(
    lines: Sequence[StayLine], county: str, first: Day, last: Day, origin_digits: int = 2,
    *, spans: Sequence[Span] | None = None,
) -> list[Table]:  # fmt: skip
    """All tables of stays, which are to be released together; flows are those after `first` until `last`."""
    spans = _calendar(first, last) if spans is None else spans
    people = {line.number: line.people for line in lines if line.people != 1}
    tables = [
        _stock_and_flow(lines, county, first, last, spans),
        _origins(lines, county, last, origin_digits),
        _lengths(lines, county, last),
    ]
    return [table._replace(people=people) for table in tables]


def stay_counts(
    lines: Sequence[StayLine], county: str, first: Day, last: Day, spans: Sequence[Span], days: Sequence[Day],
    digits: Iterable[int],
) -> dict[Key, Sequence[int]]:  # fmt: skip
    """The counts of other spans and days, of the same lines."""
    tables = [_stock_and_flow(lines, county, first, last, spans)] if spans else []
    for day in days:
        tables.append(_lengths(lines, county, day))
        tables += [_origins(lines, county, day, some) for some in digits]
    return {key: numbers for table in tables for key, numbers in table.counts.items()}


# --- stock and flow -------------------------------------------------------------------------


def _stock_and_flow(
    lines: Sequence[StayLine], county: str, first: Day, last: Day, spans: Sequence[Span]
) -> Table:
    """The county by span, its towns where that is asked for."""
    counts: dict[Key, Sequence[int]] = {}
    figures: list[Figure] = []
    people = {line.number: line.people for line in lines}
    whole = [span for span in spans if span.whole]
    for cell, chosen in ((flows.by_county(county), spans), (flows.by_town, whole)):
        bounds = [(max(first, span.first - 1), min(last, span.last)) for span in chosen]
        found = flows.balances(lines, bounds, cell)
        for (period, *_), (start, end), cells in zip(chosen, bounds, found, strict=True):
            for area in sorted({county} if cell is not flows.by_town else {area for area, _ in cells}):
                mine = {status: cells.get((area, status), NOBODY) for status in STATUSES}
                counts.update(_cells(area, period, mine, whole=area == county))
                figures.append(_turnover(area, period, mine[MIGRANT], people, end - start))
    return Table("stock-flow", "流动与户籍人口：存量与流量", "stock and flow of residents and migrants",
                 counts, figures, [BALANCE_NOTE])  # fmt: skip


def _calendar(first: Day, last: Day) -> list[Span]:
    """The newest months, and their years."""
    months = months_between(first + 1, last)[-PERIODS_MAX:]
    return calendar(day for span in months for day in (span.first, span.last))


def _cells(
    area: str, period: str, cells: Mapping[str, Balance], *, whole: bool
) -> Iterator[tuple[Key, Sequence[int]]]:
    """Stocks and flows of an area; within the county as a whole nobody comes from another town."""
    for status, found in cells.items():
        yield Key("STOCK_START", area, period, by=status), found.stock_1
        yield Key("STOCK_END", area, period, by=status), found.stock_2
        for name, moved in (("IN", found.came), ("OUT", found.left)):
            for other in (OUTSIDE, STATUS) if whole else (OUTSIDE, TOWN, STATUS):
                yield Key(name, area, period, by=f"{status}/{other}"), moved[other]


def _turnover(area: str, period: str, found: Balance, people: Mapping[int, int], days: int) -> Figure:
    """Turnover of migrants."""
    of = {
        Key("IN", area, period, by=f"{MIGRANT}/{OUTSIDE}"): found.came[OUTSIDE],
        Key("OUT", area, period, by=f"{MIGRANT}/{OUTSIDE}"): found.left[OUTSIDE],
        Key("STOCK_START", area, period, by=MIGRANT): found.stock_1,
        Key("STOCK_END", area, period, by=MIGRANT): found.stock_2,
    }
    came, left, start, end = (sum(people[number] for number in numbers) for numbers in of.values())
    rate = flows.turnover(came, left, start, end, days).per_year
    key = Key("TURNOVER", area, period, by=MIGRANT)
    if rate is None:
        return Figure(key, None, None, None, tuple(of), PERCENT_A_YEAR, 1, NOT_OBSERVABLE)
    return Figure(key, 100 * rate, None, None, tuple(of), PERCENT_A_YEAR, 1)


# --- origins and lengths of stay ------------------------------------------------------------


def _origins(lines: Sequence[StayLine], county: str, day: Day, digits: int) -> Table:
    pairs = flows.origins(lines, day, MIGRANT, digits)
    on = iso(day)
    counts: dict[Key, Sequence[int]] = {
        Key("ORIGIN", town, on, by=origin): numbers for (origin, town), numbers in pairs.items()
    }
    for origin in sorted({origin for origin, _ in pairs}):
        counts[Key("ORIGIN", county, on, by=origin)] = _together(pairs, 0, origin)
    for town in sorted({town for _, town in pairs}):
        counts[Key("ORIGIN", town, on)] = _together(pairs, 1, town)
    counts[Key("ORIGIN", county, on)] = [n for numbers in pairs.values() for n in numbers]
    return Table("origins", "流动人口来源地 × 乡镇", "migrants by origin and town", counts, [], [ORIGIN_NOTE])


def _together(pairs: Mapping[Cell, Sequence[int]], side: int, name: str) -> list[int]:
    return [number for pair, numbers in pairs.items() if pair[side] == name for number in numbers]


def _lengths(lines: Sequence[StayLine], county: str, day: Day) -> Table:
    here: dict[str, list[int]] = {name: [] for _, name in flows.STAY_CLASSES}
    for line in lines:
        stay, since = flows.stay_on(line, day), flows.here_since(line, day)
        if stay is not None and stay.status == MIGRANT and since is not None:
            here[flows.stay_class(day - since)].append(line.number)
    on = iso(day)
    counts = {Key("STAY_LENGTH", county, on, by=name): numbers for name, numbers in here.items()}
    return Table("stay-length", "流动人口居住时长", "migrants by length of stay", counts, [])

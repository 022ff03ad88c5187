"""Tables to publish: counts, and figures that were made from them, each under a key of six dimensions.

Names of dimensions and codes of attributes are those of SDMX where it has any.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from hub.statistics.completeness import Share
from hub.statistics.lines import TOTAL, BirthLine
from hub.statistics.spans import Span

NORMAL, ESTIMATED, PROVISIONAL, NOT_OBSERVABLE = "A", "E", "P", "L"
"""OBS_STATUS (CL_OBS_STATUS): normal, estimated, provisional, and missing because nobody can know it yet."""
WITHHELD_STATUS = "Q"
"""OBS_STATUS: missing, suppressed."""
FREE, CONFIDENTIAL = "F", "C"
"""CONF_STATUS (CL_CONF_STATUS). Small counts and those withheld for their sake look alike: telling them apart
would tell that some are small."""
COUNT, PERCENT = "COUNT", "PERCENT"
NO_WEIGHTS: Mapping[int, int] = MappingProxyType({})


class Key(NamedTuple):
    """What a value is about."""

    indicator: str
    area: str
    """County or town by division code, _X outside the county, _U unknown."""
    period: str
    """2024 or 2024-01, by date of birth or of the step; 2024-01-31 for what is counted on a day."""
    sex: str = TOTAL
    """M, F, _U or _T."""
    by: str = TOTAL
    """What else tells values apart: a class of delay, an odds ratio, an origin."""


class Parts(NamedTuple):
    """The counts that a share tells: of `part` and `rest`, so much is part.

    Whoever knows a share and what it is of knows both sides, so both are counts, protected as if they were printed.
    """

    part: tuple[Key, ...]
    rest: tuple[Key, ...]
    whole: tuple[Key, ...]
    """Both together, where that is a count of its own."""

    @property
    def all(self) -> tuple[Key, ...]:
        """The counts with which the share is withheld."""
        return self.whole + self.part + self.rest


class Figure(NamedTuple):
    """An estimate, a share or a ratio; `of` are the counts it was made from, with which it is withheld."""

    key: Key
    value: float | None
    low: float | None
    high: float | None
    of: tuple[Key, ...]
    unit: str
    decimals: int
    status: str = NORMAL
    parts: Parts | None = None
    """Of a share, what it is a share of."""


class Slice(NamedTuple):
    """The births of an area and a span."""

    area: str
    span: Span
    lines: Sequence[BirthLine]

    @property
    def period(self) -> str:
        """The name of the span."""
        return self.span.name


FROM_BIRTHS = 30
"""Of a month beside the period asked for, or of a town, lists and delays are told from so many births on: below, they
would say little of anything but a few children, and the county's own figures be withheld for their sake."""
FEW_BIRTHS = (
    f"月份和乡镇少于 {FROM_BIRTHS} 例出生的，不计完整率和及时性",
    f"no completeness and timeliness of months and towns of fewer than {FROM_BIRTHS} births",
)


def tells_enough(part: Slice, county: str) -> bool:
    """Whether lists and delays of a slice are told."""
    return (part.span.whole and part.area == county) or len(part.lines) >= FROM_BIRTHS


Made = tuple[Mapping[Key, tuple[int, ...]], Sequence[Figure]]
"""The counts of a slice, and the figures made from them."""


def told(
    slices: Iterable[Slice], county: str, make: Callable[[Slice], Made]
) -> tuple[dict[Key, tuple[int, ...]], list[Figure]]:
    """The counts and figures of slices; those that tell too little have figures without a value."""
    counts: dict[Key, tuple[int, ...]] = {}
    figures: list[Figure] = []
    for part in slices:
        mine, made = make(part)
        if tells_enough(part, county):
            counts.update(mine)
            figures.extend(made)
        else:
            figures.extend(untold(mine, made))
    return counts, figures


def untold(counts: Iterable[Key], figures: Iterable[Figure]) -> list[Figure]:
    """Figures in the place of counts and figures that are of too few."""
    emptied = [
        one._replace(value=None, low=None, high=None, of=(), status=NOT_OBSERVABLE, parts=None)
        for one in figures
    ]
    return [*(Figure(key, None, None, None, (), COUNT, 0, NOT_OBSERVABLE) for key in counts), *emptied]


class Table(NamedTuple):
    """One table of a release; its counts tell which lines they count."""

    name: str
    zh: str
    en: str
    counts: Mapping[Key, Sequence[int]]
    figures: Sequence[Figure]
    notes: Sequence[tuple[str, str]] = ()
    """What the figures assume and leave out, in Chinese and English."""
    provisional: frozenset[str] = frozenset()
    """Periods whose counts will still grow."""
    people: Mapping[int, int] = NO_WEIGHTS
    """Lines that stand for more than one person."""

    def value(self, key: Key) -> int:
        """How many a count counts."""
        return sum(self.people.get(line, 1) for line in self.counts[key])


SEXES = {"male": "M", "female": "F"}


def sex_code(sex: str) -> str:
    """SDMX's code of a sex."""
    return SEXES.get(sex, "_U")


def numbers_of(lines: Iterable[BirthLine]) -> tuple[int, ...]:
    """Lines as counts hold them."""
    return tuple(line.number for line in lines)


def percent(key: Key, found: Share, parts: Parts, status: str = NORMAL) -> Figure:
    """A share of counts with its interval; not observable where it is of nothing."""
    if found.value is None:
        return Figure(key, None, None, None, parts.all, PERCENT, 2, NOT_OBSERVABLE, parts)
    value, low, high = (100 * each for each in (found.value, *found.interval))
    return Figure(key, value, low, high, parts.all, PERCENT, 2, status, parts)

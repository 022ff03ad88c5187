"""The table of timeliness: how late births were registered, by the cohort they were born in."""

from collections.abc import Iterator, Sequence

from hub.domain.days import Day, add_month
from hub.domain.limits import BIRTH_REGISTRATION, Limits
from hub.statistics import timeliness as time
from hub.statistics.lines import BirthLine
from hub.statistics.tables import (
    COUNT,
    FEW_BIRTHS,
    NORMAL,
    NOT_OBSERVABLE,
    PERCENT,
    Figure,
    Key,
    Parts,
    Slice,
    Table,
    numbers_of,
    percent,
    told,
)  # fmt: skip

DAYS = "DAYS"
BEYOND_MIN = 5
"""A delay that fewer births lie beyond, on either side, is that of a few children and not of a cohort."""
QUANTILES = {"MEDIAN": 0.5, "P90": 0.9}
CENSORED = (
    "尚未登记者日后仍会计入更长的天数；固定期限登记率须该期最晚出生者已满所列天数，否则尚不可观察；"
    "最早出生者尚未满的天数类别同样尚不可观察",
    "births not registered yet will still count with longer delays; a share at a fixed delay is not observable until "
    "the youngest birth of its period is that old, and a class of delay not until the oldest is",
)
FEW = (
    f"中位数须有不少于 {round(BEYOND_MIN / 0.5)} 例出生，第 90 百分位数须有不少于 {round(BEYOND_MIN / 0.1)} 例，否则例数太少",
    f"no median below {round(BEYOND_MIN / 0.5)} births and no 90th percentile below {round(BEYOND_MIN / 0.1)}: too few",
)


def timeliness_table(
    slices: Sequence[Slice], county: str, as_of: Day, limits: Limits, provisional: frozenset[str]
) -> Table:
    """Classes of delay, standing by the legal limit, and shares at fixed delays, of each slice."""
    counts, figures = told(slices, county, lambda part: _followed(part, as_of, limits))
    return Table("timeliness", "出生登记及时性（按出生月份）", "timeliness of registration, by month of birth",
                 counts, figures, [CENSORED, FEW, FEW_BIRTHS], provisional)  # fmt: skip


def _followed(part: Slice, as_of: Day, limits: Limits) -> tuple[dict[Key, tuple[int, ...]], list[Figure]]:
    """The counts and figures of one cohort."""
    followed = list(filter(time.in_cohort, part.lines))
    cohort = time.cohort(part.span, followed, as_of, limits)
    of = Key("COHORT", part.area, part.period)
    counts: dict[Key, tuple[int, ...]] = {of: numbers_of(followed)}
    figures: list[Figure] = []
    early = _unreached(part, as_of, limits)
    for key, lines in (*_delays(of, followed), *_standings(of, followed, limits)):
        if key.by in early and not lines:
            figures.append(Figure(key, None, None, None, (), COUNT, 0, NOT_OBSERVABLE))
        else:
            counts[key] = numbers_of(lines)
    for days, found in cohort.within.items():
        key = Key("REGISTERED_WITHIN", part.area, part.period, by=f"{days}D")
        if found is None:
            figures.append(Figure(key, None, None, None, (of,), PERCENT, 2, NOT_OBSERVABLE))
            continue
        sides = _sides(key, followed, days)
        counts.update(sides)
        within, beyond = sides
        figures.append(percent(key, found, Parts((within,), (beyond,), (of,))))
    return counts, [*figures, *_quantiles(cohort, of)]


def _delays(of: Key, lines: Sequence[BirthLine]) -> Iterator[tuple[Key, list[BirthLine]]]:
    for name in time.CLASSES:
        chosen = [x for x in lines if (days := _delay(x)) is not None and time.delay_class(days) == name]
        yield of._replace(indicator="DELAY", by=name), chosen


def _standings(of: Key, lines: Sequence[BirthLine], limits: Limits) -> Iterator[tuple[Key, list[BirthLine]]]:
    for name in (time.ON_TIME, time.LATE, time.DELAYED, time.NOT_YET):
        yield (
            of._replace(indicator="STANDING", by=name),
            [x for x in lines if time.standing(x, limits) == name],
        )


def _sides(key: Key, lines: Sequence[BirthLine], days: int) -> dict[Key, tuple[int, ...]]:
    """The births registered within so many days, and all others."""
    within = [x for x in lines if (delay := _delay(x)) is not None and delay <= days]
    chosen = {line.number for line in within}
    others = [line for line in lines if line.number not in chosen]
    return {
        key._replace(indicator="WITHIN"): numbers_of(within),
        key._replace(indicator="NOT_WITHIN"): numbers_of(others),
    }


def _unreached(part: Slice, as_of: Day, limits: Limits) -> frozenset[str]:
    """The classes that not even a birth on the first day of the span can be in yet."""
    born = part.span.first
    reached = {
        name: as_of - born > after for name, after in zip(time.CLASSES[1:], time.WITHIN_DAYS, strict=True)
    }
    reached[time.LATE] = as_of > limits.deadline(BIRTH_REGISTRATION, born, part.area)
    reached[time.DELAYED] = as_of > add_month(born, time.GRACE_MONTHS)
    return frozenset(name for name, yes in reached.items() if not yes)


def _delay(line: BirthLine) -> int | None:
    return None if line.registered_on is None else line.registered_on - line.born_on


def _quantiles(cohort: time.Cohort, of: Key) -> Iterator[Figure]:
    for (name, share), delay in zip(QUANTILES.items(), (cohort.median, cohort.p90), strict=True):
        key = of._replace(indicator="DELAY_DAYS", by=name)
        # Beyond a quantile lies a share of the cohort; what is told of fewer is told of each.
        if delay is None or cohort.births * min(share, 1 - share) < BEYOND_MIN - 1e-9:
            yield Figure(key, None, None, None, (of,), DAYS, 0, NOT_OBSERVABLE)
        else:
            yield Figure(key, delay, None, None, (of,), DAYS, 0, NORMAL)

"""Tables of births: counts by place, completeness, sex ratio, outcomes, agreement; and timeliness with them."""

from collections.abc import Iterator, Sequence

from hub.domain.days import Day
from hub.domain.limits import Limits
from hub.statistics import completeness as lists
from hub.statistics import sex_ratio as ratio
from hub.statistics import three_lists as third
from hub.statistics.agreement import agreement
from hub.statistics.completeness import Completeness, Estimate, Linkage
from hub.statistics.lines import BirthLine, grouped
from hub.statistics.places import OUTSIDE, place_of
from hub.statistics.spans import Span, calendar
from hub.statistics.tables import (
    COUNT,
    ESTIMATED,
    FEW_BIRTHS,
    NORMAL,
    NOT_OBSERVABLE,
    PERCENT,
    PROVISIONAL,
    Figure,
    Key,
    Parts,
    Slice,
    Table,
    numbers_of,
    percent,
    sex_code,
    tells_enough,
    told,
)  # fmt: skip
from hub.statistics.tables.timeliness import timeliness_table

RATIO = "RATIO"
SETTLED_DAYS = 60
"""Counts of births grow for so long after the last day of a period: entries and certificates still arrive."""
BOTH_PLACES = (
    "按母亲常住户籍地与出生发生地两种口径同时发布",
    "published both by the mother's usual residence and by where the birth happened",
)
RATIO_NOTE = (
    f"少于 {ratio.BIRTHS_MIN} 例出生不计性别比；通常范围 {ratio.USUAL.low:.0f}–{ratio.USUAL.high:.0f}",
    f"no ratio below {ratio.BIRTHS_MIN} births; the usual range is {ratio.USUAL.low:.0f} to {ratio.USUAL.high:.0f}",
)
THIRD_NOTE = (
    "三名单对数线性模型：按各层 AIC 之和最小选择；不能识别三者共同相关",
    "three lists by a log-linear model, that of the least AIC summed over strata; dependence of all three "
    "at once cannot be seen",
)


def birth_tables(
    lines: Sequence[BirthLine], county: str, as_of: Day, limits: Limits, linkage: Linkage | None = None,
    *, with_third: bool = False, spans: Sequence[Span] | None = None,
) -> list[Table]:  # fmt: skip
    """All tables of births, which are to be released together; of calendar months and years if no spans are given."""
    spans = calendar(line.born_on for line in lines) if spans is None else spans
    listed = [line for line in lines if line.health or line.police]
    unlisted = [line for line in lines if not (line.health or line.police)]
    # By residence: a birth here of a mother from elsewhere counts there, and one elsewhere of a mother from here, here.
    slices = list(_slices([x for x in listed if place_of(x.residence, county) != OUTSIDE], county, spans))
    provisional = frozenset(s.period for s in slices if as_of - s.span.last < SETTLED_DAYS)
    scope = [part._replace(lines=list(filter(lists.in_scope, part.lines))) for part in slices]
    counties = [Slice(county, span, [x for x in listed if span.holds(x.born_on)]) for span in spans]
    counts = dict(_births(slices)) | dict(_occurred(counties, county))
    return [
        Table("births", "出生数", "births", counts, [], [BOTH_PLACES], provisional),
        _completeness(scope, county, linkage, provisional),
        *(
            [
                _three_lists(
                    [x for x in scope if tells_enough(x, county)],
                    list(_slices(unlisted, county, spans)),
                    provisional,
                )
            ]
            if with_third
            else []
        ),
        timeliness_table(
            [part for part in scope if part.area == county and part.span.cohort],
            county,
            as_of,
            limits,
            provisional,
        ),
        _ratios([part for part in slices if part.span.whole or part.area == county], provisional),
        _outcomes(counties, provisional),
        _agreement([part for part in counties if part.span.whole], provisional),
    ]


def _slices(lines: Sequence[BirthLine], county: str, spans: Sequence[Span]) -> Iterator[Slice]:
    """The county by span, its towns where that is asked for."""
    for span in spans:
        group = [line for line in lines if span.holds(line.born_on)]
        yield Slice(county, span, group)
        if span.whole:
            for town, part in sorted(grouped(group, lambda x: place_of(x.residence, county)).items()):
                yield Slice(town, span, part)


# --- counts ---------------------------------------------------------------------------------


def _births(slices: Sequence[Slice]) -> Iterator[tuple[Key, tuple[int, ...]]]:
    for area, span, group in slices:
        yield Key("BIRTHS", area, span.name), numbers_of(group)
        for sex in ("male", "female", "unknown"):
            chosen = [line for line in group if line.sex == sex]
            if chosen or sex != "unknown":
                yield Key("BIRTHS", area, span.name, sex_code(sex)), numbers_of(chosen)


def _occurred(slices: Sequence[Slice], county: str) -> Iterator[tuple[Key, tuple[int, ...]]]:
    """By where births happened; those of mothers from here that happened elsewhere are outside."""
    for _, span, group in slices:
        if span.whole:
            for town, part in sorted(grouped(group, lambda x: place_of(x.occurrence, county)).items()):
                yield Key("BIRTHS_OCCURRED", town, span.name), numbers_of(part)


def _outcomes(slices: Sequence[Slice], provisional: frozenset[str]) -> Table:
    counts = {
        Key("OUTCOME", part.area, part.period, by=outcome): numbers_of(group)
        for part in slices
        if part.span.whole
        for outcome, group in sorted(grouped(part.lines, lambda line: line.outcome).items())
    }
    return Table("outcomes", "出生登记结果", "births by outcome", counts, [], [], provisional)


# --- completeness ---------------------------------------------------------------------------


def _completeness(
    slices: Sequence[Slice], county: str, linkage: Linkage | None, provisional: frozenset[str]
) -> Table:
    counts, figures = told(slices, county, lambda part: _lists(part, linkage, provisional))
    return Table("completeness", "出生登记完整率（双系统估计）", "completeness of birth registration (dual system)",
                 counts, figures, [*lists.assumptions(linkage), FEW_BIRTHS], provisional)  # fmt: skip


def _lists(
    part: Slice, linkage: Linkage | None, provisional: frozenset[str]
) -> tuple[dict[Key, tuple[int, ...]], list[Figure]]:
    """The counts of both lists, and what is estimated from them."""
    area, period, group = part.area, part.period, part.lines
    of = _list_keys(area, period)
    counts = {
        of[0]: numbers_of([line for line in group if line.police]),
        of[1]: numbers_of([line for line in group if line.health]),
        of[2]: numbers_of([line for line in group if line.health and line.police]),
        # What follows from the three by taking away is protected as if it were printed, so it is.
        Key("ONLY_1", area, period): numbers_of([line for line in group if not line.health]),
        Key("ONLY_2", area, period): numbers_of([line for line in group if not line.police]),
    }
    status = PROVISIONAL if period in provisional else ESTIMATED
    return counts, list(_estimates(lists.completeness(group, linkage), of, status))


def _list_keys(area: str, period: str) -> tuple[Key, Key, Key]:
    first, second, third_ = (Key(name, area, period) for name in ("LIST_1", "LIST_2", "BOTH"))
    return first, second, third_


def _estimates(found: Completeness, of: tuple[Key, ...], status: str) -> Iterator[Figure]:
    area, period = of[0].area, of[0].period
    only = [Key(name, area, period) for name in ("ONLY_1", "ONLY_2")]
    for name, share, whole, rest in (
        ("COMPLETENESS_1", found.list_1, of[1], only[1]), ("COMPLETENESS_2", found.list_2, of[0], only[0]),
    ):  # fmt: skip
        yield percent(Key(name, area, period), share, Parts((of[2],), (rest,), (whole,)), status)
    for suffix, estimates in (("", found.estimates), ("-ADJUSTED", found.adjusted)):
        for one in estimates:
            yield from _estimate(one, f"OR{one.odds_ratio:g}{suffix}", of, status)


def _estimate(one: Estimate, by: str, of: tuple[Key, ...], status: str) -> Iterator[Figure]:
    area, period = of[0].area, of[0].period
    yield Figure(Key("TOTAL_BIRTHS", area, period, by=by), one.total, *one.interval, of, COUNT, 1, status)
    low, high = one.union_interval
    if not one.total:
        yield Figure(
            Key("COMPLETENESS_UNION", area, period, by=by), None, None, None, of, PERCENT, 2, NOT_OBSERVABLE
        )
        return
    yield Figure(Key("COMPLETENESS_UNION", area, period, by=by), 100 * one.completeness_union, 100 * low,
                 100 * high, of, PERCENT, 2, status)  # fmt: skip


def _three_lists(slices: Sequence[Slice], unlisted: Sequence[Slice], provisional: frozenset[str]) -> Table:
    """All births by three lists; `unlisted` are those that only the third list holds."""
    counts: dict[Key, tuple[int, ...]] = {}
    figures: list[Figure] = []
    others = {(part.area, part.period): part.lines for part in unlisted}
    for area, (period, *_), listed in slices:
        group = [*listed, *others.get((area, period), ())]
        of = Key("LIST_3", area, period)
        counts[of] = numbers_of([line for line in group if line.third])
        strata = grouped(group, lists.stratum).values()
        found = third.three_lists([third.counts_of(part) for part in strata])
        status = PROVISIONAL if period in provisional else ESTIMATED
        key = Key("TOTAL_BIRTHS_3", area, period, by=found.model)
        figures.append(
            Figure(key, found.total, *found.interval, (of, *_list_keys(area, period)), COUNT, 1, status)
        )
    return Table("three-lists", "出生总数（三名单对数线性模型）", "all births by three lists (log-linear)",
                 counts, figures, [*lists.ASSUMPTIONS[:2], THIRD_NOTE], provisional)  # fmt: skip


# --- sex ratio and agreement ----------------------------------------------------------------


def _ratios(slices: Sequence[Slice], provisional: frozenset[str]) -> Table:
    figures = []
    for area, (period, *_), group in slices:
        found = ratio.sex_ratio(group)
        of = tuple(Key("BIRTHS", area, period, sex) for sex in ("M", "F"))
        key = Key("SEX_RATIO", area, period)
        if found.value is None or found.interval is None:
            figures.append(Figure(key, None, None, None, of, RATIO, 1, NOT_OBSERVABLE))
        else:
            status = PROVISIONAL if period in provisional else NORMAL
            figures.append(Figure(key, found.value, *found.interval, of, RATIO, 1, status))
    return Table(
        "sex-ratio",
        "出生性别比",
        "sex ratio at birth (boys to 100 girls)",
        {},
        figures,
        [RATIO_NOTE],
        provisional,
    )


def _agreement(slices: Sequence[Slice], provisional: frozenset[str]) -> Table:
    counts: dict[Key, tuple[int, ...]] = {}
    figures = []
    for area, (period, *_), group in slices:
        for field, found in agreement(group).items():
            asked, same, other = (
                Key(name, area, period, by=field) for name in ("PAIRS", "PAIRS_AGREE", "PAIRS_DIFFER")
            )
            counts[asked] = numbers_of([line for line in group if field in line.agree])
            counts[same] = numbers_of([line for line in group if line.agree.get(field)])
            # The share tells how many differ, so that is protected as if it were printed.
            counts[other] = numbers_of([line for line in group if not line.agree.get(field, True)])
            key = Key("AGREEMENT", area, period, by=field)
            figures.append(percent(key, found, Parts((same,), (other,), (asked,))))
    return Table("agreement", "出生证明与户口登记字段一致率", "agreement of certificate and entry, by field",
                 counts, figures, [], provisional)  # fmt: skip

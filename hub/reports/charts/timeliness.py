"""What became of the births of each month: registered how late, or not yet."""

from collections.abc import Sequence

from hub.reports.charts import BOTH, bars, drawn, drawn_of, lines, months_of, pick, said, stacks, values_of
from hub.statistics.publication import Publication
from hub.statistics.timeliness import CLASSES, NOT_YET, WITHIN_DAYS

TITLE = "出生登记及时性：按出生月份与天数", "Births by month and days until registered"
FIXED_TITLE = (
    "固定期限内登记率 %（空缺：尚不可观察或未公布）",
    "Registered within so many days, % (gaps: not observable yet, or withheld)",
)
DAYS = "天", "days"
NOT_REGISTERED = "未登记", "not yet"


def timeliness_chart(table: Publication, area: str, language: str = BOTH) -> str:
    """Stacks of delay classes, and of births that nobody has registered yet."""
    months = months_of(table, area)
    series = {f"{name} {said(DAYS, language)}": pick(table, "DELAY", area, name) for name in CLASSES}
    series[said(NOT_REGISTERED, language)] = pick(table, "STANDING", area, NOT_YET)
    return drawn(
        stacks(),
        said(TITLE, language),
        months,
        {name: values_of(found, months) for name, found in series.items()},
    )


def fixed_delay_chart(
    table: Publication, area: str, language: str = BOTH, periods: Sequence[str] = ()
) -> str:
    """Completeness at fixed delays; a month appears once its youngest birth is that old.

    By month, or those of some periods that are told of.
    """
    found = {days: pick(table, "REGISTERED_WITHIN", area, f"{days}D") for days in WITHIN_DAYS}
    months = drawn_of(found.values(), periods) if periods else months_of(table, area)
    series = {f"≤ {days} {said(DAYS, language)}": values_of(found[days], months) for days in WITHIN_DAYS}
    kind = bars if periods else lines
    return drawn(kind(range=(0, 100)), said(FIXED_TITLE, language), months, series)

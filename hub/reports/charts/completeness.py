"""Completeness of registration by month of birth, with its interval."""

from collections.abc import Sequence

from hub.reports.charts import BOTH, bars, drawn, drawn_of, months_of, pick, said, with_intervals
from hub.statistics.lines import TOTAL
from hub.statistics.publication import Publication

TITLE = "出生登记完整率 %（95% 区间）", "Completeness of birth registration, % (95 % interval)"
REGISTERED = "证明中已登记户口", "certificates registered"
EITHER = "任一名单（假定独立）", "on either list (independence)"


def completeness_chart(
    table: Publication, area: str, language: str = BOTH, periods: Sequence[str] = ()
) -> str:
    """Share of certificates on the household register, and of all births on either list.

    By month, or those of some periods that are told of.
    """
    series = {
        said(REGISTERED, language): pick(table, "COMPLETENESS_1", area, TOTAL),
        said(EITHER, language): pick(table, "COMPLETENESS_UNION", area, "OR1"),
    }
    months = drawn_of(series.values(), periods) if periods else months_of(table, area)
    points = {name: with_intervals(found, months) for name, found in series.items()}
    return drawn(bars(range=(0, 100)), said(TITLE, language), months, points)

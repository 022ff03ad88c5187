"""Completeness of registration by month of birth, with its interval."""

from hub.reports.charts import bars, drawn, months_of, pick, with_intervals
from hub.statistics.lines import TOTAL
from hub.statistics.publication import Publication

TITLE = "出生登记完整率（95% 区间）Completeness of birth registration, % (95 % interval)"


def completeness_chart(table: Publication, area: str) -> str:
    """Share of certificates on the household register, and of all births on either list."""
    months = months_of(table, area)
    series = {
        "证明中已登记户口 certificates registered": pick(table, "COMPLETENESS_1", area, TOTAL),
        "任一名单（假定独立）on either list (independence)": pick(table, "COMPLETENESS_UNION", area, "OR1"),
    }
    points = {name: with_intervals(found, months) for name, found in series.items()}
    return drawn(bars(range=(0, 100)), TITLE, months, points)

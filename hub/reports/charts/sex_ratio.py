"""Sex ratio at birth by year, with its interval."""

from hub.reports.charts import BOTH, bars, drawn, pick, said, with_intervals
from hub.statistics.lines import TOTAL
from hub.statistics.publication import Publication

TITLE = "出生性别比（男/百女，95% 区间）", "Boys to 100 girls (95 % interval)"
YEAR_DIGITS = 4


def sex_ratio_chart(table: Publication, area: str, language: str = BOTH) -> str:
    """The ratio of each period that has births enough; years, and months of a large area."""
    found = {
        period: one for period, one in pick(table, "SEX_RATIO", area, TOTAL).items()
        if one.value is not None or len(period) == YEAR_DIGITS
    }  # fmt: skip
    periods = sorted(found)
    # The axis holds the intervals, which would else be drawn over the title.
    top = max((one.high or one.value or 0.0 for one in found.values()), default=0.0)
    return drawn(
        bars(show_legend=False, range=(0, top)),
        said(TITLE, language),
        periods,
        {"SRB": with_intervals(found, periods)},
    )

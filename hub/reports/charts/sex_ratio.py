"""Sex ratio at birth by year, with its interval."""

from collections.abc import Sequence

from hub.reports.charts import BOTH, bars, drawn, drawn_of, pick, said, with_intervals
from hub.statistics.lines import TOTAL
from hub.statistics.publication import Publication

TITLE = "出生性别比（男/百女，95% 区间）", "Boys to 100 girls (95 % interval)"
YEAR_DIGITS = 4


def sex_ratio_chart(table: Publication, area: str, language: str = BOTH, periods: Sequence[str] = ()) -> str:
    """The ratio of each year, or of those of some periods that have births enough."""
    ratios = pick(table, "SEX_RATIO", area, TOTAL)
    if periods:
        periods = drawn_of([ratios], periods)
    else:
        periods = sorted(period for period in ratios if len(period) == YEAR_DIGITS)
    found = {period: ratios[period] for period in periods}
    # The axis holds the intervals, which would else be drawn over the title.
    top = max((one.high or one.value or 0.0 for one in found.values()), default=0.0)
    return drawn(
        bars(show_legend=False, range=(0, top)),
        said(TITLE, language),
        periods,
        {"SRB": with_intervals(found, periods)},
    )

"""Stock of migrants at the end of each month, and who came and left."""

from hub.reports.charts import BOTH, bars, drawn, lines, months_of, pick, said, values_of
from hub.statistics.flows import MIGRANT, OUTSIDE
from hub.statistics.publication import Publication

STOCK_TITLE = "流动人口月末存量", "Migrants at the end of each month"
FLOW_TITLE = "流动人口迁入迁出（按月）", "Migrants in and out, by month"
FLOWS = {"IN": ("迁入", "in"), "OUT": ("迁出", "out")}


def stock_chart(table: Publication, area: str, language: str = BOTH) -> str:
    """The stock by month."""
    months = months_of(table, area)
    stock = values_of(pick(table, "STOCK_END", area, MIGRANT), months)
    return drawn(lines(show_legend=False), said(STOCK_TITLE, language), months, {MIGRANT: stock})


def flow_chart(table: Publication, area: str, language: str = BOTH) -> str:
    """Arrivals from and departures to outside the county."""
    months = months_of(table, area)
    by = f"{MIGRANT}/{OUTSIDE}"
    points = {
        said(words, language): values_of(pick(table, code, area, by), months) for code, words in FLOWS.items()
    }
    return drawn(bars(), said(FLOW_TITLE, language), months, points)

"""Stock of migrants at the end of each month, and who came and left."""

from hub.reports.charts import bars, drawn, lines, months_of, pick, values_of
from hub.statistics.flows import MIGRANT, OUTSIDE
from hub.statistics.publication import Publication

STOCK_TITLE = "流动人口月末存量 Migrants at the end of each month"
FLOW_TITLE = "流动人口迁入迁出 Migrants in and out, by month"


def stock_chart(table: Publication, area: str) -> str:
    """The stock by month."""
    months = months_of(table, area)
    stock = values_of(pick(table, "STOCK_END", area, MIGRANT), months)
    return drawn(lines(show_legend=False), STOCK_TITLE, months, {MIGRANT: stock})


def flow_chart(table: Publication, area: str) -> str:
    """Arrivals from and departures to outside the county."""
    months = months_of(table, area)
    by = f"{MIGRANT}/{OUTSIDE}"
    series = {"迁入 in": "IN", "迁出 out": "OUT"}
    points = {name: values_of(pick(table, code, area, by), months) for name, code in series.items()}
    return drawn(bars(), FLOW_TITLE, months, points)

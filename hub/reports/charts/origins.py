"""Where migrants are from and where they live: a table whose cells are darker the more they hold."""

from collections.abc import Callable
from html import escape

from hub.reports.charts import BOTH, said
from hub.statistics.lines import TOTAL
from hub.statistics.publication import Observation, Publication

TITLE = "流动人口来源地（行）× 乡镇（列）", "Migrants by origin (rows) and town (columns)"
ALL = "合计", "total"
COLOUR = "47, 125, 91"
DARK = 0.55
WITHHELD = "…"


def origins_table(
    table: Publication, county: str, language: str = BOTH, label: Callable[[str], str] = str
) -> str:
    """HTML; what is withheld shows an ellipsis, nobody a zero. `label` says what a place is called."""
    cells = {(x.key.by, x.key.area): x for x in table.observations if x.key.indicator == "ORIGIN"}
    origins = sorted({origin for origin, _ in cells} - {TOTAL})
    towns = sorted({area for _, area in cells} - {county})
    most = (
        max((x.value or 0 for (by, area), x in cells.items() if by != TOTAL and area != county), default=0)
        or 1
    )
    heading = "".join(f"<th>{escape(town)}</th>" for town in (*map(label, towns), said(ALL, language)))
    rows = [f"<tr><th></th>{heading}</tr>"]
    for origin in (*origins, TOTAL):
        head = said(ALL, language) if origin == TOTAL else escape(label(origin))
        shown = "".join(_cell(cells.get((origin, area)), most, total=origin == TOTAL or area == county)
                        for area in (*towns, county))  # fmt: skip
        rows.append(f"<tr><th>{head}</th>{shown}</tr>")
    return f"<table><caption>{escape(said(TITLE, language))}</caption>{''.join(rows)}</table>"


def _cell(found: Observation | None, most: float, *, total: bool) -> str:
    value = 0.0 if found is None else found.value
    if value is None:
        return f'<td class="n">{WITHHELD}</td>'
    share = 0.0 if total else value / most
    style = f' style="background: rgba({COLOUR}, {share:.2f}); color: {"#fff" if share > DARK else "#223"}"'
    return f'<td class="n"{style if share else ""}>{value:,.0f}</td>'

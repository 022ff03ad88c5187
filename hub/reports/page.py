"""One page with charts: births, migrants, discrepancies, feeds. Counts only, nobody named."""

from collections import Counter
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import pygal
from jinja2 import Environment
from pygal.style import CleanStyle
from sqlalchemy import Connection, func, select

from hub.domain.births import OUTCOMES
from hub.domain.days import iso
from hub.domain.discrepancies import CATALOGUE
from hub.projections import discrepancies, residents

STYLE = CleanStyle(
    font_family="Noto Sans CJK SC, Microsoft YaHei, PingFang SC, sans-serif", label_font_size=11
)


def svg(chart: Any) -> str:
    """A chart as it stands inside a page."""
    return str(chart.render(is_unicode=True, disable_xml_declaration=True))


def _bars(title: str, series: Mapping[str, list[int]], labels: list[str], *, wide: bool = False) -> str:
    kind = pygal.HorizontalBar if wide else pygal.Bar
    chart = kind(style=STYLE, height=420 if wide else 320, width=760, legend_at_bottom=True, js=(),
                 show_legend=len(series) > 1, x_label_rotation=0 if wide else 35)  # fmt: skip
    if wide:
        chart.margin_left = 90  # the library measures Chinese labels as if they were Latin
    chart.title = title
    chart.x_labels = labels
    for name, values in series.items():
        chart.add(name, values)
    return svg(chart)


def flows(db: Connection) -> tuple[list[str], dict[str, list[int]]]:
    """Migrants who arrived and who left, by month of the story."""
    arrived: Counter[str] = Counter()
    left: Counter[str] = Counter()
    for (spells,) in db.execute(select(residents.c.spells)):
        for spell in spells:
            if spell["status"] == "migrant":
                arrived[iso(spell["arrived_on"])[:7]] += 1
                if spell["left_on"] is not None:
                    left[iso(spell["left_on"])[:7]] += 1
    months = sorted(arrived.keys() | left.keys())[-24:]
    return months, {"迁入 in": [arrived[m] for m in months], "迁出 out": [left[m] for m in months]}


def write_page(
    path: Path, db: Connection, status: Mapping[str, Any], feeds: Mapping[str, Mapping[str, int]], county: str
) -> None:
    """Draw the county as it stands into one self-contained HTML file."""
    births = status["births"]
    months, moved = flows(db)
    owners: dict[str, dict[str, int]] = {}
    where = discrepancies.c.status == "standing"
    columns = (discrepancies.c.kind, discrepancies.c.owner)
    for kind, owner, count in db.execute(select(*columns, func.count()).where(where).group_by(*columns)):
        owners.setdefault(owner, {})[kind] = count
    kinds = [code for code in CATALOGUE if any(code in counts for counts in owners.values())]
    charts = [
        _bars("出生登记结果 Births by outcome", {"births": list(births.values())}, [" ".join(OUTCOMES[o]) for o in births]),
        _bars("流动人口迁入迁出 Migrants in and out", moved, months),
        _bars("不一致：类型与责任部门 Discrepancies standing, by kind and owner",
              {owner: [counts.get(k, 0) for k in kinds] for owner, counts in sorted(owners.items())},
              [CATALOGUE[k].zh for k in kinds], wide=True),
        _bars("各来源被隔离与警告 Refused and warned rows by feed",
              {"隔离 quarantined": [f["quarantined"] for f in feeds.values()],
               "警告 warned": [f["warnings"] for f in feeds.values()]}, list(feeds), wide=True),
    ]  # fmt: skip
    template = files("hub.reports").joinpath("page.html").read_text("utf-8")
    page = Environment(autoescape=True).from_string(template)
    path.write_text(page.render(
        charts=charts, status=status, feeds=feeds, county=county, catalogue=CATALOGUE, kinds=kinds, owners=owners,
    ), encoding="utf-8")  # fmt: skip

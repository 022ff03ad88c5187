"""The scorecards of feeds as one printable page: counts and shares with their numbers, no marks, nobody named."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import pygal
from jinja2 import Environment

from hub.connect.reasons import REASONS
from hub.domain.watching import FIGURES
from hub.reports.page import STYLE, svg

REASONS_SHOWN = 8
LABEL_MARGIN = 90
"""The library measures Chinese labels as if they were Latin ones."""
Card = Mapping[str, Any]


def write_scorecards(path: Path, cards: Sequence[Card]) -> None:
    """Draw the cards into one self-contained HTML file."""
    template = files("hub.reports").joinpath("scorecard.html").read_text("utf-8")
    page = Environment(autoescape=True).from_string(template)
    shown = [
        {**card, "charts": charts(card), "latest": card["months"][-1] if card["months"] else None}
        for card in cards
    ]
    path.write_text(page.render(cards=shown, reasons=REASONS, figures=FIGURES), encoding="utf-8")


def charts(card: Card) -> list[str]:
    """Rows by month, what was set aside and corrected, why, and how full each field is."""
    months = card["months"]
    if not months:
        return []
    labels = [month["month"] for month in months]
    rows = pygal.StackedBar(**_look(), x_label_rotation=35)
    rows.title = "每月行数 Rows by month"
    rows.x_labels = labels
    rows.add("接收 accepted", [m["accepted"] for m in months])
    rows.add("未变 unchanged", [m["unchanged"] for m in months])
    rows.add("隔离 quarantined", [m["quarantined"] for m in months])
    shares = pygal.Line(**_look(), x_label_rotation=35, range=(0, _top(months)), dots_size=3)
    shares.title = "隔离与后被更正的比例（%）Share set aside, and later corrected (%)"
    shares.x_labels = labels
    shares.add("隔离 set aside / 收到 received", [_percent(m["quarantined"], m["received"]) for m in months])
    shares.add(
        "后被更正 later corrected / 版本 versions", [_percent(m["corrected"], m["measured"]) for m in months]
    )
    return [svg(rows), svg(shares), *_why(months), *_full(months)]


def _why(months: Sequence[Card]) -> list[str]:
    total: dict[str, int] = {}
    for month in months:
        for code, count in month["reasons"].items():
            total[code] = total.get(code, 0) + count
    most = sorted(total.items(), key=lambda pair: -pair[1])[:REASONS_SHOWN]
    if not most:
        return []
    chart = pygal.HorizontalBar(**_look(legend=False, height=110 + 24 * len(most)), margin_left=LABEL_MARGIN)
    chart.title = "提示与隔离的原因 Warnings and refusals by reason"
    chart.x_labels = [REASONS[code].zh if code in REASONS else code for code, _ in reversed(most)]
    chart.add("", [count for _, count in reversed(most)])
    return [svg(chart)]


def _full(months: Sequence[Card]) -> list[str]:
    """Over the months shown, since a small feed's month is a handful of rows."""
    n = sum(month["measured"] for month in months)
    if not n:
        return []
    names = list(months[-1]["filled"])
    filled = {
        name: sum((month["filled"][name] or 0) * month["measured"] for month in months) / n for name in names
    }
    chart = pygal.HorizontalBar(**_look(legend=False, height=90 + 22 * len(names)), range=(0, 100))
    chart.title = f"各字段填写率（%），n={n:,} 个版本 Fields filled (%), n={n:,} versions"
    chart.x_labels = list(reversed(names))
    chart.add("", [round(100 * filled[name], 1) for name in reversed(names)])
    return [svg(chart)]


def _look(*, legend: bool = True, height: int = 320) -> dict[str, Any]:
    return {
        "style": STYLE, "height": height, "width": 760, "legend_at_bottom": True, "js": (), "show_legend": legend,
        "legend_at_bottom_columns": 3 if legend else 1, "truncate_legend": -1, "margin_bottom": 30,
    }  # fmt: skip


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 2) if whole else None


def _top(months: Sequence[Card]) -> float:
    """A scale that does not make two in a thousand look like a disaster."""
    shares = [_percent(m["quarantined"], m["received"]) or 0 for m in months]
    shares += [_percent(m["corrected"], m["measured"]) or 0 for m in months]
    return max(5.0, max(shares) * 1.1)

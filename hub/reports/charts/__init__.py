"""Charts of published statistics as SVG, and a heat table as HTML: each takes a publication and a language.

What was withheld or cannot be observed yet is a gap, never a zero. The same figures are the same bytes.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pygal
from pygal.style import CleanStyle

from hub.statistics.publication import Observation, Publication

COLOURS = ("#3f5f8f", "#f3c566", "#b5683f", "#d9e8d2", "#1d2433", "#7fb39b")
"""Told apart by their greys too: pages are printed in black and white. None may be seen through."""
LINE = "#c4cad3"
STYLE = CleanStyle(
    font_family="Noto Sans CJK SC, Microsoft YaHei, PingFang SC, sans-serif",
    label_font_size=11,
    colors=COLOURS,
    opacity="1",
    guide_stroke_color=LINE,
    major_guide_stroke_color=LINE,
    plot_background="white",
)
MONTH = re.compile(r"\d{4}-\d\d")
"""A half year (2026-H1) has as many letters."""
BESIDE = re.compile(r"<script\b.*?</script>|<!--.*?-->", re.DOTALL)
ZH, EN, BOTH = "zh", "en", "both"
Words = tuple[str, str]
"""What something is called in Chinese and English."""
SIZE: Mapping[str, Any] = {"style": STYLE, "width": 900, "height": 360, "legend_at_bottom": True, "js": ()}


def said(words: Words, language: str) -> str:
    """Words in one language, or in both."""
    return " ".join(words) if language == BOTH else words[language == EN]


def months_of(table: Publication, area: str) -> list[str]:
    """The months that a table has of an area."""
    found = {x.key.period for x in table.observations if x.key.area == area and MONTH.fullmatch(x.key.period)}
    return sorted(found)


def drawn_of(found: Iterable[Mapping[str, Observation]], periods: Iterable[str]) -> list[str]:
    """The periods of which anything is told."""
    told = list(found)
    return [p for p in periods if any(p in one and one[p].value is not None for one in told)]


def pick(table: Publication, indicator: str, area: str, by: str) -> dict[str, Observation]:
    """Period to the observation of one indicator, both sexes together."""
    return {
        x.key.period: x
        for x in table.observations
        if (x.key.indicator, x.key.area, x.key.by, x.key.sex) == (indicator, area, by, "_T")
    }


def values_of(found: Mapping[str, Observation], periods: Iterable[str]) -> list[float | None]:
    """Values in the order of periods."""
    return [found[period].value if period in found else None for period in periods]


def with_intervals(found: Mapping[str, Observation], periods: Iterable[str]) -> list[dict[str, Any] | None]:
    """Values with their intervals, as pygal draws them."""
    points: list[dict[str, Any] | None] = []
    for period in periods:
        one = found.get(period)
        if one is None or one.value is None:
            points.append(None)
        elif one.low is None or one.high is None:
            points.append({"value": one.value})
        else:
            points.append({"value": one.value, "ci": {"low": one.low, "high": one.high}})
    return points


def drawn(chart: Any, title: str, labels: Sequence[str], series: Mapping[str, Sequence[Any]]) -> str:
    """A chart as SVG; nothing where there is nothing to draw."""
    if all(value is None for values in series.values() for value in values):
        return ""
    # Charts on one page need ids of their own; drawn from a hat they would differ each time.
    chart.uuid = hashlib.sha256(repr((title, labels, series)).encode()).hexdigest()[:16]
    chart.title = title
    chart.x_labels = list(labels)
    for name, values in series.items():
        chart.add(name, values)
    # The library writes its settings for a script that is not there, and the day on which it drew.
    return BESIDE.sub("", str(chart.render(is_unicode=True, disable_xml_declaration=True)))


def bars(**more: Any) -> Any:
    """A chart of bars beside each other."""
    return pygal.Bar(**SIZE, x_label_rotation=35, **more)


def stacks(**more: Any) -> Any:
    """A chart of bars on top of each other."""
    return pygal.StackedBar(**SIZE, x_label_rotation=35, **more)


def lines(**more: Any) -> Any:
    """A chart of lines; a missing point breaks one."""
    return pygal.Line(**SIZE, x_label_rotation=35, allow_interruptions=True, **more)

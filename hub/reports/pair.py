"""Two profiles on one page: side by side, and a waterfall of what each field adds or takes."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment

from hub.matching import words
from hub.reports.bars import TOTAL, Bar, Mark, bars


def write_pair_page(path: Path, pair: Mapping[str, Any]) -> None:
    """Draw one pair into one self-contained HTML file."""
    write_pairs_page(path, f"配对 Pair {pair['pair']}", [pair], {})


def write_pairs_page(
    path: Path, title: str, pairs: Sequence[Mapping[str, Any]], person: Mapping[str, Any]
) -> None:
    """Draw pairs into one self-contained HTML file, each under its sentence."""
    template = files("hub.reports").joinpath("pairs.html").read_text("utf-8")
    page = Environment(autoescape=True).from_string(template)
    drawn = [{**pair, "chart": waterfall(pair)} for pair in pairs]
    path.write_text(
        page.render(title=title, pairs=drawn, person=person, words=words.FIELDS), encoding="utf-8"
    )


def waterfall(pair: Mapping[str, Any]) -> str:
    """Each field's bar starts where the one above ended; the last is the whole, against the lines of the model."""
    rows: list[Bar] = []
    at = 0.0
    for field in pair["fields"]:
        label = f"{field['field_zh']} {field['field_en']}: {field['level_zh']} {field['level']}"
        end = round(at + field["weight"], 2)
        rows.append(Bar(label, at, end, note=f"{field['weight']:+.1f}"))
        at = end
    rows.append(Bar("合计 in all", 0.0, pair["weight"], TOTAL, f"{pair['weight']:.1f}"))
    marks = (
        Mark(pair["review"], f"复核 {pair['review']:.1f}"),
        Mark(pair["link"], f"关联 link {pair['link']:.1f}"),
    )
    return bars("每个字段加减多少比特 What each field adds or takes, in bits", rows, marks)

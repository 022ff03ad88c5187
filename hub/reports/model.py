"""A model on one page: how it settled, what each level weighs, where the bands lie."""

from importlib.resources import files
from pathlib import Path

from jinja2 import Environment

from hub.matching import Model, words
from hub.matching.document import LevelWeight, level_weights
from hub.matching.model import WEIGHT_NEVER
from hub.reports.bars import HEADING, Bar, bars, line

SHOWN_MIN = -30.0


def write_model_page(path: Path, model: Model) -> None:
    """Draw a model into one self-contained HTML file."""
    weights = level_weights(model)
    learnt = model.document.get("learnt")
    charts = [bars("每一级一致值多少比特 What each level of agreement weighs, in bits", weight_bars(weights))]
    if learnt and learnt["matches"]:
        charts.insert(0, line("每轮之后预计的同人配对数 Expected pairs of one person after each round", learnt["matches"]))  # fmt: skip
    template = files("hub.reports").joinpath("model.html").read_text("utf-8")
    page = Environment(autoescape=True).from_string(template)
    path.write_text(page.render(
        model=model, learnt=learnt, charts=charts, weights=weights, fields=words.FIELDS, levels=words.LEVELS,
    ), encoding="utf-8")  # fmt: skip


def weight_bars(weights: list[LevelWeight]) -> list[Bar]:
    """A heading for each comparison, a bar for each of its levels."""
    rows: list[Bar] = []
    before = ""
    for item in weights:
        if item.comparison != before:
            rows.append(Bar(" ".join(words.FIELDS[item.comparison]), kind=HEADING))
            before = item.comparison
        label = " ".join(words.level(item.level))
        # What can never be one person weighs beyond any scale: the chart cuts it off, the number stays.
        shown = max(item.weight, SHOWN_MIN)
        note = "绝不 never" if item.weight <= WEIGHT_NEVER else f"{item.weight:+.1f}"
        rows.append(Bar(label, 0.0, shown, note=f"{'≈ ' if item.counted else ''}{note}"))
    return rows

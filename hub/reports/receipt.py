"""A receipt, and a department's receipts over time, as pages to be printed: one file each, without scripts.

They name rows, fields and reasons, never a value: a page may lie on a desk.
"""

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from itertools import islice
from typing import Any

import pygal
from jinja2 import Environment

from hub.connect.reasons import REASONS, Reason
from hub.reports.page import STYLE

LANGUAGES = ("both", "zh", "en")
ROWS_PRINTED_MAX, BATCHES_PRINTED_MAX = 400, 400
BESIDE = re.compile(r"<script.*?</script>|<!--.*?-->", re.DOTALL)
"""What the library writes beside the drawing."""
UNKNOWN = Reason("未知代码", "a code of a newer hub", "", "")
Say = Callable[[str, str], str]


def said_in(language: str) -> Say:
    """Picks the words of a language, or both."""
    return {"zh": lambda zh, _: zh, "en": lambda _, en: en}.get(language, lambda zh, en: f"{zh} {en}")


def receipt_page(
    content: bytes, receipt: Mapping[str, Any], headings: Mapping[str, str], language: str
) -> str:
    """The page of a signed receipt; `headings` are what the department calls its fields."""
    set_aside = receipt["set_aside"]
    problems = [
        (row["row"], reason["field"], reason["code"]) for row in set_aside for reason in row["reasons"]
    ]
    aside = Counter(code for _, _, code in problems)
    by_field = Counter((field, code) for _, field, code in problems)
    return _rendered("receipt.html", language, {
        "receipt": receipt, "counts": receipt["counts"], "headings": headings,
        "reasons": [(code, _reason(code), count, aside[code]) for code, count in sorted(receipt["reasons"].items())],
        "fields": [(field, code, _reason(code), count) for (field, code), count in sorted(by_field.items())],
        "rows": problems[:ROWS_PRINTED_MAX], "more": max(0, len(problems) - ROWS_PRINTED_MAX),
        "reason_of": _reason, "sha256": hashlib.sha256(content).hexdigest(),
        "signature": _signature_in(content),
    })  # fmt: skip


def history_page(
    feed: str, days: tuple[str, str], months: Sequence[Mapping[str, Any]], batches: Sequence[Mapping[str, Any]], language: str,
) -> str:  # fmt: skip
    """The page of a department's receipts between two days: by month as a chart and a table, then each."""
    say = said_in(language)
    chart = pygal.StackedBar(
        style=STYLE, height=300, width=760, legend_at_bottom=True, js=(), x_label_rotation=35
    )
    chart.title = say("各月报送行数", "rows by month")
    chart.x_labels = [month["month"] for month in months]
    for name, words in (("accepted", ("接收", "accepted")), ("unchanged", ("未变", "unchanged")),
                        ("quarantined", ("隔离", "set aside"))):  # fmt: skip
        chart.add(say(*words), [month[name] for month in months])
    drawn = BESIDE.sub("", str(chart.render(is_unicode=True, disable_xml_declaration=True)))
    total = Counter[str]()
    for month in months:
        total.update({name: count for name, count in month.items() if name != "month"})
    return _rendered("history.html", language, {
        "feed": feed, "days": days, "months": months, "total": total, "chart": drawn if months else "",
        "batches": list(islice(batches, BATCHES_PRINTED_MAX)), "more": max(0, len(batches) - BATCHES_PRINTED_MAX),
    })  # fmt: skip


def _rendered(name: str, language: str, values: Mapping[str, Any]) -> str:
    folder = files("hub.reports")
    style = folder.joinpath("print.css").read_text("utf-8")
    template = folder.joinpath(name).read_text("utf-8")
    page = Environment(autoescape=True, trim_blocks=True).from_string(template)
    return page.render(values, say=said_in(language), lang="en" if language == "en" else "zh", style=style)


def _reason(code: str) -> Reason:
    return REASONS.get(code, UNKNOWN)


def _signature_in(content: bytes) -> str:
    """The signature as it stands in the file, which ends in it."""
    found = content.rsplit(b'"signature":"', 1)[1].split(b'"', 1)[0]
    assert len(base64.b64decode(found)) == 64
    return found.decode()

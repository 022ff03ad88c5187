"""How receipts look: a table per feed for the balance, one line for each complaint.

A line says which file, row and field, why, and what to do, in Chinese and
English; the same stands in the JSON that machines read.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from hub.connect.reasons import REASONS
from hub.connect.receipts import Receipt

LINES_SHOWN_MAX = 50
COUNTS = ("received", "accepted", "unchanged", "quarantined", "warnings")
HEADINGS = ("收到 received", "接收 accepted", "未变 unchanged", "隔离 quarantined", "警告 warned")


def answer(receipts: Sequence[Receipt]) -> list[dict[str, Any]]:
    """Receipts for machines, each complaint with its reason in words."""
    return [
        receipt._asdict() | {"rows": [complaint | words(complaint) for complaint in receipt.rows]}
        for receipt in receipts
    ]


def words(complaint: Mapping[str, Any]) -> dict[str, str]:
    """Why, and what to do."""
    reason = REASONS[complaint["code"]]
    said = complaint.get("message", reason.en)
    return {"why": f"{reason.zh} {said}", "todo": reason.todo}


def show(receipts: Sequence[Receipt]) -> None:
    """Receipts for people."""
    totals: dict[str, list[int]] = {}
    for receipt in receipts:
        counts = totals.setdefault(receipt.feed, [0] * len(COUNTS))
        totals[receipt.feed] = [a + getattr(receipt, name) for a, name in zip(counts, COUNTS, strict=True)]
    table = Table("feed", title="回执 receipts", title_justify="left")
    for name in HEADINGS:
        table.add_column(name, justify="right")
    for feed, counts in sorted(totals.items()):
        table.add_row(feed, *(f"{count:,}" for count in counts))
    Console().print(table)
    lines = list(_lines(receipts))
    for line in lines[:LINES_SHOWN_MAX]:
        click.echo(line)
    if len(lines) > LINES_SHOWN_MAX:
        click.echo(f"(+{len(lines) - LINES_SHOWN_MAX} more; --json lists all)")


def _lines(receipts: Sequence[Receipt]) -> Iterator[str]:
    for receipt in receipts:
        for complaint in receipt.rows:
            said = words(complaint)
            row = f" 第{complaint['row']}行 row {complaint['row']}" if complaint["row"] else ""
            field = f" {_field(complaint)}" if complaint["field"] else ""
            yield f"{receipt.feed} {receipt.drop}{row}{field}: {said['why']} → {said['todo']}"
    columns = {
        (receipt.feed, receipt.drop, column, why): None
        for receipt in receipts
        for found, why in (
            (
                receipt.ignored_columns,
                "约定中没有的列，未读取未保存 the contract does not name it: never stored",
            ),
            (receipt.refused_columns, "本系统拒绝保存的内容 the hub refuses to hold it: never stored"),
        )
        for column in found
    }
    for feed, drop, column, why in columns:
        yield f"{feed} {drop} {column}: {why} → 请从导出中去除该列 leave the column out of the export"


def _field(complaint: Mapping[str, Any]) -> str:
    heading, name = complaint["heading"], complaint["field"]
    return heading if heading == name else f"{heading} ({name})"

"""How receipts look: a table per feed for the balance, one line for each complaint.

A line says which file, row and field, why, and what to do, in Chinese and
English; the same stands in the JSON that machines read.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from hub.connect.reasons import REASONS, Reason
from hub.connect.receipts import Receipt

LINES_SHOWN_MAX = 50
COMPLAINTS_KEPT_MAX = 100_000
COUNTS = ("received", "accepted", "unchanged", "quarantined", "warnings")
HEADINGS = ("收到\nreceived", "接收\naccepted", "未变\nunchanged", "隔离\nquarantined", "警告\nwarned")
DONE = {"warn": "警告 warned", "quarantine": "隔离 set aside", "note": "说明 noted"}
IGNORED = Reason(
    "约定中没有的列，未读取未保存", "columns that the contract does not name: not read, never stored",
    "不必报送；如有需要请先修改约定", "leave them out, or have the contract name them",
)  # fmt: skip
REFUSED = Reason(
    "本系统拒绝保存的列，未读取未保存", "columns that the hub refuses to hold: not read, never stored",
    "请从导出中去除", "leave them out of the export",
)  # fmt: skip


class Told:
    """The receipts of one ingestion; of complaints beyond a bound, their counts alone."""

    def __init__(self) -> None:
        self.receipts: list[Receipt] = []
        self.clean = True
        self._complaints = 0

    def add(self, receipt: Receipt) -> None:
        """Keep a receipt."""
        self.clean = self.clean and receipt.clean
        rows = receipt.rows[: COMPLAINTS_KEPT_MAX - self._complaints]
        self._complaints += len(rows)
        self.receipts.append(receipt._replace(rows=rows))


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
    if not receipts:
        click.echo("没有新的报送 nothing new to read")
        return
    totals: dict[str, list[int]] = {}
    for receipt in receipts:
        counts = totals.setdefault(receipt.feed, [0] * len(COUNTS))
        totals[receipt.feed] = [a + getattr(receipt, name) for a, name in zip(counts, COUNTS, strict=True)]
    table = Table(title="回执 receipts", title_justify="left")
    table.add_column("feed", overflow="fold")
    for name in HEADINGS:
        table.add_column(name, justify="right", no_wrap=True)
    for feed, counts in sorted(totals.items()):
        table.add_row(feed, *(f"{count:,}" for count in counts))
    Console().print(table)
    lines = _lines(receipts)
    for line in islice(lines, LINES_SHOWN_MAX):
        click.echo(line)
    if more := sum(1 for _ in lines):
        click.echo(f"(另有 {more:,} 条，见 --json; {more:,} more, listed by --json)")


def _lines(receipts: Sequence[Receipt]) -> Iterator[str]:
    for receipt in receipts:
        for complaint in receipt.rows:
            said = words(complaint)
            row = f" 第{complaint['row']}行 row {complaint['row']}" if complaint["row"] else ""
            field = f" {_field(complaint)}" if complaint["field"] else ""
            done = DONE[complaint["severity"]]
            yield f"{done} {receipt.feed} {receipt.drop}{row}{field}: {said['why']} → {said['todo']}"
    seen = {(r.feed, r.drop, tuple(r.ignored_columns), tuple(r.refused_columns)): None for r in receipts}
    for feed, drop, ignored, refused in seen:
        for columns, why in ((ignored, IGNORED), (refused, REFUSED)):
            if columns:
                yield f"警告 warned {feed} {drop} {', '.join(columns)}: {why.why} → {why.todo}"


def _field(complaint: Mapping[str, Any]) -> str:
    heading, name = complaint["heading"], complaint["field"]
    return heading if heading == name else f"{heading} ({name})"

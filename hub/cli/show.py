"""How answers look on a terminal: tables and bars for people, JSON for machines."""

import sys
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table

from hub.domain.discrepancies import CATALOGUE
from hub.domain.watching import KINDS


def emit(answer: Any, json_: bool, show: Callable[[], None]) -> None:
    """JSON on standard output where asked for, else what people read."""
    if json_:
        click.echo(msgspec.json.encode(answer).decode())
    else:
        show()


class Progress:
    """A bar on standard error while long work lasts; silent when not on a terminal."""

    def __init__(self, unit: str, *, quiet: bool) -> None:
        self._bars = Bars(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            console=Console(stderr=True), disable=quiet or not sys.stderr.isatty(), transient=True,
        )  # fmt: skip
        self._task = self._bars.add_task(unit, total=None)

    def __enter__(self) -> "Progress":
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def add(self, count: int) -> None:
        """So many more are done."""
        self._bars.advance(self._task, count)

    def to(self, done: int, total: int) -> None:
        """So many of all are done."""
        self._bars.update(self._task, completed=done, total=total)


def table(title: str, answer: Any) -> None:
    """Any answer as a table: a list of rows by columns, a mapping by its keys."""
    shown = Table(title=title, title_justify="left")
    if isinstance(answer, Mapping):
        shown.add_column("what")
        shown.add_column("value", overflow="fold")
        for key, value in answer.items():
            shown.add_row(str(key), _text(value))
    else:
        rows: Sequence[Mapping[str, Any]] = answer
        if not rows:
            click.echo(f"{title}: 无 none")
            return
        names = [n for n in rows[0] if n not in ("spells", "note", "subject")]
        for name in names:
            shown.add_column(name, overflow="fold")
        for row in rows:
            shown.add_row(*(_text(row[name]) for name in names))
    Console().print(shown)


def show_status(found: dict[str, Any]) -> None:
    """The status, and below it an alarm for each feed whose rows have waited too long."""
    # A year is no quantity.
    table("status", found | {"holidays_missing": str(found["holidays_missing"] or "")})
    show_late(found)
    show_watch(found)
    show_under_target(found)
    if year := found["holidays_missing"]:
        click.echo(
            f"缺少{year}年节假日安排 no notice about the holidays of {year} is known: deadlines in working days "
            "count them as worked → [hub] calendar"
        )
    for feed, counts in found["quarantine"].items():
        if counts["overdue"]:
            click.echo(
                f"逾期 overdue: {feed}: {counts['waiting']:,} 行待处理, 最早 {counts['oldest']} "
                f"({counts['waiting']:,} rows wait, the oldest for {counts['oldest_days']} days) → "
                f"hub quarantine list --feed {feed}"
            )


def show_watch(found: Mapping[str, Any]) -> None:
    """What is odd about feeds, and proposals about vanished records that somebody has to decide on."""
    for feed, kinds in found["watch"].items():
        said = ", ".join(f"{KINDS[kind].zh} {kind} {count}" for kind, count in kinds.items())
        click.echo(f"来源异常 odd: {feed}: {said} → hub feeds scorecard {feed}")
    for feed, state in found["vanished"].items():
        click.echo(f"记录消失 vanished: {feed}: {state} → hub feeds vanished show {feed}")


def show_under_target(found: Mapping[str, Any]) -> None:
    """Kinds of discrepancies that are surely right less often than they are to be."""
    for kind, said in found["under_target"].items():
        click.echo(
            f"准确率不足 under target: {kind} {CATALOGUE[kind].zh}: {said['precision']:.2f} "
            f"[{said['low']:.2f}–{said['high']:.2f}] < {said['target']:.2f}, "
            f"{said['judged']:,} 件已判定 judged → hub discrepancies precision"
        )


def show_late(found: Mapping[str, Any]) -> None:
    """A line for each feed whose next delivery is overdue."""
    for feed, said in found["rhythm"].items():
        if said["late"]:
            click.echo(f"迟报 late: {feed}: 上次 {said['last']} (due {said['due']}) → ask its department")


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return "\n".join(f"{key}: {_text(item)}" for key, item in value.items())
    if isinstance(value, float):
        return f"{value:,.3f}"
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: ""}[value]
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    return str(value)

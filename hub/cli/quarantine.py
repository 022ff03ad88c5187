"""`hub quarantine …`: rows that were set aside, and what a person does about them."""

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from hub.app import Hub
from hub.cli.common import as_json, opened, queries
from hub.cli.show import emit, table
from hub.connect import quarantine as rows
from hub.connect.quarantine import Retried
from hub.connect.reasons import REASONS
from hub.domain.days import iso
from hub.errors import NotFoundError, SettingsError
from hub.projections.quarantine import READ_AGAIN, Chosen, QuarantinedRow

FINDINGS = 1
ID_SHOWN = 12
ID_NEEDED = 6


@click.group("quarantine")
def quarantine() -> None:
    """Rows that could not become records: list, repair, retry, discard."""


def choosing(command: Any) -> Any:
    """The options that choose rows."""
    for name, help in (
        ("drop", "of one drop only"), ("field", "with a complaint about this field of the contract"),
        ("code", "with this reason"), ("feed", "of one feed only"),
    ):  # fmt: skip
        command = click.option(f"--{name}", default="", help=help)(command)
    return command


ids = click.argument("items", nargs=-1, metavar="[ID]...")
dry = click.option("--dry-run", is_flag=True, help="say what would happen and change nothing")


def chosen_rows(
    hub: Hub, items: Sequence[str], chosen: Chosen, *, needed: bool = True
) -> list[QuarantinedRow]:
    """The waiting rows that a call means; all that wait only where it says so."""
    if needed and not items and not any(chosen):
        raise SettingsError("name rows by ID, or choose them with --feed, --code, --field or --drop")
    if not items:
        return hub.intake.waiting(chosen)
    found: list[QuarantinedRow] = []
    for each in items:
        named = hub.intake.waiting(chosen._replace(item=each)) if len(each) >= ID_NEEDED else []
        if len(named) != 1:
            raise NotFoundError(
                f"{each} names {len(named) or 'no'} waiting rows; `hub quarantine list` shows them"
            )
        found += named
    return found


@quarantine.command("list")
@choosing
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True)
@as_json
@click.pass_context
def list_(context: click.Context, /, limit: int, json_: bool, **chosen: str) -> None:
    """What waits, in the order it was published, and the balance of each feed.

    For ever: quarantined = waiting + accepted + unchanged + replaced + discarded.
    """
    hub = opened(context)
    found = hub.intake.waiting(Chosen(**chosen))
    reasons = Counter((i.feed, r["field"], r["code"]) for i in found for r in i.reasons)
    answer = {
        "waiting": len(found), "balance": hub.intake.quarantine_balance(),
        "reasons": [
            {"feed": feed, "field": field, "code": code, "rows": count}
            for (feed, field, code), count in reasons.most_common()
        ],
        "rows": [_line(item) for item in found[:limit]],
    }  # fmt: skip
    emit(answer, json_, lambda: _show_list(answer))


def _line(item: QuarantinedRow) -> dict[str, Any]:
    return {
        "id": item.item_id, "feed": item.feed, "drop": item.drop, "row": item.row,
        "published_on": iso(item.published_on), "repaired": item.repaired, "retried": item.retried,
        "reasons": [{"field": r["field"], "code": r["code"]} for r in item.reasons],
    }  # fmt: skip


def _show_list(answer: Mapping[str, Any]) -> None:
    if not answer["waiting"]:
        click.echo("隔离区为空 nothing waits in quarantine")
    for line in answer["rows"]:
        why = "; ".join(f"{r['field']} {REASONS[r['code']].why}".strip() for r in line["reasons"])
        marks = " 已修改 repaired" if line["repaired"] else ""
        row = f"第{line['row']}行 row {line['row']}" if line["row"] else "整个文件 the whole drop"
        click.echo(f"{line['id'][:ID_SHOWN]} {line['feed']} {line['drop']} {row}: {why}{marks}")
    if more := answer["waiting"] - len(answer["rows"]):
        click.echo(f"(另有 {more:,} 行; {more:,} more: --limit)")
    for feed, counts in answer["balance"].items():
        click.echo(
            f"{feed}: " + ", ".join(f"{k} {v}" for k, v in counts.items() if v not in (0, False, None))
        )


@quarantine.command()
@click.argument("item", metavar="ID")
@as_json
@click.pass_context
def show(context: click.Context, /, item: str, json_: bool) -> None:
    """One row with its reasons; what is personal is masked. The look is put on record."""
    hub = opened(context)
    found = hub.intake.quarantined(item) if len(item) >= ID_NEEDED else None
    if found is None:
        raise NotFoundError(f"{item} names no row; `hub quarantine list` shows them")
    feed = rows.feed_of(hub.feeds, found)
    said = _line(found) | {
        "state": found.state,
        "why": [f"{r['field']} {REASONS[r['code']].why} → {REASONS[r['code']].todo}".strip() for r in found.reasons],
        "cells": rows.masked(feed, found), "repaired_cells": sorted(found.repairs),
    }  # fmt: skip
    with hub.projection() as db:
        answer = queries(hub, db).quarantined(found.record_id or found.item_id, feed.department, said)
    emit(answer, json_, lambda: table(found.item_id[:ID_SHOWN], answer | {"reasons": None}))


@quarantine.command()
@ids
@choosing
@click.option("--set", "cells", multiple=True, metavar="FIELD=VALUE", help="put this cell into the row")
@click.option("--replace", "words", multiple=True, metavar="OLD=NEW", help="with --field: this word for that")
@click.option("--dates", metavar="FORMAT", help="with --field: read its dates as in dd/MM/yyyy")
@click.option(
    "--from", "file", type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="a CSV file of id,field,value: values stay out of the shell's history",
)  # fmt: skip
@dry
@as_json
@click.pass_context
def fix(
    context: click.Context, /, items: tuple[str, ...], cells: tuple[str, ...], words: tuple[str, ...],
    dates: str | None, file: Path | None, dry_run: bool, json_: bool, **chosen: str,
) -> None:  # fmt: skip
    """Repair rows: one by its value (ID --set), many by a rule (--feed F --field X --replace or --dates).

    Says what would become of them; `hub quarantine retry` takes them again.
    """
    hub = opened(context)
    if sum(map(bool, (cells, words, dates, file))) != 1:
        raise SettingsError("say one of --set, --replace, --dates and --from")
    field, rule = chosen["field"], "value" if cells or file else f"dates {dates}" if dates else "replace"
    if (words or dates) and not field:
        raise SettingsError("a rule is about one field: name it with --field")
    if file:
        wanted = _listed(hub, file)
    else:
        said = dict(_pair(each) for each in cells or words)
        # A rule is about whatever says the word, complained of or not.
        found = chosen_rows(hub, items, Chosen(**chosen | ({"field": ""} if not cells else {})))
        found = [item for item in found if item.row]
        wanted = [(item, _cells(hub, item, field, said if cells else None, said, dates)) for item in found]
    wanted = [(item, new) for item, new in wanted if new]
    with hub.quarantine(hub.settings.reader.actor) as (work, _):
        after = [
            rows.repaired(item, new) if dry_run else work.repair(item, new, rule) for item, new in wanted
        ]
        told = work.retry(after, dry_run=True)
    _answer(context, told, json_, "dry-run" if dry_run else "repaired")


def _cells(
    hub: Hub, item: QuarantinedRow, field: str, values: Mapping[str, str] | None,
    words: Mapping[str, str], dates: str | None,
) -> dict[str, str]:  # fmt: skip
    feed = rows.feed_of(hub.feeds, item)
    if values is not None:
        return {rows.heading_of(feed, name): value for name, value in values.items()}
    return rows.redating(feed, item, field, dates) if dates else rows.replacing(feed, item, field, words)


def _listed(hub: Hub, file: Path) -> list[tuple[QuarantinedRow, dict[str, str]]]:
    """The repairs of a file, all for one row together."""
    found: dict[str, tuple[QuarantinedRow, dict[str, str]]] = {}
    with file.open(encoding="utf-8-sig", newline="") as stream:
        for number, line in enumerate(csv.DictReader(stream), start=2):
            if None in (line.get("id"), line.get("field"), line.get("value")):
                raise SettingsError(f"{file.name}, line {number}: expected the columns id, field, value")
            (item,) = chosen_rows(hub, (line["id"],), Chosen())
            heading = rows.heading_of(rows.feed_of(hub.feeds, item), line["field"])
            found.setdefault(item.item_id, (item, {}))[1][heading] = line["value"]
    return list(found.values())


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise SettingsError("write it as NAME=VALUE")
    return name, value


@quarantine.command()
@ids
@choosing
@dry
@as_json
@click.pass_context
def retry(
    context: click.Context, /, items: tuple[str, ...], dry_run: bool, json_: bool, **chosen: str
) -> None:
    """Take rows again, in the order in which they were published; all that wait unless some are chosen.

    Those behind one that fails again stay with it. A drop that was refused whole is read by the next ingest.
    """
    hub = opened(context)
    found = chosen_rows(hub, items, Chosen(**chosen), needed=False)
    with hub.quarantine(hub.settings.reader.actor) as (work, _):
        told = work.retry(found, dry_run=dry_run)
    _answer(context, told, json_, "dry-run" if dry_run else "retried")


@quarantine.command()
@ids
@choosing
@click.option("--reason", required=True, help="why; about the record, never about a person")
@dry
@as_json
@click.pass_context
def discard(
    context: click.Context, /, items: tuple[str, ...], reason: str, dry_run: bool, json_: bool, **chosen: str
) -> None:
    """Decide that rows shall never become records. The log keeps what they said."""
    hub = opened(context)
    if not reason.strip():
        raise SettingsError("--reason: say why")
    found = chosen_rows(hub, items, Chosen(**chosen))
    with hub.quarantine(hub.settings.reader.actor) as (work, _):
        if not dry_run:
            work.discard(found, reason.strip())
    answer = {"dry_run": dry_run, "discarded": len(found), "rows": [_line(item) for item in found]}
    emit(
        answer,
        json_,
        lambda: click.echo(f"已放弃 discarded {len(found):,}" + (" (dry run)" if dry_run else "")),
    )


def _answer(context: click.Context, /, told: Sequence[Retried], json_: bool, what: str) -> None:
    counts = rows.tally(told)
    again = sum(each.outcome == READ_AGAIN for each in told)
    answer = {
        "what": what, "retried": sum(counts.values()), **counts, "drops_to_read_again": again,
        "rows": [_line(e.item) | {"outcome": e.outcome, "reasons": e.reasons} for e in told],
    }  # fmt: skip
    emit(answer, json_, lambda: _show_told(answer))
    if counts["quarantined"] or counts["held"]:
        context.exit(FINDINGS)


OUTCOMES: Mapping[str, str] = {
    "accepted": "接收 accepted", "unchanged": "未变 unchanged", "quarantined": "仍隔离 still quarantined",
    "held": "待前一行 held behind an earlier row", READ_AGAIN: "下次重新读取 read again by the next ingest",
}  # fmt: skip


def _show_told(answer: Mapping[str, Any]) -> None:
    for line in answer["rows"]:
        why = "; ".join(
            f"{r['field']} {REASONS[r['code']].why} → {REASONS[r['code']].todo}".strip()
            for r in line["reasons"]
            if line["outcome"] in ("quarantined", "held")
        )
        click.echo(f"{line['id'][:ID_SHOWN]} {OUTCOMES[line['outcome']]}{': ' if why else ''}{why}")
    counts = ", ".join(
        f"{name} {answer[name]:,}" for name in ("accepted", "unchanged", "quarantined", "held")
    )
    click.echo(f"{answer['what']}: {answer['retried']:,} = {counts}")

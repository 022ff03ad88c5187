"""`hub status` and what else the projections show: pages of a view, a file of links, content digests."""

import csv
from pathlib import Path
from typing import Any

import click

from hub.audit import replay
from hub.audit.residence import STATUSES
from hub.casework import under_target
from hub.cli.common import as_json, opened, queries
from hub.cli.show import emit, show_status, table
from hub.cli.vanished import UNDECIDED
from hub.domain.births import OUTCOMES
from hub.domain.residence import QUIET


@click.command()
@as_json
@click.pass_context
def status(context: click.Context, json_: bool) -> None:
    """How much there is of everything."""
    hub = opened(context)
    with hub.projection() as db:
        found = queries(hub, db).status() | {
            "feeds": hub.intake.balance(),
            "quarantine": hub.intake.quarantine_balance(),
            "rhythm": hub.intake.rhythm(),
            "holidays_missing": hub.intake.holidays_missing(),
            "under_target": under_target(db),
            "watch": hub.intake.feed_discrepancies(),
            "vanished": {e.proposal.feed: e.state for e in hub.intake.vanished() if e.state in UNDECIDED},
        }
    emit(found, json_, lambda: show_status(found))


def _birth(row: dict[str, Any]) -> dict[str, Any]:
    late = "" if row["delay_days"] is None else f" (+{row['delay_days']})"
    return {
        "person": row["person"], "结果 outcome": f"{OUTCOMES[row['outcome']][0]} {row['outcome']}",
        "出生 born": row["born_on"], "辖区 place": row["place"], "登记 entered": f"{row['registered_on'] or ''}{late}",
    }  # fmt: skip


def _resident(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "person": row["person"], "辖区 place": row["place"],
        "状态 status": f"{STATUSES.get(row['status'], '')} {row['status']}",
        "自 since": row["arrived_on"], "至 until": row["left_on"],
    }  # fmt: skip


def _household(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "户号 household": row["household"], "person": row["person"], "关系 relation": row["relation"],
        "辖区 place": row["place"], "自 since": row["since"], "至 until": row["until"],
    }  # fmt: skip


def _residence(context: click.Context, wanted: str, json_: bool) -> None:
    """One person's spells and months."""
    hub = opened(context)
    with hub.projection() as db:
        found = queries(hub, db).residence(wanted, hub.rules.limits)

    def tell() -> None:
        table(
            f"{found['person']} 居住 residence {found['as_of']}", [_stay(spell) for spell in found["spells"]]
        )
        table("各月类别 class of each month", [_month(month) for month in found["months"]])

    emit(found, json_, tell)


def _stay(spell: dict[str, Any]) -> dict[str, Any]:
    quiet = f" {spell['quiet_from']}" if spell["evidence"] == QUIET else ""
    return {
        "辖区 place": spell["place"], "状态 status": f"{STATUSES.get(spell['status'], '')} {spell['status']}",
        "自 since": spell["arrived_on"], "至 until": f"{spell['left_on'] or ''} {spell['ended'] or ''}".strip(),
        "依据 basis": spell["basis"], "佐证 evidence": f"{spell['evidence_zh']} {spell['evidence']}{quiet}",
        "最后音讯 heard on": spell["heard_on"], "记录 record": spell["record"],
    }  # fmt: skip


def _month(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "月 month": row["month"],
        "类别 class": f"{row['zh']} {row['class']}: {row['en']}",
        "乡镇 town": row["area"],
    }


LINES = {"births": _birth, "residents": _resident, "households": _household}
"""What of a row fits on one line; JSON has all of it."""
OPTIONS = {
    "person": "this person (or a record, as feed/key) alone: all spells, evidence, class of each month"
}
ROW_NAMES = {"births": "person", "residents": "person", "households": "entry, as JSON names it"}


def _listing(name: str, *filters: str) -> click.Command:
    def show(context: click.Context, limit: int, after: str, json_: bool, **chosen: str | None) -> None:
        if name == "residents" and (person := chosen.pop("person")):
            _residence(context, person, json_)
            return
        hub = opened(context)
        with hub.projection() as db:
            asked = {key: value for key, value in chosen.items() if value}
            found = queries(hub, db).rows(name, limit, after, **asked)
        emit(found, json_, lambda: table(name, [LINES[name](row) for row in found]))

    command: Any = click.pass_context(show)
    for option in reversed(filters):
        command = click.option(f"--{option}", default=None, help=OPTIONS.get(option))(command)
    command = click.option("--after", default="", help=f"go on behind this {ROW_NAMES[name]}")(
        as_json(command)
    )
    command = click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)(command)
    return click.command(name, help=f"A page of {name}; the look is put on record.")(command)


births = _listing("births", "outcome")
residents = _listing("residents", "status", "person")
households = _listing("households", "household")


@click.group()
def export() -> None:
    """Write a view to a file."""


@export.command("links")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--feed", default=None, help="one feed only, under its own keys")
@as_json
@click.pass_context
def export_links(context: click.Context, file: Path, feed: str | None, json_: bool) -> None:
    """record_id,person_id of every live record."""
    hub = opened(context)
    with hub.projection() as db:
        found = queries(hub, db).links(feed)
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("record_id", "person_id"))
        writer.writerows(found)
    answer = {"file": file.name, "links": len(found)}
    emit(answer, json_, lambda: click.echo(f"{len(found):,} links in {file.name}"))


@click.command()
@as_json
@click.pass_context
def digest(context: click.Context, json_: bool) -> None:
    """A content digest per projection."""
    with opened(context).projection() as db:
        found = replay.digests(db)
    emit(found, json_, lambda: table("digest", found))

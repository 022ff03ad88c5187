"""`hub feeds …`: which feeds there are, what lies at their sources, how a new one begins, what is missing."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from itertools import islice
from pathlib import Path
from typing import Any

import click

from hub.app import draft_of
from hub.cli.common import as_json, opened
from hub.cli.feeds_change import change
from hub.cli.feeds_init import init
from hub.cli.scorecard import scorecard
from hub.cli.show import Progress, emit, table
from hub.cli.vanished import vanished
from hub.connect import Connector
from hub.connect.contracts import Feed
from hub.connect.reasons import REASONS
from hub.connect.reconcile import Reconciled, reconcile
from hub.connect.translator import Translator
from hub.domain.days import iso
from hub.errors import RetryableError, UnreadableSourceError
from hub.settings import FeedSettings

FINDINGS, TRY_LATER = 1, 3
ROWS_TRIED = 1_000
COUNTS = ("received", "accepted", "unchanged", "quarantined", "waiting")

source_option = click.option(
    "--source", type=click.Path(path_type=Path, exists=True, file_okay=False), help="folder of drops"
)
names = click.argument("names", nargs=-1, metavar="[FEED]...")


@click.group("feeds")
def feeds() -> None:
    """Feeds: list, check, discover, begin a new one, compare with the log."""


feeds.add_command(init)
feeds.add_command(vanished)
feeds.add_command(scorecard)
feeds.add_command(change)


@feeds.command("list")
@as_json
@click.pass_context
def list_(context: click.Context, /, json_: bool) -> None:
    """Every feed, whose it is, how it comes, and what became of its rows so far."""
    hub = opened(context)
    door, inside = hub.intake.balance(), hub.intake.quarantine_balance()
    found = [
        {
            "feed": name, "department": feed.department, "version": feed.version, "status": feed.status,
            "format": feed.format, "settings": "hub.toml" if name in hub.settings.feeds else "built in",
            **{key: door.get(name, {}).get(key, 0) for key in COUNTS[:-1]},
            "waiting": inside.get(name, {}).get("waiting", 0),
        }
        for name, feed in sorted(hub.feeds.items())
    ]  # fmt: skip
    emit(found, json_, lambda: _show_list(found))


def _show_list(found: Sequence[Mapping[str, Any]]) -> None:
    for each in found:
        said = ", ".join(f"{each[name]:,} {name}" for name in COUNTS if each[name])
        click.echo(
            f"{each['feed']} {each['version']} {each['status']}, {each['format']}, {each['settings']}: {said or 'nothing yet'}"
        )


@feeds.command()
@names
@as_json
@click.pass_context
def spec(context: click.Context, /, names: tuple[str, ...], json_: bool) -> None:
    """What a feed's settings may say; of FEEDs, what their contracts ask of each column."""
    hub = opened(context)
    if names:
        found: Any = {
            name: [_field_spec(feed, f) for f in feed.every] for name, feed in hub.named(*names).items()
        }
    else:
        found = [_setting_spec(field) for field in fields(FeedSettings)]
    emit(found, json_, lambda: _show_spec(found))


def _setting_spec(field: Any) -> dict[str, Any]:
    needed = field.default is MISSING and field.default_factory is MISSING
    return {
        "setting": field.name,
        "required": needed,
        "default": "" if needed or field.default is MISSING else field.default,
    }


def _field_spec(feed: Feed, field: Any) -> dict[str, Any]:
    return {
        "heading": field.heading, "field": field.name, "kind": field.kind, "required": field.required,
        "key": field.name == feed.key, "attribute": field.attribute, "classification": field.classification,
        "severity": field.severity, "codes": dict(field.codes),
    }  # fmt: skip


def _show_spec(found: Any) -> None:
    """One line each: settings, or the columns of each contract."""
    if isinstance(found, list):
        for each in found:
            click.echo(f"{each['setting']}{' (needed)' if each['required'] else ''}")
        return
    for name, columns in found.items():
        click.echo(f"{name}:")
        for each in columns:
            marks = [each["kind"], each["classification"], "key" if each["key"] else ""]
            marks += ["required"] if each["required"] else []
            click.echo(f"  {each['heading']} → {each['field']} ({', '.join(filter(None, marks))})")


# --- what lies at the source -----------------------------------------------------------------


@feeds.command()
@names
@source_option
@as_json
@click.pass_context
def check(context: click.Context, /, names: tuple[str, ...], source: Path | None, json_: bool) -> None:
    """Whether each feed can be read, and what would become of its newest drop's first rows. Reads nothing in."""
    hub = opened(context)
    found = [_checked(connector) for connector in hub.connectors(source, names, drafts=True)]
    emit(found, json_, lambda: _show_checked(found))
    if any(each["later"] for each in found):
        context.exit(TRY_LATER)
    if not all(each["ok"] for each in found):
        context.exit(FINDINGS)


def _checked(connector: Connector) -> dict[str, Any]:
    feed = connector.feed
    said: dict[str, Any] = {
        "feed": feed.name, "ok": True, "later": False, "drop": "", "rows": 0, "would_be_set_aside": 0,
        "reasons": {}, "absent_columns": [], "ignored_columns": [], "refused_columns": [],
        "note": "" if feed.in_force else draft_of(feed),
    }  # fmt: skip
    try:
        drops = list(connector.drops())
        if not drops:
            return said | {"note": said["note"] or "nothing was delivered yet"}
        said["drop"] = drops[-1].name
        report, rows = connector.read(drops[-1])
        said |= {
            "absent_columns": [name for name, _ in report.missing],
            "ignored_columns": list(report.ignored), "refused_columns": list(report.refused),
        }  # fmt: skip
        translate = Translator(feed).translate
        for row in islice(rows, ROWS_TRIED):
            problems = translate(row).problems
            said["rows"] += 1
            said["would_be_set_aside"] += any(p.severity == "quarantine" for p in problems)
            for problem in problems:
                name = f"{problem.field} {problem.code}".strip()
                said["reasons"][name] = said["reasons"].get(name, 0) + 1
    except (UnreadableSourceError, RetryableError) as error:
        code = str(error.context.get("problem", error.code))
        todo = f" → {REASONS[code].todo}" if code in REASONS else ""
        return said | {"ok": False, "later": isinstance(error, RetryableError), "note": f"{error}{todo}"}
    return said | {"ok": not said["would_be_set_aside"]}


def _show_checked(found: Sequence[Mapping[str, Any]]) -> None:
    for each in found:
        click.echo(f"{'✓' if each['ok'] else '✗'} {each['feed']} {each['drop']} {each['note']}".rstrip())
        if each["rows"]:
            click.echo(f"  {each['rows']:,} rows tried, {each['would_be_set_aside']:,} would be set aside")
        for reason, count in each["reasons"].items():
            field, _, code = reason.rpartition(" ")
            click.echo(f"  {count:,} × {field} {REASONS[code].why} → {REASONS[code].todo}")
        for what in ("absent_columns", "ignored_columns", "refused_columns"):
            if each[what]:
                click.echo(f"  {what.replace('_', ' ')}: {', '.join(each[what])}")


@feeds.command()
@names
@source_option
@as_json
@click.pass_context
def discover(context: click.Context, /, names: tuple[str, ...], source: Path | None, json_: bool) -> None:
    """What lies at each source: its drops and their days, and what is no drop and why."""
    hub = opened(context)
    found: list[dict[str, Any]] = []
    strays: list[str] = []
    for connector in hub.connectors(source, names, drafts=True):
        drops, others = list(connector.drops()), list(connector.strays())
        strays += [f"{connector.feed.name}: {s.name} is not read: {s.why}" for s in others]
        found.append({
            "feed": connector.feed.name, "drops": len(drops),
            "first": iso(drops[0].day) if drops else "", "last": iso(drops[-1].day) if drops else "",
            "names": [drop.name for drop in drops],
            "strays": [{"name": stray.name, "why": stray.why} for stray in others],
        })  # fmt: skip
    shown = [{k: v for k, v in each.items() if k not in ("names", "strays")} for each in found]

    def show() -> None:
        table("discovered", shown)
        for line in strays:
            click.echo(line)

    emit(found, json_, show)


# --- against the log -------------------------------------------------------------------------


@feeds.command("reconcile")
@names
@source_option
@as_json
@click.pass_context
def reconcile_(context: click.Context, /, names: tuple[str, ...], source: Path | None, json_: bool) -> None:
    """Compare each source with the log, count and digest, by ranges of rows. Changes nothing.

    Ends with 1 if a row of a source is neither a version of a record nor in quarantine.
    """
    hub = opened(context)
    connectors = hub.connectors(source, names)
    with Progress("drops", quiet=json_) as bar:
        found = []
        for each in reconcile(connectors, hub.log, hub.keys.pseudonyms()):
            found.append(each)
            bar.add(1)
    answer = {"ok": all(each.ok for each in found), "drops": [_reconciled(each) for each in found]}
    emit(answer, json_, lambda: _show_reconciled(found))
    if not answer["ok"]:
        context.exit(FINDINGS)


def _reconciled(each: Reconciled) -> dict[str, Any]:
    return {
        "feed": each.feed, "drop": each.drop, "ok": each.ok, "source_rows": each.source_rows,
        "log_rows": each.log_rows, "unread": each.unread, "vanished": each.vanished, "problem": each.problem,
        "ranges": [
            {
                "first": r.first, "last": r.last, "ok": r.ok, "source_rows": r.source.rows,
                "source_digest": f"{r.source.digest:016x}", "log_rows": r.log.rows,
                "log_digest": f"{r.log.digest:016x}", "missing": list(r.missing),
            }
            for r in each.ranges
        ],
    }  # fmt: skip


def _show_reconciled(found: Sequence[Reconciled]) -> None:
    bad = [each for each in found if not each.ok]
    rows = sum(each.source_rows for each in found)
    click.echo(f"{len(found):,} drops, {rows:,} rows, {len(bad):,} not in agreement with the log")
    for each in bad:
        why = each.problem or (
            "尚未读取 not read yet"
            if each.unread
            else f"source {each.source_rows:,}, log {each.log_rows:,} rows"
        )
        click.echo(f"✗ {each.feed} {each.drop}: {why}")
        for part in each.ranges:
            if not part.ok and not each.unread:
                listed = ", ".join(map(str, part.missing))
                click.echo(f"  rows {part.first:,}–{part.last:,}: not in the log: {listed}")
    for each in found:
        if each.vanished:
            click.echo(
                f"? {each.feed} {each.drop}: {each.vanished:,} records of the log are not in the source any more"
            )

"""`hub run` and `hub replay …`: decide what the log holds, and decide it again."""

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from hub.audit import replay as replaying
from hub.audit.what_if import what_if as try_model
from hub.cli.common import FINDINGS, as_json, opened, queries
from hub.cli.show import Progress, emit, table
from hub.domain.days import from_date
from hub.processing.history import covered
from hub.projections.databases import open_sqlite


@click.command()
@click.option("--until-caught-up", is_flag=True, default=True, help="stop when nothing is left to do")
@as_json
@click.pass_context
def run(context: click.Context, until_caught_up: bool, json_: bool) -> None:
    """Decide what the log holds and bring every view up to date."""
    with opened(context).runner() as runner, Progress("events", quiet=json_) as bar:
        events = runner.run(lambda result: bar.add(result.events))
    emit({"events": events}, json_, lambda: click.echo(f"{events:,} events, caught up"))


@click.group()
def replay() -> None:
    """Replay the log: verify its decisions, or refill every view from it."""


@replay.command()
@as_json
@click.pass_context
def verify(context: click.Context, json_: bool) -> None:
    """Decide the whole log again and compare every decision."""
    hub = opened(context)
    engine = open_sqlite(":memory:")
    with engine.connect() as scratch, Progress("events", quiet=json_) as bar:
        found = replaying.verify(hub.log, scratch, hub.rules, bar.add)
    answer = {"ok": found.differences == 0} | found._asdict()
    emit(answer, json_, lambda: table("replay verify", answer))
    if found.differences:
        context.exit(FINDINGS)


@replay.command()
@as_json
@click.pass_context
def rebuild(context: click.Context, json_: bool) -> None:
    """Refill every view beside the live one, compare their digests, and swap."""
    hub = opened(context)
    with Progress("events", quiet=json_) as bar:
        answer = hub.rebuild(bar.add)
    emit(answer, json_, lambda: table("replay rebuild", answer))
    if not answer["ok"]:
        context.exit(FINDINGS)


@replay.command("as-of")
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]))
@as_json
@click.pass_context
def as_of(context: click.Context, day: datetime, json_: bool) -> None:
    """How much there was of everything at the close of DAY; nothing is kept."""
    hub = opened(context)
    with Progress("events", quiet=json_) as bar, hub.past(from_date(day.date()), bar.add) as (then, position):
        found = queries(hub, then).status() | {"log": covered(position), "digest": replaying.digests(then)}
    del found["caught_up"]
    emit(found, json_, lambda: table("replay as-of", found))


@replay.command("what-if")
@click.option(
    "--model",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="a model's file",
)
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="changes shown")
@as_json
@click.pass_context
def what_if(context: click.Context, model: Path, limit: int, json_: bool) -> None:
    """What adopting a model now would change: who, and which totals. Nothing is kept.

    The people of the changes that are shown are put on record as looked at.
    """
    hub = opened(context)
    event = hub.adoption(model.read_bytes(), "what if")
    engine = open_sqlite(":memory:")
    with engine.connect() as scratch, Progress("events", quiet=json_) as bar:
        found = try_model(hub.log, scratch, hub.rules, event, bar.add)
    with hub.projection() as db:
        answer = queries(hub, db).changes(found, limit)
    emit(answer, json_, lambda: _show_changes(answer))


def _show_changes(answer: dict[str, Any]) -> None:
    plain = {key: value for key, value in answer.items() if key not in ("totals", "changes")}
    table("replay what-if", plain)
    totals = ({"total": name, **counts} for name, counts in answer["totals"].items() if counts["change"])
    table("总数变化 totals that change", list(totals))
    table("谁会变化 who changes, those of most records first", answer["changes"])

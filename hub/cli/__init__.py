"""The command line: thin commands over the composed hub.

Exit codes: 0 ok, 1 findings (refused rows, differences), 2 usage or settings,
3 try again later.
"""

import csv
import sys
from datetime import date
from pathlib import Path
from typing import Any

import click

from hub import observability, settings
from hub.app import draft_of
from hub.audit import replay
from hub.audit.score import score as score_truth
from hub.audit.what_if import what_if as try_model
from hub.bench import bench as run_bench
from hub.bench import bench_kafka
from hub.cli import receipts
from hub.cli.agreements import agreements
from hub.cli.common import FINDINGS, as_json, opened, queries
from hub.cli.doctor import doctor
from hub.cli.feeds import feeds as feeds_
from hub.cli.identity import identity
from hub.cli.people import explain, people
from hub.cli.quarantine import quarantine
from hub.cli.schemas import schemas
from hub.cli.show import Progress, emit, show_status, table
from hub.cli.workers import run_worker
from hub.connect.quarantine import refuse_text
from hub.connect.receipts import Receipt
from hub.demo import demo as run_demo
from hub.domain.cases import OUTCOMES
from hub.domain.days import from_date
from hub.domain.events import CaseActionRequested
from hub.errors import HubError, SettingsError
from hub.log import Envelope, derive_id
from hub.projections.databases import open_sqlite
from hub.simulate import simulate as run_simulation


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--config", type=click.Path(path_type=Path), help="settings file (default ./hub.toml, if there)"
)
@click.option("--verbose", is_flag=True, help="log what is done, as JSON lines on standard error")
@click.version_option(package_name="county-hub")
@click.pass_context
def cli(context: click.Context, config: Path | None, verbose: bool) -> None:
    """A hub for sharing records between the departments of a county."""
    observability.configure(verbose=verbose)
    context.obj = settings.load(config)


cli.add_command(schemas)
cli.add_command(agreements)
cli.add_command(doctor)
cli.add_command(identity)
cli.add_command(people)
cli.add_command(explain)
cli.add_command(feeds_)
cli.add_command(quarantine)


@cli.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--persons", type=click.IntRange(10, 5_000_000), default=20_000, show_default=True)
@click.option("--months", type=click.IntRange(1, 240), default=24, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option(
    "--noise", type=click.FloatRange(0, 10), default=1.0, show_default=True, help="1 default, 2 double"
)
@as_json
def simulate(directory: Path, persons: int, months: int, seed: int, noise: float, json_: bool) -> None:
    """Write a simulated county's drops, with the truth beside them."""
    with Progress("drops", quiet=json_) as bar:
        summary = run_simulation(directory, persons, months, seed, noise, bar.to)
    emit(summary._asdict(), json_, lambda: table("simulated", summary._asdict()))


@cli.command()
@click.argument("feeds", nargs=-1)
@click.option(
    "--source", type=click.Path(path_type=Path, exists=True, file_okay=False), help="folder of drops"
)
@as_json
@click.pass_context
def ingest(context: click.Context, feeds: tuple[str, ...], source: Path | None, json_: bool) -> None:
    """Read new drops and give back a receipt for each batch.

    Reads all feeds, or FEEDS alone; within a day in the order given. Ends with 1 if there is anything to
    look at, with 3 if a source could not be reached: what it holds is read next time.
    """
    hub = opened(context)
    told = receipts.Told()
    connectors = hub.connectors(source, feeds)
    for feed in hub.feeds.values():
        if not feed.in_force:
            click.echo(f"{feed.name} is not read: {draft_of(feed)}", err=True)
    with hub.ingest() as work, Progress("rows", quiet=json_) as bar:

        def keep(receipt: Receipt) -> None:
            told.add(receipt)
            bar.add(receipt.received)

        today = from_date(date.today())
        try:
            work.run(connectors, keep, close_days=True, today=today)
        finally:
            # What was read before something could not be reached has its receipts all the same.
            emit(receipts.answer(told.receipts), json_, lambda: receipts.show(told.receipts))
    if not told.clean:
        context.exit(FINDINGS)


@cli.command()
@click.option("--until-caught-up", is_flag=True, default=True, help="stop when nothing is left to do")
@as_json
@click.pass_context
def run(context: click.Context, until_caught_up: bool, json_: bool) -> None:
    """Decide what the log holds and bring every view up to date."""
    with opened(context).runner() as runner, Progress("events", quiet=json_) as bar:
        events = runner.run(lambda result: bar.add(result.events))
    emit({"events": events}, json_, lambda: click.echo(f"{events:,} events, caught up"))


@cli.command()
@as_json
@click.pass_context
def status(context: click.Context, json_: bool) -> None:
    """How much there is of everything."""
    hub = opened(context)
    with hub.projection() as db:
        found = queries(hub, db).status() | {
            "feeds": hub.balance(),
            "quarantine": hub.quarantine_balance(),
            "rhythm": hub.rhythm(),
            "holidays_missing": hub.holidays_missing(),
        }
    emit(found, json_, lambda: show_status(found))


def _listing(name: str, filters: tuple[str, ...]) -> None:
    def show(context: click.Context, limit: int, json_: bool, **chosen: str | None) -> None:
        hub = opened(context)
        with hub.projection() as db:
            asked = {key: value for key, value in chosen.items() if value}
            found = queries(hub, db).rows(name, limit, **asked)
        emit(found, json_, lambda: table(name, found))

    command: Any = click.pass_context(show)
    for option in reversed(filters):
        command = click.option(f"--{option}", default=None)(command)
    command = click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)(
        as_json(command)
    )
    cli.command(name, help=f"A page of {name}; the look is put on record.")(command)


for _name, _filters in (
    ("births", ("outcome",)), ("residents", ("status",)), ("households", ("household",)), ("discrepancies", ("kind", "status", "owner")),
):  # fmt: skip
    _listing(_name, _filters)


@cli.group(invoke_without_command=True)
@click.option("--state", default=None)
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@as_json
@click.pass_context
def cases(context: click.Context, state: str | None, limit: int, json_: bool) -> None:
    """A page of cases; `hub cases move` takes one further."""
    if context.invoked_subcommand:
        return
    hub = opened(context)
    with hub.projection() as db:
        found = queries(hub, db).rows("cases", limit, **({"state": state} if state else {}))
    emit(found, json_, lambda: table("cases", found))


@cases.command("move")
@click.argument("case_id")
@click.argument("action", type=click.Choice(["accept", "mark", "verify", "settle", "archive"]))
@click.option("--seen", type=int, required=True, help="the version of the case you saw")
@click.option("--outcome", type=click.Choice(sorted(OUTCOMES)))
@click.option("--note", help="about the records, never about a person")
@as_json
@click.pass_context
def move(
    context: click.Context,
    case_id: str,
    action: str,
    seen: int,
    outcome: str | None,
    note: str | None,
    json_: bool,
) -> None:
    """Ask for the next step of a case; `hub run` decides on it."""
    hub = opened(context)
    actor = f"{hub.settings.reader.department}/{hub.settings.reader.role}"
    if note:
        refuse_text(note, "the note")
    event = CaseActionRequested(case_id, action, seen, actor, outcome, note)
    asked = derive_id("case-action", case_id, action, seen, actor, outcome, note)
    hub.log.append([Envelope(event, asked, case_id, "/hub/cases", case_id, actor=actor)])
    emit({"asked": asked}, json_, lambda: click.echo("asked; `hub run` decides on it"))


@cli.group()
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


@cli.command()
@click.option(
    "--metrics-port",
    type=click.IntRange(1, 65_535),
    help="answer /metrics, /livez and /readyz there (default: as the settings say)",
)
@click.pass_context
def worker(context: click.Context, metrics_port: int | None) -> None:
    """Work on the projection, or stand by for the worker that does, until told to stop."""
    run_worker(opened(context), metrics_port)


@cli.command()
@click.option("--truth", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True)
@as_json
@click.pass_context
def score(context: click.Context, truth: Path, json_: bool) -> None:
    """Compare with labelled truth, as `hub simulate` writes it."""
    hub = opened(context)
    folder = truth / "truth" if (truth / "truth").is_dir() else truth
    with hub.projection() as db:
        found = score_truth(db, queries(hub, db).links(None), folder, hub.rules.limits)
    emit(found, json_, lambda: table("score", found))


@cli.command()
@as_json
@click.pass_context
def digest(context: click.Context, json_: bool) -> None:
    """A content digest per projection."""
    with opened(context).projection() as db:
        found = replay.digests(db)
    emit(found, json_, lambda: table("digest", found))


@cli.group("replay")
def replay_() -> None:
    """Replay the log: verify its decisions, or refill every view from it."""


@replay_.command()
@as_json
@click.pass_context
def verify(context: click.Context, json_: bool) -> None:
    """Decide the whole log again and compare every decision."""
    hub = opened(context)
    engine = open_sqlite(":memory:")
    with engine.connect() as scratch, Progress("events", quiet=json_) as bar:
        found = replay.verify(hub.log, scratch, hub.rules, bar.add)
    answer = {"ok": found.differences == 0} | found._asdict()
    emit(answer, json_, lambda: table("replay verify", answer))
    if found.differences:
        context.exit(FINDINGS)


@replay_.command()
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


@replay_.command("what-if")
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


@cli.command()
@click.option("--records", type=click.IntRange(1_000, 5_000_000), default=100_000, show_default=True)
@click.option("--log", type=click.Choice(["sqlite", "kafka"]), default="sqlite", show_default=True)
@as_json
@click.pass_context
def bench(context: click.Context, records: int, log: str, json_: bool) -> None:
    """Measure records per second through the whole path and per stage.

    With --log kafka: on the brokers and the database that hub.toml names, in topics and schemas of its own.
    """
    answer = bench_kafka(context.obj, records) if log == "kafka" else run_bench(records)
    emit(answer, json_, lambda: table("bench", answer))


@cli.command()
@click.option("--folder", type=click.Path(path_type=Path), default=Path("demo"), show_default=True)
@click.option("--persons", type=click.IntRange(100, 1_000_000), default=20_000, show_default=True)
@click.option("--months", type=click.IntRange(2, 120), default=24, show_default=True)
@as_json
@click.pass_context
def demo(context: click.Context, folder: Path, persons: int, months: int, json_: bool) -> None:
    """A county from its departments' files to settled cases, in one go."""
    answer = run_demo(folder, persons, months, quiet=json_)
    if json_:
        emit(answer, json_, lambda: None)
    if not answer["ok"]:
        context.exit(FINDINGS)


def main() -> None:
    """Run the command line; errors of the hub end with their own exit code and no traceback."""
    try:
        cli()
    except SettingsError as error:
        click.echo(f"settings: {error}", err=True)
        sys.exit(error.exit_code)
    except HubError as error:
        click.echo(f"{error.code}: {error}", err=True)
        sys.exit(error.exit_code)

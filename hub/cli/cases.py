"""`hub cases …`: follow-ups, and the next step of one."""

import click

from hub.cli.common import as_json, opened, queries
from hub.cli.show import emit, table
from hub.connect.quarantine import refuse_text
from hub.domain.cases import OUTCOMES
from hub.domain.events import CaseActionRequested
from hub.log import Envelope, derive_id


@click.group(invoke_without_command=True)
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

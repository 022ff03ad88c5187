"""`hub feeds vanished …`: records that a full snapshot lists no more, and what a person decides about them."""

from typing import Any

import click

from hub.app import Hub
from hub.cli.common import as_json, opened, why
from hub.cli.show import emit
from hub.connect.quarantine import refuse_text
from hub.connect.vanished import Vanished
from hub.domain.days import iso
from hub.domain.vanished import SHRANK, TOO_MANY
from hub.errors import NotFoundError, SettingsError
from hub.projections.vanished import OPEN, REFUSED, RETURNED, UNREAD, Standing

ID_SHOWN, ID_NEEDED = 12, 6
STATES = {
    OPEN: "待确认 open: confirm or reject it",
    REFUSED: "已拒绝采纳，待裁定 refused until somebody decides",
    UNREAD: "有行无法识别，等待处理 waits: rows could not be told apart",
    RETURNED: "记录已恢复 all of them are listed again",
    "confirmed": "已确认撤销 confirmed: withdrawn",
    "rejected": "已驳回 rejected: they stand",
}
UNDECIDED = (OPEN, REFUSED, UNREAD)
REFUSALS = {
    SHRANK: "全量文件比上次短得多 the snapshot is far shorter than the last",
    TOO_MANY: "不再出现的记录过多 more records are missing than the contract expects",
}


@click.group("vanished")
def vanished() -> None:
    """Records that a full snapshot lists no more: list, show, confirm, reject. Nothing is withdrawn by itself."""


@vanished.command("list")
@as_json
@click.pass_context
def list_(context: click.Context, /, json_: bool) -> None:
    """The last proposal of each feed, and where it stands."""
    found = [_line(each) for each in opened(context).intake.vanished()]

    def show() -> None:
        if not found:
            click.echo("没有记录从全量文件中消失 nothing has vanished from a full snapshot")
        for line in found:
            _say(line)

    emit(found, json_, show)


@vanished.command()
@click.argument("feed")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True)
@as_json
@click.pass_context
def show(context: click.Context, /, feed: str, limit: int, json_: bool) -> None:
    """One feed's proposal with its figures and the records, by their pseudonyms."""
    hub = opened(context)
    line = _line(_one(hub, feed))
    line["records"] = [
        {"record": record_id, "version": version, "published_on": iso(day)}
        for record_id, version, day in hub.intake.vanished_records(feed, limit)
    ]

    def tell() -> None:
        _say(line)
        for each in line["records"]:
            click.echo(f"  {each['record']} v{each['version']} {each['published_on']}")
        if (more := line["left"] - len(line["records"])) > 0:
            click.echo(f"  (另有 {more:,} 条; {more:,} more: --limit)")

    emit(line, json_, tell)


def deciding(command: Any) -> Any:
    """What both decisions ask for: which proposal, and why."""
    command = click.option("--reason", required=True, help="why; it is put on record")(command)
    return click.argument("feed")(click.argument("proposal")(command))


@vanished.command()
@deciding
@click.option(
    "--although-refused", is_flag=True, help="more are missing than the contract expects: yes, all of them"
)
@as_json
@click.pass_context
def confirm(
    context: click.Context, /, feed: str, proposal: str, reason: str, although_refused: bool, json_: bool
) -> None:
    """Withdraw the records of PROPOSAL, the id (or its beginning) that `show` told."""
    hub = opened(context)
    with hub.ingest() as work:
        deciding = Vanished(work.memory, hub.settings.reader.actor)
        count = deciding.confirm(feed, _id(proposal), _reason(reason), although_refused=although_refused)
    answer = {"feed": feed, "withdrawn": count}
    emit(answer, json_, lambda: click.echo(f"{feed}: 已撤销 {count:,} 条 records withdrawn"))


@vanished.command()
@deciding
@as_json
@click.pass_context
def reject(context: click.Context, /, feed: str, proposal: str, reason: str, json_: bool) -> None:
    """The records of PROPOSAL stand, and are not proposed again until they were listed once more."""
    hub = opened(context)
    with hub.ingest() as work:
        count = Vanished(work.memory, hub.settings.reader.actor).reject(feed, _id(proposal), _reason(reason))
    answer = {"feed": feed, "kept": count}
    emit(answer, json_, lambda: click.echo(f"{feed}: 保留 {count:,} 条 records stand"))


def _id(text: str) -> str:
    if len(text) < ID_NEEDED:
        raise SettingsError(f"PROPOSAL: give at least {ID_NEEDED} characters of its id")
    return text


def _reason(text: str) -> str:
    said = why(text)
    refuse_text(said, "the reason")
    return said


def _one(hub: Hub, feed: str) -> Standing:
    found = next((each for each in hub.intake.vanished() if each.proposal.feed == feed), None)
    if found is None:
        raise NotFoundError(
            f"{feed} has no proposal about vanished records; `hub feeds vanished list` shows all"
        )
    return found


def _line(each: Standing) -> dict[str, Any]:
    row = each.proposal
    return {
        "feed": row.feed, "proposal": row.proposal_id, "state": each.state, "left": each.left,
        "drop": row.drop, "published_on": iso(row.published_on), "held": row.held, "vanished": row.vanished,
        "rows": row.rows, "rows_before": row.rows_before, "unread": each.unread, "refused": row.refused,
        "decision": row.decision, "reason": row.reason, "actor": row.actor,
    }  # fmt: skip


def _say(line: dict[str, Any]) -> None:
    click.echo(f"{line['feed']} {line['proposal'][:ID_SHOWN]} {line['drop']}: {STATES[line['state']]}")
    click.echo(
        f"  全量文件 {line['rows']:,} 行（上次 {line['rows_before']:,}），持有 {line['held']:,} 条，"
        f"消失 {line['vanished']:,} 条，未决 {line['left']:,} 条"
    )
    click.echo(
        f"  {line['rows']:,} rows in the snapshot (the last had {line['rows_before']:,}), {line['held']:,} records held, "
        f"{line['vanished']:,} vanished, {line['left']:,} still are"
    )
    if line["refused"]:
        click.echo(f"  {REFUSALS[line['refused']]}")
    if line["unread"]:
        click.echo(
            f"  {line['unread']:,} 行无法识别主键 rows whose record nobody can tell: hub quarantine list --drop {line['drop']}"
        )
    if line["decision"]:
        click.echo(f"  {line['actor']}: {line['reason']}")

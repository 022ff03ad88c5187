"""`hub cases …`: cases as this reader may see them, and everything that may be asked of them."""

from typing import Any

import click

from hub.app import Hub
from hub.casework import SEEN_MAX, Acting, Chosen, Reading, Wanted
from hub.cli.common import FINDINGS, as_json, opened, reader_of
from hub.cli.notify import digest, notify
from hub.cli.show import emit, table
from hub.domain.cases import ANSWERS, LAPSED, LEVELS, OUTCOMES, REASONS
from hub.domain.cases.handover import STEPS
from hub.domain.cases.moves import MOVES
from hub.domain.discrepancies import CATALOGUE
from hub.errors import RetryableError

SELECTING = (
    click.option("--kind", default=""),
    click.option("--state", default="", help="a state, or `open`"),
    click.option("--department", default="", help="who holds it"),
    click.option("--place", default="", help="the beginning of its holder's division code"),
    click.option("--level", type=click.Choice(LEVELS), help="how far up it went"),
    click.option("--overdue", is_flag=True),
    click.option("--offered", is_flag=True, help="on offer to another holder"),
)
limit_ = click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
seen_ = click.option(
    "--seen", type=click.IntRange(0, SEEN_MAX), required=True, help="the version of the case you saw"
)
note_ = click.option("--note", help="about the records, never about a person")


def selecting(command: Any) -> Any:
    """Options that choose cases."""
    for option in reversed(SELECTING):
        command = option(command)
    return command


def casework(hub: Hub, db: Any) -> tuple[Reading, Acting]:
    """Cases for the configured reader."""
    return hub.casework(db, reader_of(hub))


@click.group(invoke_without_command=True)
@selecting
@limit_
@as_json
@click.pass_context
def cases(context: click.Context, /, limit: int, json_: bool, level: str | None, **chosen: Any) -> None:
    """A page of cases, the most pressing first; each look is put on record."""
    if not context.invoked_subcommand:
        _list(context, Chosen(level=level or "", **chosen), limit, "", json_)


cases.add_command(notify)
cases.add_command(digest)


@cases.command("list")
@selecting
@limit_
@click.option("--after", default="", help="go on behind this case")
@as_json
@click.pass_context
def list_(
    context: click.Context, /, limit: int, after: str, json_: bool, level: str | None, **chosen: Any
) -> None:
    """A page of cases, the most pressing first."""
    _list(context, Chosen(level=level or "", **chosen), limit, after, json_)


def _list(context: click.Context, chosen: Chosen, limit: int, after: str, json_: bool) -> None:
    hub = opened(context)
    with hub.projection() as db:
        found = casework(hub, db)[0].page(chosen, limit, after)
    emit(found, json_, lambda: table("cases", [_line(row) for row in found]))


def _line(row: dict[str, Any]) -> dict[str, Any]:
    """What fits on one line."""
    return {
        "case": row["case"], "类型 kind": f"{CATALOGUE[row['kind']].zh} {row['kind']}", "state": f"{row['state']} v{row['version']}",
        "holder": f"{row['department']} {row['place']}", "level": row["level"],
        "due": f"{row['due_on']}{' 逾期 overdue' if row['overdue'] else ''}",
    }  # fmt: skip


@cases.command()
@click.argument("case_id", metavar="CASE")
@as_json
@click.pass_context
def show(context: click.Context, case_id: str, json_: bool) -> None:
    """One case: what it is about, its records and their owners, and what was asked of them."""
    hub = opened(context)
    with hub.projection() as db:
        found = casework(hub, db)[0].show(case_id)
    emit(found, json_, lambda: _show(found))


SETTLED = {
    "corrected": "已更正", "confirmed-right": "确认无误", "registered": "已登记", "moved": "已迁移",
    "not-found": "查无此记录", "not-a-discrepancy": "不属不一致", LAPSED: "期限已过",
}  # fmt: skip


def _show(found: dict[str, Any]) -> None:
    outcome = found["outcome"] and f"{SETTLED.get(found['outcome'], '')} {found['outcome']}"
    said = {name: value for name, value in found.items() if name not in ("records", "requests")}
    table(found["case"], said | {"outcome": outcome})
    table("记录 records", found["records"])
    if found["requests"]:
        table("询问与答复 requests and answers", [_question(row) for row in found["requests"]])


@cases.command()
@click.argument("case_id", metavar="CASE")
@as_json
@click.pass_context
def timeline(context: click.Context, case_id: str, json_: bool) -> None:
    """Everything on record of a case from its beginning, refusals too."""
    hub = opened(context)
    with hub.projection() as db:
        found = casework(hub, db)[0].timeline(case_id)
    emit(found, json_, lambda: table(case_id, [_entry(row) for row in found]))


HAPPENED = {
    "CaseRaised": "立案", "CaseMoved": "流转", "CaseEscalated": "升级", "CaseHandedOver": "移交", "CaseCommented": "备注",
    "RecordQuestioned": "询问", "RecordAnswered": "答复", "CaseActionRefused": "拒绝",
}  # fmt: skip


def _entry(row: dict[str, Any]) -> dict[str, Any]:
    """What fits on one line; a refusal with its reason in words."""
    said = {name: value for name, value in row["said"].items() if name != "version"}
    if reason := REASONS.get(said.get("reason", "")) if row["event"] == "CaseActionRefused" else None:
        said["reason"] = " · ".join(reason)
    return {
        "号 no": row["number"], "日期 day": row["day"], "事件 event": f"{HAPPENED[row['event']]} {row['event']}",
        "由 by": row["actor"], "内容 said": "; ".join(f"{name}: {value}" for name, value in said.items()),
    }  # fmt: skip


@cases.command()
@limit_
@as_json
@click.pass_context
def requests(context: click.Context, limit: int, json_: bool) -> None:
    """What this reader's department was asked and has not answered, the most pressing first."""
    hub = opened(context)
    with hub.projection() as db:
        found = casework(hub, db)[0].questions(limit)
    emit(found, json_, lambda: table("requests: `hub cases answer CASE`", [_question(row) for row in found]))


def _question(row: dict[str, Any]) -> dict[str, Any]:
    """What fits on one line; JSON has all of it."""
    return {
        "case": row["case"], "号 number": row["number"], "记录 record": f"{row['record_id']} v{row['seen_version']}",
        "字段 field": row["field"], "问题 question": row["question"],
        "由 by": f"{row['asked_by']} → {row['owner']}", "期限 due": row["due_on"],
        "答复 answer": " ".join(str(row[name]) for name in ("answer", "record_version", "reason", "answered_on") if row[name]),
    }  # fmt: skip


def _ask(context: click.Context, case_id: str, seen: int, wanted: Wanted, json_: bool) -> None:
    hub = opened(context)
    with hub.projection() as db:
        found = casework(hub, db)[1].ask(case_id, seen, wanted).shown()

    def tell() -> None:
        click.echo("asked; `hub run` decides on it")
        if found["refused"]:
            click.echo(f"将被拒绝 it will be refused: {found['zh']} · {found['en']}")

    emit(found, json_, tell)
    if found["refused"]:
        context.exit(FINDINGS)


MOVE_HELP = {
    "accept": "Take a raised case on.",
    "mark": "Say that the case is being looked into.",
    "verify": "Say that what was found was verified.",
    "archive": "Put a settled case away.",
    "reopen": "Take a settled case up again; what was said to be right may be raised again.",
    "take-over": "Accept a case that is on offer to you: you hold it from then on.",
    "decline": "Refuse a case that is on offer to you; say why in the note.",
    "take-back": "Take back the offer of a case you hold.",
}


def _moving(action: str) -> None:
    @cases.command(action, help=MOVE_HELP[action])
    @click.argument("case_id", metavar="CASE")
    @seen_
    @note_
    @as_json
    @click.pass_context
    def move(context: click.Context, case_id: str, seen: int, note: str | None, json_: bool) -> None:
        _ask(context, case_id, seen, Wanted(action=action, note=note), json_)


for _action in (*MOVES, *STEPS):
    if _action in MOVE_HELP:
        _moving(_action)


@cases.command()
@click.argument("case_id", metavar="CASE")
@seen_
@click.option("--outcome", type=click.Choice(OUTCOMES), required=True)
@note_
@as_json
@click.pass_context
def settle(
    context: click.Context, case_id: str, seen: int, outcome: str, note: str | None, json_: bool
) -> None:
    """Settle a case with its outcome."""
    _ask(context, case_id, seen, Wanted(action="settle", outcome=outcome, note=note), json_)


@cases.command("hand-over")
@click.argument("case_id", metavar="CASE")
@seen_
@click.option("--to", "place", required=True, help="division code of a town, or of this county")
@click.option("--department", help="if not the department that holds it")
@note_
@as_json
@click.pass_context
def hand_over(
    context: click.Context, case_id: str, seen: int, place: str, department: str | None, note: str | None,
    json_: bool,
) -> None:  # fmt: skip
    """Offer a case to another town or department; you hold it until they take it over."""
    details = {"place": place} | ({"department": department} if department else {})
    _ask(context, case_id, seen, Wanted(action="hand-over", note=note, details=details), json_)


@cases.command()
@click.argument("case_id", metavar="CASE")
@click.argument("text")
@as_json
@click.pass_context
def comment(context: click.Context, case_id: str, text: str, json_: bool) -> None:
    """Write down something about a case: about its records, never about a person."""
    _ask(context, case_id, 0, Wanted(action="comment", note=text), json_)


@cases.command()
@click.argument("case_id", metavar="CASE")
@seen_
@click.option("--record", required=True, help="a record that `show` lists, by its id or feed/key")
@click.option("--field", required=True, help="the field that is asked about")
@click.option("--question", required=True, help="what is asked; no personal data")
@click.option("--until", help="by when, YYYY-MM-DD; five working days unless told")
@as_json
@click.pass_context
def ask(
    context: click.Context, case_id: str, seen: int, record: str, field: str, question: str,
    until: str | None, json_: bool,
) -> None:  # fmt: skip
    """Ask the department that owns a record about a field of it."""
    details = {"record": record, "field": field, "question": question} | ({"until": until} if until else {})
    _ask(context, case_id, seen, Wanted(action="ask", details=details), json_)


@cases.command()
@click.argument("case_id", metavar="CASE")
@click.argument("said", type=click.Choice(ANSWERS))
@click.option("--request", type=click.IntRange(1), required=True, help="the number of the request")
@click.option("--record-version", type=click.IntRange(1), help="corrected: the version that is right")
@click.option("--owner", help="not-ours: the department whose record it is")
@click.option("--reason", help="right: why it is right as it is")
@as_json
@click.pass_context
def answer(
    context: click.Context, case_id: str, said: str, request: int, record_version: int | None,
    owner: str | None, reason: str | None, json_: bool,
) -> None:  # fmt: skip
    """Answer what your department was asked: corrected, right as it is, or not your record."""
    details = {"answer": said, "request": str(request)}
    details |= {"record_version": str(record_version)} if record_version else {}
    details |= {"owner": owner} if owner else {}
    _ask(context, case_id, 0, Wanted(action="answer", note=reason, details=details), json_)


@cases.command()
@click.argument("action", type=click.Choice((*MOVES, *STEPS, "comment")))
@selecting
@click.option("--outcome", type=click.Choice(OUTCOMES))
@click.option("--to", help="hand-over: division code")
@note_
@click.option("--dry-run", is_flag=True, help="only say what would be followed and refused")
@click.option("--wait", type=click.FloatRange(0, 600), default=0.0, help="seconds to wait for a worker")
@click.option("--limit", type=click.IntRange(1, 10_000), default=10_000, show_default=True)
@as_json
@click.pass_context
def bulk(
    context: click.Context, /, action: str, outcome: str | None, to: str | None, note: str | None, dry_run: bool,
    wait: float, limit: int, json_: bool, level: str | None, **chosen: Any,
) -> None:  # fmt: skip
    """Ask for one thing of all chosen cases: each its own event, with the version it has now.

    Says how many are expected to be followed and to be refused for which reason; with --wait, what
    became of them. Ends with 1 if any is refused, with 3 if the time was up before all were decided.
    """
    hub = opened(context)
    details = {"place": to} if to else {}
    wanted = Wanted(action=action, outcome=outcome, note=note, details=details)
    with hub.projection() as db:
        acting = casework(hub, db)[1]
        found = acting.bulk(Chosen(level=level or "", **chosen), wanted, dry_run=dry_run, limit=limit)
        asked, since = found.pop("asked"), found.pop("since")
        if asked and wait:
            found["became"] = acting.fates(asked, since, wait)
    emit(found, json_, lambda: table("bulk", found))
    became = found.get("became", found["expected"])
    if became["refused"]:
        context.exit(FINDINGS)
    if became.get("undecided"):
        context.exit(RetryableError.exit_code)

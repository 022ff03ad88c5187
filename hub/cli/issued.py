"""`hub receipts …`: a department's receipts, signed and to be printed, and whether a file is one of them."""

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from hub.app import Hub
from hub.cli.common import FINDINGS, as_json, opened
from hub.cli.show import emit, table
from hub.connect.history import by_month, listed
from hub.connect.issued import FILE_BYTES_MAX, verified
from hub.connect.reasons import REASONS
from hub.domain.days import Day, from_date, iso
from hub.errors import NotFoundError
from hub.reports.receipt import LANGUAGES, history_page, receipt_page
from hub.signing import read_verifier

LINES_SHOWN, NUMBER_SHOWN = 20, 12
language_option = click.option(
    "--language", type=click.Choice(LANGUAGES), default="both", show_default=True, help="of the page"
)
day = click.DateTime(["%Y-%m-%d"])


@click.group("receipts")
def receipts() -> None:
    """Receipts of what was delivered: list, show, print, verify."""


@receipts.command("list")
@click.option("--feed", default="", help="one feed only")
@click.option("--from", "first", type=day, help="first day of publication, YYYY-MM-DD")
@click.option("--to", "last", type=day, help="last day of publication")
@click.option("--page", type=click.Path(path_type=Path, dir_okay=False), help="write a page to be printed")
@language_option
@as_json
@click.pass_context
def list_(
    context: click.Context, /, feed: str, first: datetime | None, last: datetime | None, page: Path | None,
    language: str, json_: bool,
) -> None:  # fmt: skip
    """What became of everything a feed delivered, by month and by batch."""
    hub = opened(context)
    if feed:
        hub.named(feed)
    rows = hub.intake.receipts(feed, _day_of(first), _day_of(last))
    days = tuple(
        said.date().isoformat() if said else iso(rows[end].published_on) if rows else "…"
        for said, end in ((first, 0), (last, -1))
    )
    months, batches = by_month(rows), list(map(listed, rows))
    if page:
        page.write_text(history_page(feed, (days[0], days[1]), months, batches, language), encoding="utf-8")
    emit({"months": months, "receipts": batches}, json_, lambda: _show_list(months, batches, page))


def _show_list(
    months: Sequence[dict[str, Any]], batches: Sequence[dict[str, Any]], page: Path | None
) -> None:
    if not batches:
        click.echo("没有回执 no receipts")
        return
    table("按月 by month", months)
    last = [each | {"batch": each["batch"][:NUMBER_SHOWN]} for each in batches[-LINES_SHOWN:]]
    table(f"最近{LINES_SHOWN}批 the last {LINES_SHOWN} batches", last)
    if page:
        click.echo(f"已写入 written: {page.name}")


@receipts.command()
@click.argument("batch")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="write the signed receipt there")
@as_json
@click.pass_context
def show(context: click.Context, /, batch: str, out: Path | None, json_: bool) -> None:
    """One receipt, by its number or the beginning of it; --json or --out give it signed."""
    receipt, content = _receipt(opened(context), batch)
    if out:
        out.write_bytes(content)
    if json_:
        sys.stdout.buffer.write(content)
    else:
        _show(receipt)


@receipts.command("print")
@click.argument("batch")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="default: receipt-BATCH.html")
@language_option
@as_json
@click.pass_context
def print_(context: click.Context, /, batch: str, out: Path | None, language: str, json_: bool) -> None:
    """Write a receipt as a page to be printed on A4, and the signed receipt beside it."""
    hub = opened(context)
    receipt, content = _receipt(hub, batch)
    page = out or Path(f"receipt-{receipt['batch'][:12]}.html")
    feed = hub.feeds.get(receipt["feed"])
    headings = {field.name: field.heading for field in feed.every} if feed else {}
    page.write_text(receipt_page(content, receipt, headings, language), encoding="utf-8")
    signed = page.with_suffix(".json")
    signed.write_bytes(content)
    emit(
        {"page": page.name, "receipt": signed.name}, json_, lambda: click.echo(f"{page.name}, {signed.name}")
    )


@receipts.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--key", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=True,
    help="the hub's public key, as `hub receipts key` gives it",
)  # fmt: skip
@as_json
@click.pass_context
def verify(context: click.Context, /, file: Path, key: Path, json_: bool) -> None:
    """Whether FILE is a receipt that the hub of this key issued, unchanged. Needs no hub. Ends with 1 if not."""
    verifier = read_verifier(key)
    with file.open("rb") as stream:
        found = verified(stream.read(FILE_BYTES_MAX + 1), verifier)
    answer = {
        "ok": not found.problems,
        "key": verifier.key_id,
        "problems": found.problems,
        "receipt": found.receipt,
    }

    def tell() -> None:
        for problem in found.problems:
            click.echo(f"✗ {problem}")
        if not found.problems:
            _show(found.receipt)
            click.echo(f"✓ 签名有效 the signature fits: {found.receipt['hub']}, {verifier.key_id}")

    emit(answer, json_, tell)
    if found.problems:
        context.exit(FINDINGS)


@receipts.command()
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="write it there")
@as_json
@click.pass_context
def key(context: click.Context, /, out: Path | None, json_: bool) -> None:
    """The public key that receipts are verified with: give it to the departments once."""
    verifier = opened(context).keys.signer().verifier
    if out:
        out.write_text(verifier.pem, encoding="ascii")
    emit(
        {"key": verifier.key_id, "pem": verifier.pem},
        json_,
        lambda: click.echo(f"{verifier.key_id}\n{verifier.pem}"),
    )


def _receipt(hub: Hub, batch: str) -> tuple[dict[str, Any], bytes]:
    found = hub.issued(batch)
    if found is None:
        raise NotFoundError("no receipt of that number, or several that begin with it: hub receipts list")
    return found


def _show(receipt: Mapping[str, Any]) -> None:
    table("回执 receipt", {
        "报送部门 department": receipt["department"], "数据源 feed": receipt["feed"], "文件 drop": receipt["drop"],
        "日期 day": receipt["day"], "编号 no.": receipt["batch"], "数目 counts": receipt["counts"],
        "数据约定 contract": receipt["contract"], "协议 agreements": receipt["agreements"],
        "日志 log": receipt["log"], "密钥 key": receipt["key"],
    })  # fmt: skip
    for code, count in sorted(receipt["reasons"].items()):
        reason = REASONS.get(code)
        click.echo(f"{count:,} × {code} {reason.why} → {reason.todo}" if reason else f"{count:,} × {code}")
    for row in receipt["set_aside"][:LINES_SHOWN]:
        codes = ", ".join(f"{reason['field']} {reason['code']}".strip() for reason in row["reasons"])
        click.echo(f"隔离 set aside 第{row['row']}行 row {row['row']}: {codes}")
    if (more := len(receipt["set_aside"]) - LINES_SHOWN) > 0:
        click.echo(f"(另有 {more:,} 行, {more:,} more rows)")


def _day_of(said: datetime | None) -> Day | None:
    return from_date(said.date()) if said else None

"""`hub feeds scorecard`: what a feed was like month by month, and what is odd about it, for its department."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from hub.app import Hub
from hub.cli.common import as_json, opened
from hub.cli.show import emit
from hub.connect.reasons import REASONS
from hub.domain.days import iso
from hub.domain.watching import FIGURES, KINDS
from hub.domain.watching.months import Month, ages, months
from hub.projections.watched import STANDING, FeedDiscrepancyRow
from hub.reports.scorecard import write_scorecards

MONTHS_SHOWN = 12


@click.command("scorecard")
@click.argument("feed", required=False)
@click.option("--page", type=click.Path(path_type=Path, dir_okay=False), help="write a printable page here")
@click.option("--months", "last", type=click.IntRange(1, 240), default=MONTHS_SHOWN, show_default=True)
@as_json
@click.pass_context
def scorecard(context: click.Context, /, feed: str | None, page: Path | None, last: int, json_: bool) -> None:
    """Counts and shares of FEED, or of every feed that delivered, month by month. Nothing in it is about a person."""
    hub = opened(context)
    cards = [card_of(hub, name, last) for name in hub.named(*([] if feed is None else [feed]))]
    cards = [card for card in cards if card["months"] or feed]
    if page is not None:
        write_scorecards(page, cards)
    emit(cards, json_, lambda: _show(cards, page))


def card_of(hub: Hub, name: str, last: int) -> dict[str, Any]:
    """One feed's figures."""
    seen, feed = hub.intake.watched(name), hub.feeds[name]
    fields = [field.name for field in feed.fields]
    found = months(seen.deliveries, lambda day: feed.due_after(day, hub.calendar), seen.waiting)[-last:]
    return {
        "feed": name, "department": feed.department, "version": feed.version, "as_of": iso(seen.today),
        "quarantine": ages(seen.waiting, seen.today),
        "months": [_month(each, fields) for each in found],
        "discrepancies": [_discrepancy(each) for each in seen.discrepancies if each.status == STANDING],
        "cleared": sum(1 for each in seen.discrepancies if each.status != STANDING),
    }  # fmt: skip


def _month(each: Month, fields: list[str]) -> dict[str, Any]:
    shares = {"accepted_share": each.accepted_share, "quarantined_share": each.quarantined_share}
    return each._asdict() | shares | {"filled": each.completeness(fields)}


def _discrepancy(each: FeedDiscrepancyRow) -> dict[str, Any]:
    kind = KINDS[each.kind]
    return {
        "id": each.discrepancy_id, "kind": each.kind, "subject": each.subject, "zh": kind.zh, "en": kind.en,
        "todo_zh": kind.todo_zh, "todo_en": kind.todo_en, "since": iso(each.detected_on), "times": each.times,
        "evidence": each.evidence, "detail": each.detail,
    }  # fmt: skip


def _show(cards: list[dict[str, Any]], page: Path | None) -> None:
    if not cards:
        click.echo("尚无报送 nothing was delivered yet")
    for card in cards:
        click.echo(f"{card['feed']} ({card['department']}), 截至 as of {card['as_of']}")
        for month in card["months"]:
            click.echo(_line(month))
        if (aside := card["quarantine"])["rows"]:
            click.echo(
                f"  隔离中 in quarantine: {aside['rows']:,}, 中位天数 median days {aside['median_days']:g}"
            )
        for each in card["discrepancies"]:
            figures = ", ".join(f"{FIGURES[name]} {value:g}" for name, value in each["evidence"].items())
            click.echo(
                f"  ! {each['subject']} {each['zh']} {each['en']} ({each['since']}): {figures} {each['detail']}".rstrip()
            )
            click.echo(f"    → {each['todo_zh']} {each['todo_en']}")
    if page is not None:
        click.echo(f"已写入 written: {page}")


def _line(month: Mapping[str, Any]) -> str:
    aside = "" if month["quarantined_share"] is None else f" ({month['quarantined_share']:.1%})"
    reasons = "; ".join(
        f"{REASONS[code].zh} {code} {count:,}" if code in REASONS else f"{code} {count:,}"
        for code, count in list(month["reasons"].items())[:3]
    )
    return (
        f"  {month['month']}: 收到 received {month['received']:,}, 接收 accepted {month['accepted'] + month['unchanged']:,}, "
        f"隔离 quarantined {month['quarantined']:,}{aside}, 迟报 late {month['late']}/{month['deliveries']}, "
        f"后被更正 later corrected {month['corrected']:,}{'; ' + reasons if reasons else ''}"
    )

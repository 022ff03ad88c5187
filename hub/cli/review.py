"""`hub identity review …`: pairs that only people can tell apart."""

from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from hub.cli.common import as_json, opened, queries, why
from hub.cli.show import emit, table
from hub.log import Envelope, derive_id
from hub.matching import words
from hub.projections.judgements import JUDGED, VERDICTS
from hub.reports.pair import write_pair_page


@click.group()
def review() -> None:
    """Pairs too alike to ignore and too different to link: a person's word decides, and is kept for ever."""


@review.command("list")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@as_json
@click.pass_context
def list_(context: click.Context, limit: int, json_: bool) -> None:
    """The queue: first where an answer is expected to put most records right."""
    hub = opened(context)
    with hub.projection() as db:
        found = queries(hub, db).review_queue(limit)
    emit(found, json_, lambda: table("review: `hub identity review show PAIR`", found))


@review.command()
@click.argument("pair")
@click.option("--page", type=click.Path(path_type=Path, dir_okay=False), help="draw it as an HTML page too")
@as_json
@click.pass_context
def show(context: click.Context, pair: str, page: Path | None, json_: bool) -> None:
    """Both sides of a pair and what each field weighs; the look is put on record."""
    hub = opened(context)
    with hub.projection() as db:
        found = queries(hub, db).review_pair(pair)
    if page is not None:
        write_pair_page(page, found)
    emit(found, json_, lambda: show_pair(found, pair))


@review.command()
@click.argument("pair")
@click.argument("verdict", type=click.Choice(VERDICTS))
@click.option("--reason", required=True, help="what the two records show; no personal data")
@as_json
@click.pass_context
def say(context: click.Context, pair: str, verdict: str, reason: str, json_: bool) -> None:
    """Say whether both are the same person; `withdrawn` takes an answer back. `hub run` follows it.

    "Different" is never overridden: not by another model, nor by what is published later.
    """
    hub = opened(context)
    with hub.projection() as db:
        event = queries(hub, db).judgement(pair, verdict, why(reason))
    # What the log holds by now tells an answer from the same answer given again later.
    place = sum(hub.log.head().values())
    said = derive_id("pair-judged", event.left, event.right, verdict, event.actor, place)
    hub.log.append([Envelope(event, said, JUDGED, "/hub/review", pair, actor=event.actor)])
    emit({"said": said}, json_, lambda: click.echo("said; `hub run` follows it"))


def show_pair(found: dict[str, Any], title: str) -> None:
    """Both sides as a table, and the sentences."""
    console = Console()
    shown = Table(title=f"{title} ({found['model']})", title_justify="left")
    for name in ("字段 field", "左 left", "右 right", "一致程度 level", "bits"):
        shown.add_column(name, overflow="fold", justify="right" if name == "bits" else "left")
    for field in found["fields"]:
        shown.add_row(
            f"{field['field_zh']} {field['field_en']}", field["left"], field["right"],
            f"{field['level_zh']} {field['level']}", f"{field['weight']:+.1f}",
        )  # fmt: skip
    for name in found["missing"]:
        sides = (found[side]["states"].get(name, "") for side in ("left", "right"))
        if name in words.FIELDS:
            shown.add_row(" ".join(words.FIELDS[name]), *sides, "一方缺失 one side does not say", "")
    console.print(shown)
    for side in ("left", "right"):
        stated = found[side]
        console.print(
            f"{side}: {stated['person']}, {stated['records']} records: {', '.join(stated['stated_by'])}",
            markup=False,
        )
    keys = "; ".join(f"{key['zh']} {key['en']}" for key in found["keys"]) or "无 none"
    console.print(f"共有的键 keys in common: {keys}", markup=False)
    console.print(found["zh"], markup=False)
    console.print(found["en"], markup=False)

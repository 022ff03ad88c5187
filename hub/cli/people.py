"""`hub people …` and `hub explain`: one person's values to go by, and why records are taken for one person."""

from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from hub.cli.common import as_json, opened, queries
from hub.cli.review import show_pair
from hub.cli.show import emit, table
from hub.matching import words
from hub.reports.pair import write_pairs_page


@click.group(invoke_without_command=True)
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@as_json
@click.pass_context
def people(context: click.Context, limit: int, json_: bool) -> None:
    """A page of people; the look is put on record. `hub people show ID` tells of one."""
    if context.invoked_subcommand:
        return
    hub = opened(context)
    with hub.projection() as db:
        found = queries(hub, db).people(limit)
    emit(found, json_, lambda: table("people", found))


@people.command()
@click.argument("wanted", metavar="ID")
@as_json
@click.pass_context
def show(context: click.Context, wanted: str, json_: bool) -> None:
    """The value to go by of each attribute, who states it, and every value that lost, with the reason."""
    hub = opened(context)
    with hub.projection() as db:
        found = queries(hub, db).person(wanted, hub.feeds)
    emit(found, json_, lambda: _show_values(found))


def _show_values(found: dict[str, Any]) -> None:
    shown = Table(title=found["person"], title_justify="left")
    for name in ("属性 attribute", "采用 value kept", "来源 source", "其他值及原因 other values and why"):
        shown.add_column(name, overflow="fold")
    for one in found["golden"]:
        others = (f"{o['value']} ({o['source']}: {o['zh']} {o['en']})" for o in one["others"])
        shown.add_row(
            " ".join(words.FIELDS[one["attribute"]]), one["value"], one["source"], "\n".join(others)
        )
    Console().print(shown)
    table("由这些记录得出 from these records", found["stated_by"])


@click.command()
@click.argument("wanted", metavar="ID")
@click.option(
    "--page", type=click.Path(path_type=Path, dir_okay=False), help="draw a person as an HTML page too"
)
@as_json
@click.pass_context
def explain(context: click.Context, wanted: str, page: Path | None, json_: bool) -> None:
    """Why a person, record (feed/key), discrepancy or case is what it is.

    Of a person: what ties its records together, each tie with its sentence and a weight for each field,
    and the nearest other people.
    """
    hub = opened(context)
    with hub.projection() as db:
        asking = queries(hub, db)
        found = asking.explain(wanted, hub.feeds)
        if page is not None and "ties" in found:
            values = asking.person(found["person"], hub.feeds)
            write_pairs_page(page, f"此人 Person {found['person']}", _headed(found), values)
    emit(found, json_, lambda: _show_explained(wanted, found))


def _headed(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Ties and alternatives in one list, each under words that say which it is."""
    return [
        *({**pair, "heading": f"同一人的记录 Records of this person {number}"} for number, pair in enumerate(found["ties"], 1)),
        *({**pair, "heading": f"不是此人 Another person: {pair['right']['person']}"} for pair in found["alternatives"]),
    ]  # fmt: skip


def _show_explained(wanted: str, found: dict[str, Any]) -> None:
    if "ties" not in found:
        table(wanted, found)
        return
    table(found["person"], {k: v for k, v in found.items() if k not in ("person", "ties", "alternatives")})
    for pair in _headed(found):
        show_pair(pair, pair["heading"])

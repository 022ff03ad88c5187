"""`hub discrepancies …`: what disagrees, and how often each kind was right to raise."""

from typing import Any

import click

from hub.casework import precision as measured
from hub.cli.common import FINDINGS, as_json, opened, queries
from hub.cli.show import emit, table
from hub.domain.discrepancies import CATALOGUE
from hub.domain.evidence import in_both


@click.group(invoke_without_command=True)
@click.option("--kind", default=None)
@click.option("--status", default=None)
@click.option("--owner", default=None)
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@click.option("--after", default="", help="go on behind this discrepancy")
@as_json
@click.pass_context
def discrepancies(
    context: click.Context, /, limit: int, after: str, json_: bool, **chosen: str | None
) -> None:
    """A page of discrepancies; the look is put on record."""
    if context.invoked_subcommand:
        return
    hub = opened(context)
    with hub.projection() as db:
        asked = {name: value for name, value in chosen.items() if value}
        found = queries(hub, db).rows("discrepancies", limit, after, **asked)
    emit(found, json_, lambda: table("discrepancies", [_line(row) for row in found]))


def _line(row: dict[str, Any]) -> dict[str, Any]:
    """What fits on one line; JSON has all of it."""
    times = f" ×{row['times']}" if row["times"] > 1 else ""
    return {
        "discrepancy": row["discrepancy_id"],
        "类型 kind": f"{CATALOGUE[row['kind']].zh} {row['kind']}",
        "责任方 owner": f"{row['owner']} {row['jurisdiction']}",
        "起 since": f"{row['detected_on']}{times}{' 反复 flapping' if row['flapping'] else ''}",
        "止 until": row["cleared_on"],
        "证据 evidence": in_both(row["evidence"]),
    }


@discrepancies.command()
@as_json
@click.pass_context
def precision(context: click.Context, json_: bool) -> None:
    """Per kind, how many settled cases were right to raise, with a 95 % interval.

    Only cases that somebody judged count; where there are none there is no figure. Ends with 1 if a kind
    is under the target of its catalogue entry: its whole interval is, on at least 5 judged cases.
    """
    hub = opened(context)
    with hub.projection() as db:
        found = measured(db)
    emit(found, json_, lambda: _show(found))
    if any(row["under_target"] for row in found):
        context.exit(FINDINGS)


def _show(found: list[dict[str, Any]]) -> None:
    table("按类型的准确率 precision by kind", [row | {"outcomes": _counted(row)} for row in found])


def _counted(row: dict[str, Any]) -> str:
    return ", ".join(f"{outcome} {count:,}" for outcome, count in row["outcomes"].items())

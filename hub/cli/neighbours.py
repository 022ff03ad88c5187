"""`hub neighbours …`: what is told to the hubs of other counties, and what they answered."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import click

from hub.cli.common import as_json, opened
from hub.cli.show import emit, table
from hub.domain.notices import STATES, UNTOLD
from hub.errors import SettingsError
from hub.neighbours.outbox import states, told


@click.group("neighbours")
def neighbours() -> None:
    """Letters to and from the hubs of other counties."""


@neighbours.command()
@as_json
@click.pass_context
def write(context: click.Context, /, json_: bool) -> None:
    """Tell each neighbour, under the agreements in force, what has changed since its last letter.

    Letters are laid in the outbox of the neighbour, and lie there until it says that it has read them.
    """
    hub = opened(context)
    _some(hub.settings.neighbours)
    posted = hub.letters.write(hub.database)
    emit(
        [each._asdict() for each in posted],
        json_,
        lambda: click.echo("\n".join(
            f"{each.neighbour}: {each.notices:,} notices in {len(each.letters):,} letters 函件; "
            f"{each.waiting:,} not read there yet 对方未读" for each in posted
        )),
    )  # fmt: skip


@neighbours.command("list")
@as_json
@click.pass_context
def list_(context: click.Context, /, json_: bool) -> None:
    """How many notices each neighbour was told of, by kind and how far they have come.

    Then who is between the two registers: gone from one, not yet on the other, and how many of them past the limit.
    """
    hub = opened(context)
    _some(hub.settings.neighbours)
    answer: dict[str, dict[str, Any]] = {}
    with hub.projection() as db:
        for code, moves in hub.letters.between(db, hub.rules.limits).items():
            found = states(db, told(hub.log, code), code)
            counts = Counter(f"{kind} {state}" for (kind, _), state in found.items())
            answer[code] = dict(sorted(counts.items())) | {"between": moves.counts()}
    emit(answer, json_, lambda: _show(answer))


def _show(answer: Mapping[str, Mapping[str, Any]]) -> None:
    words = ", ".join(" ".join(pair) for pair in STATES.values())
    for code, counts in answer.items():
        table(f"{code}: {words}", {what: count for what, count in counts.items() if what != "between"})
        moves = counts["between"]
        click.echo(
            f"两县之间 between the two registers: 已迁出 left {moves['left']:,} (逾期 late {moves['left_late']:,}), "
            f"待迁入 expected {moves['expected']:,} (逾期 late {moves['expected_late']:,}), "
            f"未告知 of these untold {moves['by_state'].get(UNTOLD, 0):,}"
        )


def _some(configured: object) -> None:
    if not configured:
        raise SettingsError('no neighbours: write a section [neighbours."990202"] into hub.toml for each')

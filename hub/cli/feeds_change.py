"""`hub feeds change`: what a new version of a contract would break and for whom, told before it is accepted."""

from pathlib import Path
from typing import Any

import click

from hub.app import Hub
from hub.cli.common import FINDINGS, as_json, opened, reader_of, why
from hub.cli.show import emit, table
from hub.connect.acceptance import Change, acceptance, change_of
from hub.connect.contracts import Feed
from hub.connect.odcs import load_contract
from hub.connect.quarantine import refuse_text
from hub.domain.amendments import WORDS, Amendment
from hub.domain.events import ContractAccepted
from hub.errors import SettingsError
from hub.projections.contracts import AcceptedRow


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--accept", is_flag=True, help="put it on record: the feed is read under it from now on")
@click.option("--reason", default="", help="why; needed with --accept")
@as_json
@click.pass_context
def change(context: click.Context, /, file: Path, accept: bool, reason: str, json_: bool) -> None:
    """Compare FILE, a new version of a feed's contract, with the one in force: what breaks, and for whom.

    Ends with 1 if it breaks a consumer, or if its version takes too small a step. A change that breaks one is read
    only after it took a major step and was accepted.
    """
    hub = opened(context)
    if accept:
        refuse_text(why(reason), "the reason")
    feed = _loaded(hub, file)
    found = change_of(feed, _in_force(hub, feed), hub.intake.agreements_of(feed.name))
    if found is None:
        raise SettingsError(
            f"{feed.name} has no contract yet: name {file.name} in hub.toml, and it is its first"
        )
    accepted = accept and found.is_right and bool(found.amendments)
    if accepted:
        said = reader_of(hub)
        with hub.ingest() as work:
            work.accept(feed, reason.strip(), f"{said.department}/{said.role}")
            work.flush()
    answer = _answer(feed, found, accepted)
    emit(answer, json_, lambda: _show(feed, found, answer))
    if not answer["ok"]:
        context.exit(FINDINGS)


def _loaded(hub: Hub, file: Path) -> Feed:
    """The contract of a file, its headings as the settings of its feed name them."""
    feed = load_contract(file)
    settings = hub.settings.feeds.get(feed.name)
    return load_contract(file, settings.mapping) if settings else feed


def _in_force(hub: Hub, feed: Feed) -> list[AcceptedRow]:
    """The accepted contracts of a feed; where nothing was read yet, the one it would be read under."""
    found = hub.intake.contracts_of(feed.name)
    if found or feed.name not in hub.feeds:
        return found
    event = acceptance(hub.feeds[feed.name], 1, "", "").event
    assert isinstance(event, ContractAccepted)
    return [AcceptedRow("", feed.name, 1, event.version, event.digest, event.terms)]


def _answer(feed: Feed, found: Change, accepted: bool) -> dict[str, Any]:
    return {
        "ok": accepted or (found.is_right and not found.breaks), "feed": feed.name, "accepted": accepted,
        "version": {"in_force": found.before, "new": found.after, "needed": found.needed, "taken": found.stepped,
                    "right": found.is_right},
        "changes": [
            {"what": each.what, "field": each.field, "before": each.before, "after": each.after, "step": each.step,
             "breaks": [consumer._asdict() for consumer in each.breaks]}
            for each in found.amendments
        ],
    }  # fmt: skip


def _show(feed: Feed, found: Change, answer: dict[str, Any]) -> None:
    if not found.amendments:
        click.echo(f"{feed.name}: 没有改动 nothing changes against the contract in force")
        return
    table(f"{feed.name} {found.before} → {found.after}", list(map(_line, found.amendments)))
    mark = "✓" if found.is_right else "✗"
    click.echo(
        f"{mark} 版本 version: 需要 it needs {found.needed}, 实际 it takes {found.stepped} ({found.before} → {found.after})"
    )
    if answer["accepted"]:
        click.echo("已确认 accepted: put this file in the place of the one that hub.toml names")
    elif not found.is_right:
        click.echo("请提高版本号 step the version before it can be accepted")
    elif found.breaks:
        click.echo('影响接收方：确认后生效 it breaks consumers: tell them, then --accept --reason "…"')


def _line(each: Amendment) -> dict[str, str]:
    breaks = "\n".join(f"{' '.join(WORDS[kind])} {name}".strip() for kind, name in each.breaks)
    return {
        "改动 change": " ".join(WORDS[each.what]), "字段 field": each.field, "原 before": each.before,
        "新 after": each.after, "影响 breaks": breaks,
    }  # fmt: skip

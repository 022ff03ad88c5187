"""`hub agreements …`: who may be given which fields of a feed, for which purpose, until when."""

import json
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import click

from hub.cli.common import as_json, opened
from hub.cli.show import emit
from hub.connect.agreed import end as end_agreement
from hub.connect.agreed import sign as sign_agreement
from hub.connect.contracts import Feed
from hub.connect.delivery import delivered
from hub.connect.quarantine import refuse_text
from hub.domain.agreements import Agreement, permitted
from hub.domain.days import from_date, iso
from hub.domain.disclosures import Reader
from hub.errors import DisclosureRefusedError, SettingsError
from hub.queries import Queries

NEEDED = (
    "agreement", "feed", "receiver", "purpose", "legal_basis", "share_class", "fields", "jurisdictions", "from", "until",
)  # fmt: skip


@click.group("agreements")
def agreements() -> None:
    """Sharing agreements: sign, list, end, and deliver under them."""


@agreements.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@as_json
@click.pass_context
def sign(context: click.Context, /, file: Path, json_: bool) -> None:
    """Put an agreement, or its next version, on record, as FILE (TOML) says it.

    From the first one on, a feed is read only while an agreement about it is in force.
    """
    hub = opened(context)
    said = _said(file)
    feed = hub.named(said["feed"])[said["feed"]]
    with hub.ingest() as work:
        made = sign_agreement(work, hub.feeds, _agreement(said, feed), hub.settings.reader.actor)
    emit(_shown(made), json_, lambda: click.echo(f"已签 signed: {_line(made)}"))


def _said(file: Path) -> dict[str, Any]:
    try:
        said = tomllib.loads(file.read_text("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{file.name} cannot be read as TOML: {error}") from None
    if missing := [name for name in NEEDED if name not in said]:
        raise SettingsError(f"{file.name}: missing {', '.join(missing)}")
    if unknown := sorted(said.keys() - set(NEEDED)):
        raise SettingsError(f"{file.name}: unknown {', '.join(unknown)}")
    for name in ("from", "until"):
        if not isinstance(said[name], date):
            raise SettingsError(f"{file.name}: write {name} as in 2024-01-31, without quotes")
    for name in ("fields", "jurisdictions"):
        if not isinstance(said[name], list) or not all(isinstance(each, str) for each in said[name]):
            raise SettingsError(f"{file.name}: {name} is a list of words")
    return said


def _agreement(said: Mapping[str, Any], feed: Feed) -> Agreement:
    return Agreement(
        str(said["agreement"]), 0, feed.name, feed.department, str(said["receiver"]), str(said["purpose"]),
        str(said["legal_basis"]), str(said["share_class"]), tuple(said["fields"]), tuple(said["jurisdictions"]),
        from_date(said["from"]), from_date(said["until"]),
    )  # fmt: skip


@agreements.command("list")
@as_json
@click.pass_context
def list_(context: click.Context, /, json_: bool) -> None:
    """Every agreement as it stands."""
    found = opened(context).intake.agreements()
    emit(
        [_shown(each) for each in found],
        json_,
        lambda: click.echo("\n".join(map(_line, found)) or "没有协议 none"),
    )


@agreements.command()
@click.argument("agreement_id", metavar="AGREEMENT")
@click.option("--reason", required=True, help="why")
@as_json
@click.pass_context
def end(context: click.Context, /, agreement_id: str, reason: str, json_: bool) -> None:
    """End an agreement now: nothing more is read or delivered under it."""
    hub = opened(context)
    refuse_text(reason, "the reason")
    with hub.ingest() as work:
        after = end_agreement(work, agreement_id, reason, hub.settings.reader.actor)
    emit(_shown(after), json_, lambda: click.echo(f"已终止 ended: {_line(after)}"))


@agreements.command()
@click.argument("feed")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--receiver", required=True, help="the department that is given the records")
@click.option("--purpose", required=True, help="the purpose it is given them for")
@as_json
@click.pass_context
def deliver(
    context: click.Context, /, feed: str, file: Path, receiver: str, purpose: str, json_: bool
) -> None:
    """Write the records of FEED that a receiver may have to FILE (JSON Lines); the delivery is put on record."""
    hub = opened(context)
    named = hub.named(feed)[feed]
    today = from_date(date.today())
    under = permitted(hub.intake.agreements_of(feed), receiver, purpose, today)
    if not under:
        raise DisclosureRefusedError(f"no agreement in force gives {feed} to {receiver} for {purpose}")
    cited = [each.cited for each in under]
    reader = Reader(receiver, "agreement", hub.settings.hub.county, purpose)
    with hub.projection() as db:
        asked = Queries(db, hub.log, reader, hub.settings.hub.county, hub.rules.model)
        asked.delivery(feed, cited)
    count = 0
    with file.open("w", encoding="utf-8") as stream:
        for count, record in enumerate(delivered(hub.log, named, under, hub.settings.hub.county), start=1):  # noqa: B007
            stream.write(json.dumps(record, ensure_ascii=False) + "\n")
    answer = {"file": file.name, "records": count, "agreements": cited}
    emit(
        answer,
        json_,
        lambda: click.echo(f"{count:,} records in {file.name} under {', '.join(cited)}"),
    )


def _shown(agreement: Agreement) -> dict[str, Any]:
    days = {"valid_from": iso(agreement.valid_from), "valid_until": iso(agreement.valid_until)}
    return agreement._asdict() | days


def _line(agreement: Agreement) -> str:
    a = agreement
    state = "已终止 ended" if a.ended else f"{iso(a.valid_from)}–{iso(a.valid_until)}"
    return (
        f"{a.cited}: {a.feed} → {a.receiver}, {a.purpose}, {a.legal_basis}, {a.share_class}, "
        f"{', '.join(a.fields)}, {', '.join(a.jurisdictions)}, {state}"
    )

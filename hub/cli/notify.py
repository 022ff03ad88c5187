"""`hub cases notify` and `digest`: telling others of cases, by webhook and by e-mail."""

import time
from pathlib import Path
from typing import Any

import click

from hub.app import Hub
from hub.cli.common import as_json, opened
from hub.cli.show import emit, table
from hub.errors import SettingsError
from hub.notify import mail
from hub.notify.following import Follower
from hub.notify.outbox import Outbox
from hub.notify.webhooks import Deliverer, Endpoint, endpoint
from hub.projections.databases import locked, open_sqlite
from hub.projections.position import load_progress

POLL_SECONDS = 1.0


@click.command()
@click.option("--once", is_flag=True, help="read and deliver what there is, then end")
@click.option("--revive", metavar="ENDPOINT", help="try its dead messages again")
@as_json
@click.pass_context
def notify(context: click.Context, once: bool, revive: str | None, json_: bool) -> None:
    """Tell the [webhooks] of hub.toml what becomes of cases, until told to stop.

    Bodies hold a case's id, kind, state and deadline, and nothing of a person; signed as Standard
    Webhooks. What does not arrive is tried again with growing pauses, and given up in the end.
    """
    hub = opened(context)
    endpoints = _endpoints(hub)
    if revive is not None and revive not in hub.settings.webhooks:
        raise SettingsError(f"unknown webhook {revive}; known: {', '.join(sorted(hub.settings.webhooks))}")
    engine = open_sqlite(hub.data / "notify.db")
    with locked(hub.data / "notify.lock", "webhooks"), engine.connect() as db:
        outbox = Outbox(db)
        if revive is not None:
            outbox.revive(revive, int(time.time()))
            db.commit()
        follower = Follower(hub.log, outbox, sorted(hub.settings.webhooks))
        deliverer = Deliverer(outbox, endpoints)
        while True:
            follower.catch_up(int(time.time()))
            deliverer.deliver(int(time.time()))
            if once:
                break
            time.sleep(POLL_SECONDS)
        found = [{"endpoint": name, **counts} for name, counts in outbox.counts(hub.settings.webhooks)]
    engine.dispose()
    emit(found, json_, lambda: table("webhooks", found))


def _endpoints(hub: Hub) -> list[Endpoint]:
    folder = hub.settings.folder
    if not hub.settings.webhooks:
        raise SettingsError("nobody is to be told: write a section [webhooks.NAME] with url and secret_file")
    return [
        endpoint(name, said.url, folder / said.secret_file, folder / said.ca_file if said.ca_file else None)
        for name, said in sorted(hub.settings.webhooks.items())
    ]


@click.command()
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), help="instead of [mail] folder")
@as_json
@click.pass_context
def digest(context: click.Context, folder: Path | None, json_: bool) -> None:
    """Write or send, as [mail] says, what each department and town has open: counts, nothing of a person."""
    hub = opened(context)
    said = hub.settings.mail
    where = folder or (hub.settings.folder / said.folder if said.folder else None)
    if where is None and not said.host:
        raise SettingsError("mail: name a folder, or a host to send by")
    with hub.projection() as db:
        found = list(mail.digests(db, load_progress(db, "today", -1), hub.calendar))
    to_send, answer = [], list[dict[str, Any]]()
    for one in found:
        recipient = said.recipients.get(
            f"{one.department}/{one.place}", said.recipients.get(one.department, "")
        )
        message = mail.written(one, said.sender, recipient or "undisclosed-recipients:;")
        if where is not None:
            mail.keep(message, where, one)
        if said.host and recipient:
            to_send.append(message)
        answer.append({
            "department": one.department, "place": one.place, "open": one.open, "overdue": one.overdue,
            "due_soon": one.due_soon, "sent": bool(said.host and recipient),
        })  # fmt: skip
    if to_send:
        mail.send(to_send, _server(hub))
    emit(answer, json_, lambda: table("digest", answer))


def _server(hub: Hub) -> mail.Server:
    said, folder = hub.settings.mail, hub.settings.folder
    try:
        password = (folder / said.password_file).read_text("utf-8").strip() if said.password_file else ""
    except OSError as error:
        raise SettingsError("mail.password_file cannot be read") from error
    ca_file = str(folder / said.ca_file) if said.ca_file else None
    return mail.Server(host=said.host, port=said.port, user=said.user, password=password, ca_file=ca_file)

"""`hub inbox`: takes the batches that departments post."""

import dataclasses
from collections.abc import Sequence

import click

from hub.cli.common import as_json
from hub.cli.show import emit
from hub.errors import SettingsError

try:
    from hub.api import inbox as service
except ImportError:
    # The server is an extra that the embedded hub does without.
    service = None  # type: ignore[assignment]


@click.command()
@click.option("--host", default=None, help="the address to answer at (default: as the settings say)")
@click.option("--port", type=click.IntRange(0, 65_535), default=None, help="its port; 0: any that is free")
@as_json
@click.pass_context
def inbox(context: click.Context, /, host: str | None, port: int | None, json_: bool) -> None:
    """Take batches that departments post, until told to stop.

    `hub ingest` reads them like any other drop. Only feeds with a secrets_file are posted to, only signed batches are taken, and it answers on loopback
    unless [inbox] says else.
    """
    if service is None:
        raise SettingsError("hub inbox needs the extra: pip install 'county-hub[http]'")
    settings = context.obj
    said = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = dataclasses.replace(settings, inbox=dataclasses.replace(settings.inbox, **said))

    def tell(port: int, feeds: Sequence[str]) -> None:
        answer = {"host": settings.inbox.host, "port": port, "feeds": list(feeds)}
        listed = ", ".join(feeds)
        emit(answer, json_, lambda: click.echo(f"inbox answers at {settings.inbox.host}:{port} for {listed}"))

    service.run(settings, tell)

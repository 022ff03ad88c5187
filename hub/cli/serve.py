"""`hub serve`: cases over HTTP, for whoever holds a token."""

from pathlib import Path

import click

from hub.cli.common import opened
from hub.errors import SettingsError

try:
    from hub.api import cases as service
except ImportError:
    # The server is an extra that the embedded hub does without.
    service = None  # type: ignore[assignment]


@click.command()
@click.option("--port", type=click.IntRange(0, 65_535), default=8_080, show_default=True)
@click.option(
    "--tokens",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    required=True,
    help="[[token]] sections: sha256 of the token, department, role, jurisdiction, purpose, and if it runs out until",
)
@click.pass_context
def serve(context: click.Context, port: int, tokens: Path) -> None:
    """Answer for cases on this machine, until told to stop: reads, and requests that a worker decides on."""
    if service is None:
        raise SettingsError("hub serve needs the extra: pip install 'county-hub[http]'")
    known = service.read_tokens(tokens)
    if port:
        click.echo(
            f"案件接口 cases at http://{service.LOOPBACK}:{port}/cases, tokens: {len(known)}", err=True
        )
    service.server(opened(context), known, port).run()

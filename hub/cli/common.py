"""What commands share: the hub of a call, its queries, and the switch to JSON."""

from typing import Any

import click

from hub.app import Hub
from hub.domain.disclosures import Reader
from hub.errors import SettingsError
from hub.queries import Queries

FINDINGS = 1
REASON_MAX = 500
as_json = click.option("--json", "json_", is_flag=True, help="print JSON for machines")


def opened(context: click.Context) -> Hub:
    """The hub of this call, closed when the call ends."""
    hub = Hub(context.obj)
    context.call_on_close(hub.close)
    return hub


def reader_of(hub: Hub) -> Reader:
    """Who asks on this command line, as the settings say."""
    said = hub.settings.reader
    return Reader(said.department, said.role, said.jurisdiction, said.purpose)


def queries(hub: Hub, db: Any) -> Queries:
    """Queries as the configured reader."""
    return Queries(db, hub.log, reader_of(hub), hub.settings.hub.county, hub.rules.model)


def why(reason: str) -> str:
    """A reason that says something."""
    if not 0 < len(reason.strip()) <= REASON_MAX:
        raise SettingsError(f"--reason: say why in 1 to {REASON_MAX} characters")
    return reason.strip()

"""The command line: thin commands over the composed hub, each imported when it is called.

Exit codes: 0 ok, 1 findings (refused rows, differences), 2 usage or settings,
3 try again later.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

import click

from hub import observability, settings
from hub.cli.lazy import Lazy, LazyGroup
from hub.errors import HubError, SettingsError

COMMANDS: Mapping[str, Lazy] = {
    "agreements": Lazy("hub.cli.agreements", "Sharing agreements: sign, list, end, and deliver under them."),
    "bench": Lazy("hub.cli.bench", "Measure records per second through the whole path and per stage."),
    "births": Lazy("hub.cli.views", "A page of births; the look is put on record."),
    "cases": Lazy("hub.cli.cases", "A page of cases, the most pressing first; each look is put on record."),
    "connectors": Lazy("hub.cli.connectors", "Pages under connectors/: begin one."),
    "demo": Lazy("hub.cli.simulated", "A county from its departments' files to settled cases, in one go."),
    "digest": Lazy("hub.cli.views", "A content digest per projection."),
    "discrepancies": Lazy("hub.cli.discrepancies", "A page of discrepancies; the look is put on record."),
    "doctor": Lazy(
        "hub.cli.doctor",
        "Examine the stores: what would lose events or rows, with its cause, proof and next step.",
    ),
    "explain": Lazy("hub.cli.people", "Why a person, record (feed/key), discrepancy or case is what it is."),
    "export": Lazy("hub.cli.views", "Write a view to a file."),
    "feeds": Lazy("hub.cli.feeds", "Feeds: list, check, discover, begin a new one, compare with the log."),
    "households": Lazy("hub.cli.views", "A page of households; the look is put on record."),
    "identity": Lazy(
        "hub.cli.identity", "Who is who: the model that decides it, and pairs that people must look at."
    ),
    "inbox": Lazy("hub.cli.inbox", "Take batches that departments post, until told to stop."),
    "ingest": Lazy("hub.cli.ingest", "Read new drops and give back a receipt for each batch."),
    "neighbours": Lazy("hub.cli.neighbours", "Letters to and from the hubs of other counties."),
    "people": Lazy("hub.cli.people", "A page of people; the look is put on record."),
    "quarantine": Lazy(
        "hub.cli.quarantine", "Rows that could not become records: list, repair, retry, discard."
    ),
    "receipts": Lazy("hub.cli.issued", "Receipts of what was delivered: list, show, print, verify."),
    "replay": Lazy("hub.cli.replay", "Replay the log: verify its decisions, or refill every view from it."),
    "report": Lazy(
        "hub.cli.report",
        "What a period came to, as HTML and PDF; each release is made from the log as of its day.",
    ),
    "residents": Lazy("hub.cli.views", "A page of residents; the look is put on record."),
    "run": Lazy("hub.cli.replay", "Decide what the log holds and bring every view up to date."),
    "schemas": Lazy("hub.cli.schemas", "The schemas of all events."),
    "score": Lazy("hub.cli.simulated", "Compare with labelled truth, as `hub simulate` writes it."),
    "serve": Lazy(
        "hub.cli.serve",
        "Answer for cases on this machine, until told to stop: reads, and requests that a worker decides on.",
    ),
    "simulate": Lazy("hub.cli.simulated", "Write a simulated county's drops, with the truth beside them."),
    "statistics": Lazy(
        "hub.cli.statistics",
        "Completeness with intervals, timeliness, sex ratio, stock and flow; small counts are withheld.",
    ),
    "status": Lazy("hub.cli.views", "How much there is of everything."),
    "worker": Lazy(
        "hub.cli.workers", "Work on the projection, or stand by for the worker that does, until told to stop."
    ),
}


@click.group(
    cls=LazyGroup,
    lazy=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--config", type=click.Path(path_type=Path), help="settings file (default ./hub.toml, if there)"
)
@click.option("--verbose", is_flag=True, help="log what is done, as JSON lines on standard error")
@click.version_option(package_name="county-hub")
@click.pass_context
def cli(context: click.Context, config: Path | None, verbose: bool) -> None:
    """A hub for sharing records between the departments of a county."""
    observability.configure(verbose=verbose)
    context.obj = settings.load(config)


def main() -> None:
    """Run the command line; errors of the hub end with their own exit code and no traceback."""
    try:
        cli()
    except SettingsError as error:
        click.echo(f"settings: {error}", err=True)
        sys.exit(error.exit_code)
    except HubError as error:
        click.echo(f"{error.code}: {error}", err=True)
        sys.exit(error.exit_code)

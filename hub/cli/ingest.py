"""`hub ingest`: drops become events, each batch with its receipt."""

from datetime import date
from pathlib import Path

import click

from hub.app import draft_of
from hub.cli import receipts
from hub.cli.common import FINDINGS, as_json, opened
from hub.cli.show import Progress, emit
from hub.connect.receipts import Receipt
from hub.domain.days import from_date


@click.command()
@click.argument("feeds", nargs=-1)
@click.option(
    "--source", type=click.Path(path_type=Path, exists=True, file_okay=False), help="folder of drops"
)
@as_json
@click.pass_context
def ingest(context: click.Context, feeds: tuple[str, ...], source: Path | None, json_: bool) -> None:
    """Read new drops and give back a receipt for each batch.

    Reads all feeds, or FEEDS alone; within a day in the order given. Ends with 1 if there is anything to
    look at, with 3 if a source could not be reached: what it holds is read next time.
    """
    hub = opened(context)
    told = receipts.Told()
    connectors = hub.connectors(source, feeds)
    for feed in hub.feeds.values():
        if not feed.in_force:
            click.echo(f"{feed.name} is not read: {draft_of(feed)}", err=True)
    with hub.ingest() as work, Progress("rows", quiet=json_) as bar:

        def keep(receipt: Receipt) -> None:
            told.add(receipt)
            bar.add(receipt.received)

        today = from_date(date.today())
        try:
            work.run(connectors, keep, close_days=True, today=today)
        finally:
            # What was read before something could not be reached has its receipts all the same.
            emit(receipts.answer(told.receipts), json_, lambda: receipts.show(told.receipts))
    if not told.clean:
        context.exit(FINDINGS)

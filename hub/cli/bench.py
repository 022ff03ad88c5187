"""`hub bench`: records per second, through the whole path or of ingestion alone."""

import click

from hub.bench import bench as run_bench
from hub.bench import bench_kafka
from hub.bench_ingest import bench_ingest
from hub.cli.common import as_json
from hub.cli.show import emit, table


@click.command()
@click.option("--records", type=click.IntRange(1_000, 5_000_000), default=100_000, show_default=True)
@click.option("--log", type=click.Choice(["sqlite", "kafka"]), default="sqlite", show_default=True)
@click.option("--ingest", "sources", is_flag=True, help="only ingestion, each kind of source by itself")
@as_json
@click.pass_context
def bench(context: click.Context, records: int, log: str, sources: bool, json_: bool) -> None:
    """Measure records per second through the whole path and per stage.

    With --log kafka: on the brokers and the database that hub.toml names, in topics and schemas of its own.
    With --ingest: CSV, Excel, JSON Lines and SQL to the embedded log, each beside its parsing library alone;
    PostgreSQL too where hub.toml names it.
    """
    if sources:
        answer = bench_ingest(context.obj, records)
    else:
        answer = bench_kafka(context.obj, records) if log == "kafka" else run_bench(records)
    emit(answer, json_, lambda: table("bench", answer))

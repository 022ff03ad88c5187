"""`hub connectors new`: a page for a source system that needs one of its own."""

from pathlib import Path

import click

from hub.cli.common import as_json
from hub.cli.show import emit
from hub.connect.scaffold import KINDS, scaffolded


@click.group("connectors")
def connectors() -> None:
    """Pages under connectors/: begin one."""


@connectors.command()
@click.argument("name", metavar="DEPARTMENT.FEED")
@click.option("--kind", type=click.Choice(sorted(KINDS)), required=True, help="what the system delivers")
@click.option(
    "--folder", type=click.Path(path_type=Path, exists=True, file_okay=False), default=Path(),
    help="the checkout to write into (default: here)",
)  # fmt: skip
@as_json
def new(name: str, kind: str, folder: Path, json_: bool) -> None:
    """Write a page with its registration, a contract, its event's schema and a conformance test that passes.

    A table of a database server, an SFTP folder, a topic or what a department posts needs no page: a section
    [feeds."…"] in hub.toml is enough.
    """
    written = [path.relative_to(folder).as_posix() for path in scaffolded(folder, name, kind)]
    test = next(path for path in written if path.startswith("tests/"))
    steps = [
        f"pytest {test}",
        f"在约定中写明各列 name the columns in schemas/contracts/{name}.yaml, then write `status: active`",
        f"hub feeds check {name} --source DIR",
        f"发布事件模式 release the event: hub schemas check, then add {name}.v1.avsc to schemas/released.json",
    ]
    emit({"written": written, "next": steps}, json_, lambda: _show(written, steps))


def _show(written: list[str], steps: list[str]) -> None:
    for path in written:
        click.echo(f"已写入 written: {path}")
    click.echo("接下来 next:")
    for number, step in enumerate(steps, start=1):
        click.echo(f"  {number}. {step}")

"""`hub feeds init`: a contract proposed from a sample, for a clerk to look through."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import click

from hub.cli.common import as_json
from hub.cli.show import emit
from hub.connect import proposal
from hub.connect.contracts import FEED_NAME
from hub.connect.sample import sample_of
from hub.domain.forbidden import refuse
from hub.errors import SettingsError


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--feed", default="", help="its name, department.what (default: town.<the file's name>)")
@click.option("--key", default="", metavar="HEADING", help="the column that tells records apart")
@click.option(
    "--include", multiple=True, metavar="HEADING", help="take this column in, though nobody knows it"
)
@click.option(
    "--contract",
    type=click.Path(path_type=Path, dir_okay=False),
    help="where to write (default: <feed>.yaml)",
)
@click.option("--force", is_flag=True, help="write over a contract that is there")
@as_json
@click.pass_context
def init(
    context: click.Context, /, file: Path, feed: str, key: str, include: tuple[str, ...],
    contract: Path | None, force: bool, json_: bool,
) -> None:  # fmt: skip
    """Propose a contract for files like FILE (.xlsx, .csv, .txt, .jsonl), and say what to put into hub.toml.

    The contract is a draft: nothing is read until you have looked through it and written `status: active`.
    """
    name = feed or f"town.{proposal.slug(file.name.partition('.')[0])}"
    if not FEED_NAME.fullmatch(name) or refuse(name):
        raise SettingsError(
            f"{name} cannot be a feed's name: name it --feed department.what, in small letters"
        )
    folder = context.obj.folder
    path = contract or folder / f"{name}.yaml"
    if path.exists() and not force:
        raise SettingsError(f"{path.name} is there already: --contract names another, --force writes over it")
    made = proposal.propose(sample_of(file), name, key=key, include=include)
    path.write_text(proposal.contract_of(made), encoding="utf-8")
    settings = proposal.settings_of(
        made, _beside(path, folder), _beside(file, folder), date.today().isoformat()
    )
    answer = {
        "feed": name, "contract": str(path), "settings": settings, "read_as": made.sample.how,
        "rows": len(made.sample.rows), "columns": [_column(column) for column in made.columns],
    }  # fmt: skip
    emit(answer, json_, lambda: _show_init(answer))


def _beside(path: Path, folder: Path) -> str:
    """A path as hub.toml names it."""
    try:
        return path.absolute().relative_to(folder.absolute()).as_posix()
    except ValueError:
        return path.absolute().as_posix()


def _column(column: proposal.Column) -> dict[str, Any]:
    kept = (
        "heading",
        "verdict",
        "name",
        "kind",
        "attribute",
        "classification",
        "required",
        "key",
        "why",
        "ask",
    )
    return {name: getattr(column, name) for name in kept} | {"format": column.date_format}


def _show_init(answer: Mapping[str, Any]) -> None:
    click.echo(f"{answer['feed']}: 看了 {answer['rows']:,} 行 rows looked at")
    for column in answer["columns"]:
        zh, en = proposal.TITLES[column["verdict"]]
        said = column["why"]
        if column["verdict"] == "field":
            marks = [
                column["kind"],
                column["format"],
                column["classification"],
                "主键 key" if column["key"] else "",
            ]
            marks += [f"identity: {column['attribute']}"] if column["attribute"] else []
            said = f"{column['name']} ({', '.join(filter(None, marks))})"
        click.echo(f"  {zh} {en}: {column['heading']} → {said}")
        if column["ask"]:
            click.echo(f"      请核对 look at: {column['ask']}")
    if answer["read_as"]:
        click.echo(f"读作 read as {answer['read_as']}")
    click.echo(f"\n已写入 written: {answer['contract']} (status: draft)")
    click.echo(
        "请核对后改为 status: active，并加入 hub.toml. Look through it, write `status: active`, and put into hub.toml:\n"
    )
    click.echo(answer["settings"])
    click.echo(f"试读 then try: hub feeds check {answer['feed']}")

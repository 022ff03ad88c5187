"""`hub statistics`: tables of births and of people who live here, with intervals and nothing small to work out."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import click
from rich.console import Console
from rich.table import Table

from hub.audit.aggregates import FAMILIES, STATISTICS, TABLES, Asked, Statistics
from hub.cli.common import as_json, opened, queries
from hub.cli.show import emit
from hub.domain.days import day_of, from_date
from hub.errors import SettingsError
from hub.reports.files import FORMATS, check_folder, write_statistics
from hub.reports.observations import STATUS_TEXT, basis_of, row_of, text_of
from hub.reports.places import Places
from hub.settings import StatisticsSettings
from hub.statistics.completeness import Linkage
from hub.statistics.disclosure.rounding import BASES
from hub.statistics.lines import TOTAL
from hub.statistics.publication import Publication, Safety
from hub.statistics.tables import Key

ROWS_SHOWN_MAX = 60
MONTHS_MAX = 240
Command = Callable[..., Any]


class Chosen(NamedTuple):
    """The options that all commands share."""

    as_of: datetime | None
    months: int
    origin_digits: int


def choices(command: Command) -> Command:
    """Options that say which days and areas figures are of."""
    for option in (
        click.option("--origin-digits", type=click.IntRange(2, 6), default=2, show_default=True,
                     help="origins by province (2), prefecture (4) or county (6)"),
        click.option("--months", type=click.IntRange(1, MONTHS_MAX), default=24, show_default=True,
                     help="at least so many calendar months, from the first of a year to that of the day"),
        click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="the last day that counts (default: the last closed day)"),
    ):  # fmt: skip
        command = option(command)
    return command


@click.group()
def statistics() -> None:
    """Completeness with intervals, timeliness, sex ratio, stock and flow; small counts are withheld.

    Every table says which day, log position and rules it rests on; [statistics] in hub.toml sets what is small.
    """


def asked_of(chosen: Chosen, tables: tuple[str, ...], said: StatisticsSettings, release: str = "") -> Asked:
    """What a command line and the settings ask for."""
    as_of = None if chosen.as_of is None else from_date(chosen.as_of.date())
    return Asked(tables, as_of, chosen.months, linkage_of(said), chosen.origin_digits, release=release)


def linkage_of(said: StatisticsSettings) -> Linkage | None:
    """How well records were linked, as the settings say."""
    if not said.linkage_recall:
        return None
    if not (0 < said.linkage_recall <= 1 and 0 < said.linkage_precision <= 1):
        raise SettingsError(
            "[statistics] linkage_recall and linkage_precision are shares, over 0 and up to 1"
        )
    return Linkage(said.linkage_recall, said.linkage_precision)


def safety_of(said: StatisticsSettings) -> Safety:
    """How small counts are kept from being known, as the settings say."""
    if said.threshold < 1:
        raise SettingsError("[statistics] threshold: 1 withholds nothing, 5 what is below five")
    if said.rounding and said.rounding not in BASES:
        raise SettingsError(f"[statistics] rounding: 0, {' or '.join(map(str, BASES))}")
    return Safety(said.threshold, said.rounding)


def found_for(
    context: click.Context, chosen: Chosen, tables: tuple[str, ...], release: str = ""
) -> Statistics:
    """The statistics of this call."""
    hub = opened(context)
    said = hub.settings.statistics
    with hub.projection() as db:
        return queries(hub, db).statistics(
            hub.rules, hub.intake.balance(), asked_of(chosen, tables, said, release), safety_of(said)
        )


def places_of(context: click.Context, found: Statistics) -> Places:
    """The names of places as they were on the day of the statistics."""
    return Places(opened(context).divisions, day_of(found.basis.as_of))


def _command(name: str) -> None:
    def show(
        context: click.Context, json_: bool, as_of: datetime | None, months: int, origin_digits: int
    ) -> None:
        found = found_for(context, Chosen(as_of, months, origin_digits), (name,))
        answer = basis_of(found.basis) | {"tables": [_as_json(table) for table in found.tables]}
        emit(answer, json_, lambda: _print(found, places_of(context, found)))

    family = next(f for f, names in FAMILIES.items() if name in names)
    described = f"The table {name}, of the family {family}."
    statistics.command(name, help=described)(choices(as_json(click.pass_context(show))))


for _name in TABLES:
    _command(_name)


@statistics.command("export")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--format", "format_", type=click.Choice(sorted(FORMATS)), default="sdmx-csv", show_default=True
)
@click.option(
    "--table", "tables", multiple=True, type=click.Choice(TABLES), help="this table only; may be repeated"
)
@choices
@as_json
@click.pass_context
def export(
    context: click.Context, folder: Path, format_: str, tables: tuple[str, ...], json_: bool,
    as_of: datetime | None, months: int, origin_digits: int,
) -> None:  # fmt: skip
    """Write tables to FOLDER, the same bytes for the same log and rules; README.txt says what they rest on.

    It is put on record what they give and withhold: later releases are compared with it.
    """
    check_folder(folder)
    default = tuple(name for name in TABLES if name != "three-lists")
    found = found_for(context, Chosen(as_of, months, origin_digits), tables or default, STATISTICS)
    say_exposed(found.exposed)
    written = write_statistics(folder, found, format_, places_of(context, found))
    answer = basis_of(found.basis) | {"files": written}
    emit(answer, json_, lambda: click.echo(f"{len(written)} files in {folder}: {', '.join(written)}"))


def say_exposed(number: int) -> None:
    """Warn of small counts that are withheld in vain."""
    if number:
        click.echo(
            f"有 {number} 个小数值虽未公布，但可由先前发布的数字推知 "
            f"{number} small counts are withheld but follow from figures that were given out before",
            err=True,
        )


def _as_json(table: Publication) -> dict[str, Any]:
    return {
        "name": table.name, "zh": table.zh, "en": table.en,
        "notes": [{"zh": zh, "en": en} for zh, en in table.notes],
        "observations": [row_of(observation) for observation in table.observations],
    }  # fmt: skip


def _shown(table: Publication, places: Places) -> Table:
    """Its first rows. A dimension that says the same in all of them stands above, and codes go on below:
    cut off, as on a narrow terminal, they would say nothing."""
    rows = table.observations[:ROWS_SHOWN_MAX]
    varied = [name for name in Key._fields if len({getattr(one.key, name) for one in table.observations}) > 1]
    same = {name: _text(rows[0].key, name, places) for name in Key._fields if rows and name not in varied}
    said = " · ".join(f"{name} {value}" for name, value in same.items() if value != TOTAL)
    shown = Table(title=f"{table.zh} {table.en}\n{said}".strip(), title_justify="left")
    for heading in varied:
        shown.add_column(heading, overflow="fold")
    for heading in ("value", "from", "to"):
        shown.add_column(heading, justify="right", no_wrap=True)
    shown.add_column("status")
    for one in rows:
        shown.add_row(*(_text(one.key, name, places) for name in varied), *text_of(one), one.obs_status)
    return shown


def _text(key: Key, name: str, places: Places) -> str:
    """A dimension of a key; a place with its name."""
    value = str(getattr(key, name))
    return places.label(value) if name == "area" or (name == "by" and key.indicator == "ORIGIN") else value


def _print(found: Statistics, places: Places) -> None:
    """Tables as people read them: months and county first, the rest with `--json` or in an export."""
    console = Console()
    for table in found.tables:
        console.print(_shown(table, places))
        if (more := len(table.observations) - ROWS_SHOWN_MAX) > 0:
            console.print(f"… {more:,} more rows: --json, or hub statistics export DIR")
        for code in sorted({one.obs_status for one in table.observations}):
            console.print(f"  {code} {STATUS_TEXT[code]}", highlight=False)
        for zh, en in table.notes:
            console.print(f"  · {zh}。{en}.", highlight=False)
    for name, value in basis_of(found.basis).items():
        console.print(f"  {name}: {value}", highlight=False)

"""Reference data of a site, read from files: holidays, divisions, limits. Rules are handed it and read no file."""

import csv
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from hub.domain.calendar import Calendar, Notice
from hub.domain.days import Day, day_of, from_date
from hub.domain.divisions import ALWAYS, STILL, Division, Divisions, objections
from hub.domain.limits import CODES, Limit, Limits
from hub.errors import SettingsError

HOLIDAY_DAYS_MAX = 60
DIVISIONS_MAX = 1_000_000
COLUMNS = ("system", "code", "name", "valid_from", "valid_to", "change", "successors", "source")
KEYS = ("year", "known_on", "source", "made_up", "holidays")
LENGTHS = ("months", "days")
LENGTH_MAX = 1200


def load_calendar(*paths: Path) -> Calendar:
    """The calendar that these files tell of together; SettingsError says what is wrong with one."""
    return Calendar.of(_notice(*said) for path in paths for said in _tables(path, "calendar", "notice"))


def _tables(path: Path, what: str, name: str) -> Iterator[tuple[Any, str]]:
    """The tables of a file that is a list of them, each with where it stands."""
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{what} {path.name} cannot be read as TOML") from error
    if document.keys() != {name} or not isinstance(document[name], list):
        raise SettingsError(f"{what} {path.name} is a list of [[{name}]] and nothing else")
    for number, table in enumerate(document[name], start=1):
        yield table, f"{what} {path.name}, {name} {number}"


def _notice(table: Mapping[str, Any], where: str) -> Notice:
    if wrong := sorted(table.keys() ^ set(KEYS)):
        raise SettingsError(f"{where}: {wrong[0]} is missing or unknown; it says {', '.join(KEYS)}")
    if type(table["year"]) is not int or not isinstance(table["holidays"], Mapping):
        raise SettingsError(f"{where}: year is a number such as 2024, holidays a table of names")
    if not isinstance(table["source"], str) or not table["source"].strip():
        raise SettingsError(f"{where}: source says who announced it, and where")
    holidays: set[Day] = set()
    for name, span in table["holidays"].items():
        first, last = _days(span, f"{where}: {name}", 2)
        if not first <= last < first + HOLIDAY_DAYS_MAX:
            raise SettingsError(f"{where}: {name} ends before it begins, or lasts {HOLIDAY_DAYS_MAX} days")
        holidays.update(range(first, last + 1))
    made_up = frozenset(_days(table["made_up"], f"{where}: made_up"))
    if holidays & made_up:
        raise SettingsError(f"{where}: a day of made_up is a holiday too")
    known_on = _days([table["known_on"]], f"{where}: known_on")[0]
    return Notice(table["year"], known_on, table["source"].strip(), frozenset(holidays), made_up)


def load_limits(*paths: Path) -> Limits:
    """The limits of these files together, later ones going before; SettingsError says what is wrong with one."""
    limits = Limits(_limit(*said) for path in paths for said in _tables(path, "limits", "limit"))
    everywhere = {limit.code for limit in limits.table if not limit.place}
    if missing := [code for code in CODES if code not in everywhere]:
        raise SettingsError(f'limits: none for {missing[0]} that holds everywhere (place = "")')
    return limits


def _limit(table: Mapping[str, Any], where: str) -> Limit:
    known = ("code", "place", "since", "source")
    if wrong := sorted((table.keys() - {*LENGTHS}) ^ set(known)):
        raise SettingsError(
            f"{where}: {wrong[0]} is missing or unknown; it says {', '.join((*known, *LENGTHS))}"
        )
    if table["code"] not in CODES:
        raise SettingsError(f"{where}: code is one of {', '.join(CODES)}")
    if not isinstance(table["place"], str) or (table["place"] and not table["place"].isdigit()):
        raise SettingsError(f"{where}: place is the beginning of a division code, or empty for everywhere")
    if not isinstance(table["source"], str) or not table["source"].strip():
        raise SettingsError(f"{where}: source says where the limit stands")
    months, days = (table.get(name, 0) for name in LENGTHS)
    if any(type(length) is not int or not 0 <= length <= LENGTH_MAX for length in (months, days)):
        raise SettingsError(f"{where}: months and days are whole numbers up to {LENGTH_MAX}")
    since = _days([table["since"]], f"{where}: since")[0]
    return Limit(table["code"], table["place"], since, months, days, table["source"].strip())


def _days(said: object, where: str, count: int | None = None) -> list[Day]:
    if not isinstance(said, list) or any(type(each) is not date for each in said):
        raise SettingsError(f"{where}: write days as in 2024-01-31, without quotes")
    if count is not None and len(said) != count:
        raise SettingsError(f"{where}: first and last day, {count} in all")
    return [from_date(each) for each in said]


def load_divisions(path: Path) -> Divisions:
    """The table of statistical codes in a CSV file; SettingsError says what is wrong with it, and in which line."""
    rows: list[Division] = []
    where = f"divisions {path.name}"
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            lines = csv.DictReader(stream)
            if tuple(lines.fieldnames or ()) != COLUMNS:
                raise SettingsError(f"{where}: its columns are {', '.join(COLUMNS)}")
            for line in lines:
                rows.append(_division(line, f"{where}, line {lines.line_num}"))
                if len(rows) > DIVISIONS_MAX:
                    raise SettingsError(f"{where}: more than {DIVISIONS_MAX:,} lines")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SettingsError(f"{where} cannot be read as CSV in UTF-8") from error
    if wrong := next(objections(rows), None):
        # No cell of such a table spans lines, and the first holds the headings.
        raise SettingsError(f"{where}, line {wrong[0] + 2}: {wrong[1]}")
    return Divisions.of(rows)


def _division(line: Mapping[str, str | None], where: str) -> Division:
    if None in line.values() or None in line:
        raise SettingsError(f"{where}: not one cell for each of {', '.join(COLUMNS)}")
    said = {name: str(cell).strip() for name, cell in line.items()}
    try:
        first = day_of(said["valid_from"]) if said["valid_from"] else ALWAYS
        last = day_of(said["valid_to"]) if said["valid_to"] else STILL
    except ValueError:
        raise SettingsError(f"{where}: write days as in 2024-01-31") from None
    if not (said["system"] and said["source"]):
        raise SettingsError(f"{where}: it names the system of its codes, and its source")
    successors = tuple(said["successors"].split())
    return Division(said["system"], said["code"], said["name"], first, last, said["change"], successors)

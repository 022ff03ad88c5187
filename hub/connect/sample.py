"""The head of a file that nobody has described yet: its shape, its headings, some of its rows."""

import csv
import io
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import msgspec

from hub.connect.fields import as_text
from hub.connect.sources import BROKEN_FILE, open_bytes, refuse_empty
from hub.connect.sources.delimited import SEPARATORS
from hub.connect.sources.encodings import detect
from hub.connect.sources.excel import BROKEN_WORKBOOK, opened
from hub.errors import SettingsError, UnreadableSourceError

ROWS_MAX = 2_000
CHARACTERS_MAX = 8 << 20
HEADINGS_MIN = 2


class Sample(NamedTuple):
    """What the head of a file shows."""

    format: str
    encoding: str
    delimiter: str
    how: str
    """How encoding and delimiter were found; empty where there is nothing to find."""
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def sample_of(path: Path) -> Sample:
    """The head of a delimited file, a workbook or JSON Lines, told apart by its name."""
    refuse_empty(path)
    name = path.name.lower().removesuffix(".gz")
    try:
        if name.endswith((".xlsx", ".xlsm")):
            made = _workbook(path)
        elif name.endswith((".jsonl", ".ndjson")):
            made = _lines(path)
        elif name.endswith((".csv", ".tsv", ".txt")):
            made = _delimited(path)
        else:
            raise SettingsError(f"{path.name}: save it as .xlsx, .csv, .tsv, .txt or .jsonl first")
    except BROKEN_FILE as error:
        raise UnreadableSourceError(f"{path.name}: cannot be read") from error
    return _checked(made, path)


def _checked(made: Sample, path: Path) -> Sample:
    named = [heading for heading in made.headings if heading]
    if len(named) < HEADINGS_MIN:
        raise UnreadableSourceError(
            f"{path.name}: its first row holds {len(named)} heading, not several: delete title rows above the headings"
        )
    if twice := next((heading for heading in named if named.count(heading) > 1), None):
        raise UnreadableSourceError(
            f"{path.name}: column {twice} stands twice: rename one", problem="duplicate-column"
        )
    if not made.rows:
        raise UnreadableSourceError(f"{path.name}: there are no rows below the headings to judge by")
    return made


def _workbook(path: Path) -> Sample:
    book, rows = opened(path)
    try:
        cells = [tuple(map(as_text, row)) for row in islice(rows, ROWS_MAX + 1)]
    except BROKEN_WORKBOOK as error:
        raise UnreadableSourceError(f"{path.name}: the sheet breaks off", problem="not-a-workbook") from error
    finally:
        book.close()
    return _sample("excel", "utf-8", ",", "", cells)


def _lines(path: Path) -> Sample:
    names: dict[str, None] = {}
    found: list[dict[str, object]] = []
    with open_bytes(path) as stream:
        for line in islice(stream, ROWS_MAX):
            try:
                said = msgspec.json.decode(line.removeprefix(b"\xef\xbb\xbf"))
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue
            if isinstance(said, dict):
                names.update(dict.fromkeys(said))
                found.append(said)
    cells = [tuple(names), *(tuple(as_text(said.get(name)) for name in names) for said in found)]
    return _sample("jsonl", "utf-8", ",", "", cells)


def _delimited(path: Path) -> Sample:
    encoding, why = detect(path)
    with io.TextIOWrapper(open_bytes(path), encoding=encoding, newline="") as stream:
        text = stream.read(CHARACTERS_MAX)
    delimiter = max(SEPARATORS, key=text.partition("\n")[0].count)
    cells = [tuple(cell.strip() for cell in row) for row in islice(_rows(text, delimiter), ROWS_MAX + 1)]
    shown = {"\t": "a tab"}.get(delimiter, delimiter)
    return _sample("delimited", encoding, delimiter, f"{encoding}: {why}; columns divided by {shown}", cells)


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error:
            continue


def _sample(format: str, encoding: str, delimiter: str, how: str, cells: list[tuple[str, ...]]) -> Sample:
    first = tuple(heading.strip().lstrip("\ufeff") for heading in cells[0]) if cells else ()
    rows = [row[: len(first)] + ("",) * (len(first) - len(row)) for row in cells[1:] if any(row)]
    return Sample(format, encoding, delimiter, how, first, tuple(rows))

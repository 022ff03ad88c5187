"""Excel workbooks: the first sheet, streamed, with its real extent.

A workbook may lie about its dimensions, hold formulas, or unpack to far more
than its size: the first is ignored, the second is refused cell by cell, the
third before anything is unpacked. So is a part with a document type, which the
format forbids and every bomb of entities needs: with none, Python's own fast parser does.

Read with openpyxl and not with a faster library (calamine reads twelve times as many
rows): one that holds a sheet whole would not be bounded by what its far cells claim,
and one that gives a formula's last result would not show that it is one.
"""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from xml.parsers import expat

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from hub.connect.contracts import Feed
from hub.connect.rows import HeadingReport, Row, check_headings, wanted
from hub.connect.sources import CELL_CHARACTERS_MAX, refuse_empty
from hub.errors import UnreadableSourceError

UNPACKED_BYTES_MAX = 512 << 20
UNPACKED_RATIO_MAX = 200
RATIO_APPLIES_BYTES = 64 << 20
PROLOG_BYTES = 4_096
# Damaged parts surface wherever openpyxl first trips over them.
BROKEN_WORKBOOK = (
    zipfile.BadZipFile, zlib.error, InvalidFileException, OSError, EOFError, SyntaxError,
    LookupError, ValueError, TypeError, AttributeError, NotImplementedError, RuntimeError,
)  # fmt: skip


def opened(path: Path) -> tuple[Any, Iterator[tuple[Any, ...]]]:
    """A workbook, to be closed, and the rows of its first sheet."""
    try:
        refuse_empty(path)
        with zipfile.ZipFile(path) as archive:
            _check_size(path, archive)
            _check_parts(path, archive)
        book = load_workbook(path, read_only=True)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        return book, sheet.iter_rows(values_only=True)
    except BROKEN_WORKBOOK as error:
        raise _broken(path) from error


def read(path: Path, feed: Feed) -> tuple[HeadingReport, Iterator[Row]]:
    """Headings and rows of the first sheet."""
    book, rows = opened(path)
    try:
        headings = [str(cell).strip() if cell is not None else "" for cell in next(rows, ())]
    except BROKEN_WORKBOOK as error:
        book.close()
        raise _broken(path) from error
    try:
        report = check_headings(feed, headings)
    except UnreadableSourceError:
        book.close()
        raise
    return report, _rows(path, book, rows, headings, feed)


def _broken(path: Path) -> UnreadableSourceError:
    return UnreadableSourceError(f"{path.name}: cannot be opened as a workbook", problem="not-a-workbook")


def _check_size(path: Path, archive: zipfile.ZipFile) -> None:
    """What it says it unpacks to is also all that will be read of it."""
    unpacked = sum(item.file_size for item in archive.infolist())
    ratio = unpacked / max(path.stat().st_size, 1)
    if unpacked > UNPACKED_BYTES_MAX or (unpacked > RATIO_APPLIES_BYTES and ratio > UNPACKED_RATIO_MAX):
        raise UnreadableSourceError(
            f"{path.name}: unpacks to more than is allowed", problem="unzips-too-large"
        )


def _check_parts(path: Path, archive: zipfile.ZipFile) -> None:
    """Refuse a part that declares a document type; what cannot be read here is for its reader to meet."""

    def refuse(*_: object) -> None:
        raise _broken(path)

    for item in archive.infolist():
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler, parser.StartElementHandler = refuse, _end_prolog
        with suppress(_PrologEndedError, expat.ExpatError, *BROKEN_WORKBOOK), archive.open(item) as part:
            while chunk := part.read(PROLOG_BYTES):
                parser.Parse(chunk)


class _PrologEndedError(Exception):
    """Nothing that follows can declare a document type."""


def _end_prolog(*_: object) -> None:
    raise _PrologEndedError


def _rows(
    path: Path, book: Any, rows: Iterator[tuple[Any, ...]], headings: list[str], feed: Feed
) -> Iterator[Row]:
    expected = wanted(feed)
    chosen = [(index, name) for index, name in enumerate(headings) if name in expected]
    try:
        for number, cells in enumerate(rows, start=2):
            kept = {name: cells[index] for index, name in chosen if index < len(cells)}
            if any(cell is not None and cell != "" for cell in kept.values()):
                yield _row(number, kept)
    except BROKEN_WORKBOOK as error:
        raise UnreadableSourceError(f"{path.name}: the sheet breaks off", problem="not-a-workbook") from error
    finally:
        book.close()


def _row(number: int, kept: dict[str, Any]) -> Row:
    for heading, cell in kept.items():
        if isinstance(cell, str) and len(cell) > CELL_CHARACTERS_MAX:
            return Row(number, {}, "cell-too-large", heading)
    for heading, cell in kept.items():
        if isinstance(cell, str) and cell.startswith("="):
            plain = {name: value for name, value in kept.items() if not str(value).startswith("=")}
            return Row(number, plain, "formula-cell", heading)
    return Row(number, kept)

"""Excel workbooks: the first sheet, streamed, with its real extent.

A workbook may lie about its dimensions, hold formulas, or unpack to far more
than its size: the first is ignored, the second is refused cell by cell, the
third before anything is unpacked.
"""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from hub.connect.contracts import Feed
from hub.connect.rows import HeadingReport, Row, check_headings, wanted
from hub.errors import UnreadableSourceError

UNPACKED_BYTES_MAX = 512 << 20
CELL_CHARACTERS_MAX = 1 << 20


def read(path: Path, feed: Feed) -> tuple[HeadingReport, Iterator[Row]]:
    """Headings and rows of the first sheet."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(item.file_size for item in archive.infolist()) > UNPACKED_BYTES_MAX:
                raise UnreadableSourceError(
                    f"{path.name}: unpacks to more than is allowed", problem="unzips-too-large"
                )
        book = load_workbook(path, read_only=True)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        rows = sheet.iter_rows(values_only=True)
        headings = [str(cell).strip() if cell is not None else "" for cell in next(rows, ())]
    except (
        zipfile.BadZipFile,
        InvalidFileException,
        KeyError,
        OSError,
        EOFError,
        IndexError,
        SyntaxError,
    ) as error:
        raise UnreadableSourceError(
            f"{path.name}: cannot be opened as a workbook", problem="not-a-workbook"
        ) from error
    try:
        report = check_headings(feed, headings)
    except UnreadableSourceError:
        book.close()
        raise
    return report, _rows(path, book, rows, headings, feed)


def _rows(
    path: Path, book: Any, rows: Iterator[tuple[Any, ...]], headings: list[str], feed: Feed
) -> Iterator[Row]:
    expected = wanted(feed)
    chosen = [(index, name) for index, name in enumerate(headings) if name in expected]
    try:
        for number, cells in enumerate(rows, start=2):
            kept = {name: cells[index] for index, name in chosen if index < len(cells)}
            texts = [cell for cell in kept.values() if isinstance(cell, str)]
            if not any(cell is not None and cell != "" for cell in kept.values()):
                continue
            if any(cell.startswith("=") for cell in texts):
                kept = {k: v for k, v in kept.items() if not str(v).startswith("=")}
                yield Row(number, kept, "formula-cell")
            elif any(len(cell) > CELL_CHARACTERS_MAX for cell in texts):
                yield Row(number, {}, "cell-too-large")
            else:
                yield Row(number, kept)
    except (zipfile.BadZipFile, EOFError, SyntaxError, OSError) as error:
        raise UnreadableSourceError(f"{path.name}: the sheet breaks off", problem="not-a-workbook") from error
    finally:
        book.close()

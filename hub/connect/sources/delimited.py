"""Delimited text: CSV in the encoding its contract names, plain or gzipped."""

import csv
import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from hub.connect.contracts import Feed
from hub.connect.rows import HeadingReport, Row, check_headings, wanted
from hub.errors import UnreadableSourceError

CELL_CHARACTERS_MAX = 1 << 20
LINE_BYTES_MAX = 64 << 20
LIKELY = ("utf-8", "gb18030", "utf-16")


def read(path: Path, feed: Feed) -> tuple[HeadingReport, Iterator[Row]]:
    """Headings and rows; a byte that is not in the agreed encoding refuses the whole drop."""
    _check_encoding(path, feed.encoding)
    csv.field_size_limit(LINE_BYTES_MAX)
    stream = io.TextIOWrapper(_open(path), encoding=feed.encoding, newline="")
    reader = csv.reader(stream)
    try:
        headings = [heading.strip().lstrip("\ufeff") for heading in next(reader, [])]
        report = check_headings(feed, headings)
    except csv.Error as error:
        stream.close()
        raise UnreadableSourceError(f"{path.name}: the heading row cannot be read") from error
    except UnreadableSourceError:
        stream.close()
        raise
    return report, _rows(stream, reader, headings, feed)


def _open(path: Path) -> IO[bytes]:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def _check_encoding(path: Path, encoding: str) -> None:
    """Read once as bytes: better to say where the first wrong byte is than to fail half-way."""
    try:
        with io.TextIOWrapper(_open(path), encoding=encoding, newline="") as stream:
            while stream.read(1 << 20):
                pass
    except UnicodeDecodeError as error:
        guess = next((name for name in LIKELY if name != encoding and _decodes(path, name)), None)
        hint = f"; it looks like {guess}" if guess else ""
        raise UnreadableSourceError(
            f"{path.name}: byte {error.start} is not {encoding}{hint}", problem="wrong-encoding"
        ) from None
    except (OSError, EOFError) as error:
        raise UnreadableSourceError(f"{path.name}: cannot be opened") from error


def _decodes(path: Path, encoding: str) -> bool:
    with _open(path) as stream:
        sample = stream.read(1 << 20)
    try:
        sample[: len(sample) // 2 * 2].decode(encoding)
    except UnicodeDecodeError as error:
        return error.start > len(sample) - 4
    return True


def _rows(
    stream: io.TextIOWrapper, reader: "Iterator[list[str]]", headings: list[str], feed: Feed
) -> Iterator[Row]:
    expected = wanted(feed)
    chosen = [(index, name) for index, name in enumerate(headings) if name in expected]
    number = 1
    with stream:
        while True:
            number += 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                yield Row(number, {}, "ragged-row")
                continue
            if not cells:
                continue
            problem = "" if len(cells) == len(headings) else "ragged-row"
            kept = {name: cells[index] for index, name in chosen if index < len(cells)}
            if any(len(cell) > CELL_CHARACTERS_MAX for cell in kept.values()):
                kept = {k: v for k, v in kept.items() if len(v) <= CELL_CHARACTERS_MAX}
                problem = "cell-too-large"
            yield Row(number, kept, problem)

"""Delimited text: CSV in the encoding its contract names, plain or gzipped."""

import codecs
import csv
import io
from collections.abc import Iterator
from pathlib import Path

from hub.connect.contracts import Feed
from hub.connect.rows import HeadingReport, Row, check_headings, wanted
from hub.connect.sources import BROKEN_FILE, CELL_CHARACTERS_MAX, open_bytes, refuse_empty
from hub.connect.sources.encodings import AUTO, detect
from hub.errors import UnreadableSourceError

LINE_BYTES_MAX = 64 << 20
CHUNK_BYTES = 1 << 20
UNPACKED_BYTES_MAX = 8 << 30
LIKELY = ("utf-8", "gb18030", "utf-16")
SEPARATORS = ",;\t|"


def read(path: Path, feed: Feed) -> tuple[HeadingReport, Iterator[Row]]:
    """Headings and rows; a byte that is not in the agreed encoding refuses the whole drop."""
    encoding, notes = _encoding(path, feed)
    _check_bytes(path, encoding)
    csv.field_size_limit(LINE_BYTES_MAX)
    stream = io.TextIOWrapper(open_bytes(path), encoding=encoding, newline="")
    reader = csv.reader(stream, delimiter=feed.delimiter)
    try:
        headings = [heading.strip().lstrip("\ufeff") for heading in next(reader, [])]
        _check_delimiter(headings, feed.delimiter)
        report = check_headings(feed, headings)._replace(notes=notes)
    except csv.Error as error:
        stream.close()
        raise UnreadableSourceError(f"{path.name}: the heading row cannot be read") from error
    except UnreadableSourceError:
        stream.close()
        raise
    return report, _rows(stream, reader, headings, feed)


def _encoding(path: Path, feed: Feed) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The agreed encoding, or the one that is found where the contract leaves it open: then it is told."""
    if feed.encoding != AUTO:
        return feed.encoding, ()
    try:
        refuse_empty(path)
        found = detect(path)
    except BROKEN_FILE as error:
        raise UnreadableSourceError(f"{path.name}: cannot be opened") from error
    return found.encoding, (("encoding-detected", f"read as {found.encoding}: {found.why}"),)


def _check_delimiter(headings: list[str], delimiter: str) -> None:
    """A heading row in one cell is most often one that another character divides."""
    if len(headings) != 1:
        return
    found = max(SEPARATORS, key=headings[0].count)
    if found != delimiter and found in headings[0]:
        shown = {"\t": "a tab", ",": "a comma", ";": "a semicolon"}.get(found, found)
        raise UnreadableSourceError(
            f"the heading row is one cell; it looks divided by {shown}", problem="wrong-delimiter"
        )


def _check_bytes(path: Path, encoding: str) -> None:
    """Read once as bytes: better to say where the first wrong byte is than to fail half-way."""
    decoder = codecs.getincrementaldecoder(encoding)()
    before, line, open_line = 0, 1, 0
    try:
        refuse_empty(path)
        with open_bytes(path) as stream:
            while True:
                pending = len(decoder.getstate()[0])
                chunk = stream.read(CHUNK_BYTES)
                text = decoder.decode(chunk, final=not chunk)
                before += len(chunk)
                _, newline, tail = text.rpartition("\n")
                line += text.count("\n")
                open_line = len(tail) if newline else open_line + len(tail)
                if open_line > LINE_BYTES_MAX or before > UNPACKED_BYTES_MAX:
                    code = "cell-too-large" if open_line > LINE_BYTES_MAX else "unzips-too-large"
                    raise UnreadableSourceError(f"{path.name}: line {line} is too long", problem=code)
                if not chunk:
                    return
    except UnicodeDecodeError as error:
        line += error.object[: error.start].count(b"\n")
        guess = next((name for name in LIKELY if name != encoding and _decodes(path, name)), None)
        hint = f"; it looks like {guess}" if guess else ""
        raise UnreadableSourceError(
            f"{path.name}: line {line}, byte {before - pending + error.start} is not {encoding}{hint}",
            problem="wrong-encoding",
        ) from None
    except BROKEN_FILE as error:
        raise UnreadableSourceError(f"{path.name}: cannot be opened") from error


def _decodes(path: Path, encoding: str) -> bool:
    with open_bytes(path) as stream:
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
    width = len(headings)
    number = 1
    with stream:
        while True:
            try:
                for cells in reader:
                    number += 1
                    if not cells:
                        continue
                    if len(cells) == width and max(map(len, cells)) <= CELL_CHARACTERS_MAX:
                        yield Row(number, {name: cells[index] for index, name in chosen})
                    else:
                        yield _odd(number, chosen, cells, width)
                return
            except csv.Error as error:
                number += 1
                yield Row(number, {}, "cell-too-large" if "field limit" in str(error) else "ragged-row")


def _odd(number: int, chosen: list[tuple[int, str]], cells: list[str], width: int) -> Row:
    """A row of another width than its headings', or with a cell that is no cell."""
    kept = {name: cells[index] for index, name in chosen if index < len(cells)}
    if len(cells) != width:
        # A row that slipped may show the content of a refused column under another heading.
        return Row(number, {} if len(chosen) < width else kept, "ragged-row")
    large = next((name for name, cell in kept.items() if len(cell) > CELL_CHARACTERS_MAX), "")
    if large:
        kept = {name: cell for name, cell in kept.items() if len(cell) <= CELL_CHARACTERS_MAX}
    return Row(number, kept, "cell-too-large" if large else "", large)

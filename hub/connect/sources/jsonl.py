"""JSON Lines: one object a line, UTF-8, plain or gzipped."""

from collections.abc import Container, Iterator
from pathlib import Path
from typing import IO

import msgspec

from hub.connect.contracts import Feed
from hub.connect.rows import HeadingReport, Row, check_headings, wanted
from hub.connect.sources import BROKEN_FILE, open_bytes, refuse_empty
from hub.errors import UnreadableSourceError

LINE_BYTES_MAX = 1 << 20
NAMES_MAX = 1_000
NESTED = frozenset((dict, list))
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read(path: Path, feed: Feed) -> tuple[HeadingReport, Iterator[Row]]:
    """Rows; which names the file uses is asked of every line, for each may use its own."""
    names: dict[str, None] = {}
    try:
        refuse_empty(path)
        with open_bytes(path) as stream:
            for line in _lines(stream):
                found = _parse(line)
                if found is not None and not found.keys() <= names.keys():
                    names.update(dict.fromkeys(found))
                if len(names) > NAMES_MAX:
                    raise UnreadableSourceError(f"{path.name}: more than {NAMES_MAX:,} different names")
    except BROKEN_FILE as error:
        raise UnreadableSourceError(f"{path.name}: cannot be read") from error
    expected = wanted(feed)
    # Absent names are empty fields in JSON, so only names that are too many are reported.
    absent = [heading for heading in expected if heading not in names]
    return check_headings(feed, [*names, *absent]), _rows(path, expected.keys())


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Lines, of which one that is too long comes cut: its rest is read past, never held."""
    first = True
    while line := stream.readline(LINE_BYTES_MAX + 1):
        rest = line
        while len(rest) > LINE_BYTES_MAX and not rest.endswith(b"\n"):
            rest = stream.readline(LINE_BYTES_MAX + 1)
        yield line.removeprefix(BYTE_ORDER_MARK) if first else line
        first = False


def _parse(line: bytes) -> dict[str, object] | None:
    if len(line) > LINE_BYTES_MAX:
        return None
    try:
        found = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _rows(path: Path, names: Container[str]) -> Iterator[Row]:
    with open_bytes(path) as stream:
        for number, line in enumerate(_lines(stream), start=1):
            if not line.strip():
                continue
            found = _parse(line)
            if found is None:
                yield Row(number, {}, _fault(line))
            else:
                yield _row(number, {k: v for k, v in found.items() if k in names})


def _row(number: int, kept: dict[str, object]) -> Row:
    if NESTED.isdisjoint(map(type, kept.values())):
        return Row(number, kept)
    return Row(number, {}, "bad-json", next(name for name, cell in kept.items() if type(cell) in NESTED))


def _fault(line: bytes) -> str:
    """Why a line could not be read."""
    if len(line) > LINE_BYTES_MAX:
        return "cell-too-large"
    try:
        line.decode()
    except UnicodeDecodeError:
        return "wrong-encoding"
    return "bad-json"

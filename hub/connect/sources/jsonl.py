"""JSON Lines: one object a line, UTF-8."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from hub.connect.contracts import Feed
from hub.connect.rows import NOTHING_WRONG, HeadingReport, Row, check_headings, wanted
from hub.errors import UnreadableSourceError

LINE_BYTES_MAX = 1 << 20


def read(path: Path, feed: Feed) -> tuple[HeadingReport, Iterator[Row]]:
    """Rows; which names the file uses is judged from its first readable line."""
    try:
        with path.open("rb") as stream:
            first = next((found for line in stream if (found := _parse(line)) is not None), None)
    except OSError as error:
        raise UnreadableSourceError(f"{path.name}: cannot be opened") from error
    expected = wanted(feed)
    report = NOTHING_WRONG
    if first is not None:
        # Absent names are empty fields in JSON, so only names that are too many are reported.
        report = check_headings(feed, [*first, *expected])
    return report, _rows(path, expected.keys())


def _parse(line: bytes) -> dict[str, object] | None:
    if len(line) > LINE_BYTES_MAX:
        return None
    try:
        found = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _rows(path: Path, names: "set[str] | object") -> Iterator[Row]:
    assert hasattr(names, "__contains__")
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            found = _parse(line)
            if found is None:
                yield Row(number, {}, "cell-too-large" if len(line) > LINE_BYTES_MAX else "bad-json")
            else:
                kept = {k: v for k, v in found.items() if k in names}
                nested = any(isinstance(value, dict | list) for value in kept.values())
                yield Row(number, {} if nested else kept, "bad-json" if nested else "")

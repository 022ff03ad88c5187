"""What of a posted batch is kept on disk: its columns' names, and the cells under those that its contract names.

Nothing else that a department sends ever lies in the hub's own folders, so that what the hub refuses to hold
is not held until somebody reads the batch. Rows stay where they were; one that cannot be read stays one.
"""

import csv
import io
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Protocol

import msgspec

from hub.connect.sources.delimited import LINE_BYTES_MAX
from hub.connect.sources.jsonl import lines, parsed

BROKEN_LINE = b"{\n"
NOT_UTF_8 = b"\xff\n"


class Sink(Protocol):
    """Where the kept bytes go."""

    def add(self, piece: bytes, /) -> None:
        """The next piece."""


def cut_lines(source: Path, sink: Sink, wanted: Collection[str], delimiter: str) -> None:
    """JSON lines, with null under every other name."""
    with source.open("rb") as stream:
        for line in lines(stream):
            found = parsed(line)
            if found is None:
                sink.add(BROKEN_LINE if line.strip() else b"\n")
            else:
                sink.add(msgspec.json.encode(_cut(found, wanted)) + b"\n")


def _cut(found: Mapping[str, Any], wanted: Collection[str]) -> dict[str, Any]:
    return {name: cell if name in wanted else None for name, cell in found.items()}


def cut_table(source: Path, sink: Sink, wanted: Collection[str], delimiter: str) -> None:
    """Delimited text, with nothing under every other heading, nor in a row that may have slipped."""
    csv.field_size_limit(LINE_BYTES_MAX)
    kept: list[bool] | None = None
    with source.open(encoding="utf-8", newline="") as stream:
        reader = csv.reader(stream, delimiter=delimiter)
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except UnicodeDecodeError:
                sink.add(NOT_UTF_8)
                return
            except csv.Error:
                cells = [""] * (len(kept or "") + 1)
            if kept is None:
                kept = [cell.strip().lstrip("\ufeff") in wanted for cell in cells]
            elif len(cells) == len(kept):
                cells = [cell if keep else "" for cell, keep in zip(cells, kept, strict=True)]
            else:
                cells = [""] * len(cells)
            sink.add(_written(cells, delimiter))


def _written(cells: list[str], delimiter: str) -> bytes:
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter).writerow(cells)
    return stream.getvalue().encode()


CUTS: Mapping[str, Callable[[Path, Sink, Collection[str], str], None]] = {
    ".jsonl": cut_lines, ".csv": cut_table,
}  # fmt: skip

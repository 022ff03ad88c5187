"""Columns: how the cells of one field become values, a batch of rows at a time.

A batch is read field by field, not row by row, so that what most cells have in
common is asked once: whether all of them are text, whether any holds what is
refused. Where values come back often (codes, dates, places) each is read once and
remembered; a flaw is a value like any other until its row is put together.
"""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from hub.connect.contracts import Field
from hub.connect.dates import parser_of
from hub.connect.fields import FULL_WIDTH, KINDS, PLAIN_KINDS, all_plain, as_text
from hub.connect.reasons import CellError
from hub.domain.forbidden import VALUES

REMEMBERED_MAX = 65_536
REMEMBERED_CHARACTERS_MAX = 64
REPEATED = frozenset(("code", "date", "month", "place_code", "credit_code"))
"""Kinds of which a feed says the same again and again."""
Parse = Callable[[str], Any]


class Flaw(NamedTuple):
    """What is wrong with a cell, and the value it may leave beside a mere warning."""

    code: str
    value: Any = None
    severity: str = ""
    """Empty: as the contract says of the field."""


class Remembered(dict[str, Any]):
    """What was read before is not read again, within bounds."""

    def __init__(self, read: Parse) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, text: str) -> Any:
        found = self._read(text)
        if len(text) <= REMEMBERED_CHARACTERS_MAX:
            if len(self) >= REMEMBERED_MAX:
                self.clear()
            self[text] = found
        return found


class Column:
    """One field of a feed, ready to read its cells."""

    def __init__(self, field: Field) -> None:
        self.field = field
        self._parse = parser(field)
        self._is_plain = field.kind in PLAIN_KINDS
        self._one: Parse = Remembered(self._read).__getitem__ if field.kind in REPEATED else self._read

    def values(self, texts: Sequence[str]) -> list[Any]:
        """The value of each text: None where it is empty, a `Flaw` where something is wrong."""
        if not any(texts):
            return [None] * len(texts)
        # Text and names are what they say, unless something among them is odd.
        if self._is_plain and VALUES.isdisjoint(texts) and all_plain(texts):
            return [text or None for text in texts] if "" in texts else list(texts)
        return list(map(self._one, texts))

    def _read(self, text: str) -> Any:
        if not text:
            return None
        if text in VALUES:
            return Flaw("forbidden-value", severity="quarantine")
        try:
            value = self._parse(text)
        except CellError as bad:
            return Flaw(bad.code, bad.value)
        if not self._is_plain and not text.isascii() and self._typed_wide(text):
            return Flaw("full-width", value, "warn")
        return value

    def _typed_wide(self, text: str) -> bool:
        """Whether digits or letters of a code, number or date were typed full-width."""
        return text not in self.field.codes and bool(FULL_WIDTH.search(text))


def texts_of(cells: Sequence[Any]) -> list[str]:
    """What the cells of a column say, as text without outer blanks."""
    if set(map(type, cells)) == {str}:
        return list(map(str.strip, cells))
    return [cell.strip() if type(cell) is str else as_text(cell) for cell in cells]


def parser(field: Field) -> Parse:
    """How a field's text becomes its value; raises CellError."""
    if field.kind == "date":
        return parser_of(field.date_format)
    return coded(field.codes) if field.kind == "code" else KINDS[field.kind]


def coded(codes: Mapping[str, str]) -> Parse:
    """A parser of the words of a list."""

    def parse(text: str) -> str:
        found = codes.get(text) or codes.get(unicodedata.normalize("NFKC", text))
        if found is None:
            raise CellError("bad-code")
        return found

    return parse

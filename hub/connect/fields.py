"""Field kinds: how a cell becomes a value, and what is wrong with it when it does not.

A parser takes clean text and returns the value, or raises `CellError` with a code
of the catalogue. Outer blanks are cut in silence; full-width digits are read
and warned of; everything else that is odd is refused.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

from hub.connect.dates import day
from hub.connect.reasons import CellError
from hub.matching.numbers import (
    NUMBER_18,
    canonical_number,
    certificate_no_valid,
    credit_code_valid,
    number_valid,
)

TEXT_CHARACTERS_MAX = 4_096
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u2028\u2029]")
INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
FLOAT_EXACT_MAX = 2**53
FULL_WIDTH = re.compile("[０-９Ａ-Ｚａ-ｚ]")
# Beside these, full-width characters are what the text is written in.
PLAIN_KINDS = frozenset(("text", "name"))


def text(value: str) -> str:
    """Any text within bounds."""
    if len(value) > TEXT_CHARACTERS_MAX:
        raise CellError("too-long")
    if CONTROL.search(value):
        raise CellError("control-character")
    return value


def all_plain(values: Sequence[str]) -> bool:
    """Whether `text` would take all of these: asked of them together, a long one first."""
    longest = max(map(len, values), default=0)
    return longest <= TEXT_CHARACTERS_MAX and CONTROL.search("".join(values)) is None


def month(value: str) -> str:
    """A month as YYYYMM."""
    plain = unicodedata.normalize("NFKC", value).replace("-", "")
    if not (len(plain) == 6 and plain.isascii() and plain.isdigit() and "01" <= plain[4:] <= "12"):
        raise CellError("bad-date")
    return plain


def identity_number(value: str) -> str:
    """An identity number; one that fails its check keeps its value beside the complaint."""
    # Most are written as they should be: then there is nothing to make canonical.
    number = value if NUMBER_18.fullmatch(value) else canonical_number(text(value))
    if not number_valid(number):
        raise CellError("bad-number", number)
    return number


def credit_code(value: str) -> str:
    """A unified social credit code."""
    code = unicodedata.normalize("NFKC", text(value)).strip().upper()
    if not credit_code_valid(code):
        raise CellError("bad-number", code)
    return code


def certificate_no(value: str) -> str:
    """A birth certificate number."""
    number = unicodedata.normalize("NFKC", text(value)).strip().upper()
    if not certificate_no_valid(number):
        raise CellError("bad-number", number)
    return number


def place_code(value: str) -> str:
    """A 12-digit division code."""
    code = value if value.isascii() else unicodedata.normalize("NFKC", value)
    if not (len(code) == 12 and code.isascii() and code.isdigit()):
        raise CellError("bad-place-code")
    return code


def phone(value: str) -> str:
    """A telephone number's digits."""
    return "".join(c for c in unicodedata.normalize("NFKC", text(value)) if c.isdigit() or c == "+")


def integer(value: str) -> int:
    """A whole number that fits the 64 bits of an event's field."""
    plain = unicodedata.normalize("NFKC", value)
    if not INTEGER.fullmatch(plain):
        raise CellError("bad-integer")
    return int(plain)


Parser = Callable[[str], str | int]
KINDS: Mapping[str, Parser] = {
    "text": text, "name": text, "date": day, "month": month, "identity_number": identity_number,
    "credit_code": credit_code, "certificate_no": certificate_no, "place_code": place_code,
    "phone": phone, "integer": integer,
}  # fmt: skip


def as_text(cell: object) -> str:
    """What a cell of a workbook, table or JSON line says, as text without outer blanks."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    # A larger float has lost digits: shown in full it would look like another person's number.
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < FLOAT_EXACT_MAX:
        return str(int(cell))
    return str(cell).strip()

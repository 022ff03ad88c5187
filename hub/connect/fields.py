"""Field kinds: how a cell becomes a value, and what is wrong with it when it does not.

A parser takes clean text and returns the value, or raises `CellError` with a code
of the catalogue. Blanks and full-width characters are folded in silence;
everything else that is odd is said.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from hub.domain.days import Day, from_date
from hub.errors import RejectedError
from hub.matching.numbers import canonical_number, certificate_no_valid, credit_code_valid, number_valid

TEXT_CHARACTERS_MAX = 4_096
EARLIEST, LATEST = date(1880, 1, 1), date(2200, 1, 1)
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u2028\u2029]")
# Without separators all eight digits are needed: 1990123 could be two different days.
COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
SEPARATED = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?")
TIME_OF_DAY = re.compile(r"[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?")
INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
FLOAT_EXACT_MAX = 2**53
SHORT_YEAR = re.compile(r"\d{2}[-/.]?\d{2}[-/.]?\d{2}")


class CellError(RejectedError):
    """The cell does not fit its kind; the code is that of the catalogue."""

    def __init__(self, code: str, value: object = None) -> None:
        super().__init__(code)
        self.code = code
        self.value = value


class Reason(NamedTuple):
    """One entry of the catalogue of refusals: title in both languages and what to do."""

    zh: str
    en: str
    advice: str


REASONS: Mapping[str, Reason] = {
    "missing-key": Reason("缺少主键", "the record has no key", "fill in the key and publish the row again"),
    "missing-required": Reason("缺少必填项", "a required field is empty", "fill in the field"),
    "bad-date": Reason("日期格式错误", "not a date", "write the date as YYYY-MM-DD or YYYYMMDD"),
    "two-digit-year": Reason("年份为两位", "the year has two digits", "write the year with four digits"),
    "impossible-date": Reason("日期不存在", "no such day", "check day and month against the paper"),
    "bad-code": Reason("代码不在代码表", "not in the code list", "use a code that the contract lists"),
    "bad-number": Reason("号码校验错误", "the number fails its check", "compare the number with the document"),
    "bad-place-code": Reason("地址代码错误", "not a 12-digit division code", "use the statistical division code"),
    "bad-integer": Reason("不是整数", "not a whole number", "write digits only"),
    "too-long": Reason("内容过长", "longer than 4,096 characters", "shorten the text"),
    "cell-too-large": Reason("单元格过大", "a cell of more than 1 MiB", "the cell holds something else than a field: remove it"),
    "formula-cell": Reason("单元格为公式", "the cell holds a formula", "paste the value instead of the formula"),
    "control-character": Reason("含控制字符", "a control character in the text", "type the text again"),
    "binary-cell": Reason("单元格不是文本", "the cell holds bytes that are not text", "publish the text in UTF-8"),
    "duplicate-column": Reason("列名重复", "a heading stands twice", "keep one column of that name"),
    "duplicate-key": Reason("主键重复且内容不同", "the key stands twice with different content", "keep the right row and publish again"),
    "ragged-row": Reason("列数不符", "more or fewer cells than headings", "quote cells that contain the separator"),
    "bad-json": Reason("JSON格式错误", "the line is no JSON object", "write one JSON object a line"),
    "missing-column": Reason("缺少列", "a required column is missing", "restore the heading; the contract lists it"),
    "wrong-encoding": Reason("文件编码错误", "the file is not in the agreed encoding", "save the file in the contract's encoding"),
    "not-a-workbook": Reason("工作簿损坏", "the workbook cannot be opened", "save the workbook again and publish it"),
    "source-unreadable": Reason("无法读取", "the source cannot be read", "check that the file is complete"),
    "unzips-too-large": Reason("压缩内容过大", "the file unpacks to more than is allowed", "split the file"),
}  # fmt: skip


def text(value: str) -> str:
    """Any text within bounds."""
    if len(value) > TEXT_CHARACTERS_MAX:
        raise CellError("too-long")
    if CONTROL.search(value):
        raise CellError("control-character")
    return value


@lru_cache(65_536)
def day(value: str) -> Day:
    """A day written with four-digit year, with or without separators."""
    plain = value if value.isascii() else unicodedata.normalize("NFKC", value)
    plain = plain[:10] if TIME_OF_DAY.fullmatch(plain, 10) else plain
    if SHORT_YEAR.fullmatch(plain):
        raise CellError("two-digit-year")
    found = COMPACT.fullmatch(plain) or SEPARATED.fullmatch(plain)
    if not found:
        raise CellError("bad-date")
    try:
        parsed = date(*map(int, found.groups()))
    except ValueError:
        raise CellError("impossible-date") from None
    if not EARLIEST <= parsed <= LATEST:
        raise CellError("impossible-date")
    return from_date(parsed)


def month(value: str) -> str:
    """A month as YYYYMM."""
    plain = unicodedata.normalize("NFKC", value).replace("-", "")
    if not (len(plain) == 6 and plain.isascii() and plain.isdigit() and "01" <= plain[4:] <= "12"):
        raise CellError("bad-date")
    return plain


def identity_number(value: str) -> str:
    """An identity number; one that fails its check keeps its value beside the complaint."""
    number = canonical_number(text(value))
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

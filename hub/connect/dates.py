"""Dates: how the days of many offices are read, never guessed.

Unless a contract names a format, a date begins with its four-digit year, so it
can mean one day only. A contract that names one (`MM/dd/yyyy`, as the standard
writes formats) is followed to the letter; ISO dates pass beside it, since that
is what date cells of workbooks and tables become.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from functools import lru_cache

from hub.connect.reasons import CellError
from hub.domain.days import Day, from_date

EARLIEST, LATEST = date(1880, 1, 1), date(2200, 1, 1)
VALUES_REMEMBERED_MAX = 65_536
# Without separators all eight digits are needed: 1990123 could be two different days.
COMPACT = re.compile(r"(?P<y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>[0-9]{2})")
SEPARATED = re.compile(r"(?P<y>[0-9]{4})[-/.年](?P<m>[0-9]{1,2})[-/.月](?P<d>[0-9]{1,2})日?")
ISO = re.compile(r"(?P<y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})")
TIME_OF_DAY = re.compile(r"[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?")
SHORT_YEAR = re.compile(r"\d{6}|\d{2}[-/.年]\d{1,2}[-/.月]\d{1,2}日?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2}")
FORMAT_PART = re.compile(r"'(?P<quoted>[^']*)'|(?P<letters>(?P<one>[A-Za-z])(?P=one)*)|(?P<other>.)")
# Capital Y and D mean other things in the standard, but no office means those by a date.
LETTERS = {
    "yyyy": "(?P<y>[0-9]{4})", "uuuu": "(?P<y>[0-9]{4})", "YYYY": "(?P<y>[0-9]{4})",
    "MM": "(?P<m>[0-9]{2})", "M": "(?P<m>[0-9]{1,2})",
    "dd": "(?P<d>[0-9]{2})", "d": "(?P<d>[0-9]{1,2})", "DD": "(?P<d>[0-9]{2})", "D": "(?P<d>[0-9]{1,2})",
    "HH": "[0-9]{2}", "mm": "[0-9]{2}", "ss": "[0-9]{2}",
}  # fmt: skip


def parser_of(format: str) -> Callable[[str], Day]:
    """The parser of dates in this format; ValueError if it is none."""
    if not format:
        return day
    pattern = _pattern(format)

    @lru_cache(VALUES_REMEMBERED_MAX)
    def parse(value: str) -> Day:
        plain = _plain(value)
        return _day(plain, pattern.fullmatch(plain) or ISO.fullmatch(plain[:10] if _timed(plain) else plain))

    return parse


@lru_cache(VALUES_REMEMBERED_MAX)
def day(value: str) -> Day:
    """A day written with four-digit year first, with or without separators."""
    plain = _plain(value)
    plain = plain[:10] if _timed(plain) else plain
    return _day(plain, COMPACT.fullmatch(plain) or SEPARATED.fullmatch(plain))


def _pattern(format: str) -> re.Pattern[str]:
    made = ""
    for part in FORMAT_PART.finditer(format):
        letters = part["letters"]
        if letters and letters not in LETTERS:
            raise ValueError(f"{letters} is none of yyyy, MM, M, dd, d, HH, mm, ss")
        made += LETTERS[letters] if letters else re.escape(part["quoted"] or part["other"] or "")
    if sorted(re.findall(r"\?P<(.)>", made)) != ["d", "m", "y"]:
        raise ValueError("it needs year, month and day once each, as in yyyy-MM-dd")
    return re.compile(made)


def _plain(value: str) -> str:
    return value if value.isascii() else unicodedata.normalize("NFKC", value)


def _timed(plain: str) -> bool:
    return TIME_OF_DAY.fullmatch(plain, 10) is not None


def _day(plain: str, found: re.Match[str] | None) -> Day:
    if found is None:
        raise CellError("two-digit-year" if SHORT_YEAR.fullmatch(plain) else "bad-date")
    try:
        parsed = date(int(found["y"]), int(found["m"]), int(found["d"]))
    except ValueError:
        raise CellError("impossible-date") from None
    if not EARLIEST <= parsed <= LATEST:
        raise CellError("impossible-date")
    return from_date(parsed)

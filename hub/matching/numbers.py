"""National numbers: canonical form and validity of what is written on documents.

Identity numbers follow GB 11643-1999 (18 places, ISO 7064 MOD 11-2; 15 places
before), credit codes GB 32100-2015, birth certificates one letter and nine
digits. A valid number is strong evidence of who somebody is, never proof.
"""

import re
import unicodedata
from datetime import date
from functools import lru_cache
from operator import mul

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
WEIGHTS_SUM = sum(WEIGHTS)
CHECKS = "10X98765432"
CREDIT_SYMBOLS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CREDIT_VALUES = {symbol: value for value, symbol in enumerate(CREDIT_SYMBOLS)}
CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
NUMBER_18 = re.compile(r"[0-9]{17}[0-9X]")
NUMBER_15 = re.compile(r"[0-9]{15}")
CERTIFICATE = re.compile(r"[A-Z][0-9]{9}")


def check_digit(body17: str) -> str:
    """The last place of an identity number from its first seventeen."""
    # Digits as their bytes, 48 to 57: each is too large by 48, all of them by a multiple of the weights.
    total = sum(map(mul, WEIGHTS, body17.encode("ascii"))) - 48 * WEIGHTS_SUM
    return CHECKS[total % 11]


def to_18(number15: str) -> str:
    """The 18-place form of a 15-place number; sequences 996 to 999 were kept for centenarians."""
    century = "18" if number15[12:] in ("996", "997", "998", "999") else "19"
    body = number15[:6] + century + number15[6:]
    return body + check_digit(body)


@lru_cache(maxsize=65_536)
def canonical_number(text: str) -> str:
    """Half-width, upper-case, without blanks; a 15-place number in its 18-place form."""
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    plain = plain.replace(" ", "").replace("-", "").upper()
    return to_18(plain) if NUMBER_15.fullmatch(plain) else plain


@lru_cache(maxsize=65_536)
def _iso(digits: str) -> str | None:
    """The day that eight digits mean; numbers are many, their days are few."""
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).isoformat()
    except ValueError:
        return None


@lru_cache(maxsize=65_536)
def number_birth_date(number: str) -> str | None:
    """The ISO birth date inside an 18-place number; None where it is no date."""
    return _iso(number[6:14]) if NUMBER_18.fullmatch(number) else None


@lru_cache(maxsize=65_536)
def number_valid(text: str) -> bool:
    """Whether this is an 18-place number with a real date and the right last place."""
    return (
        NUMBER_18.fullmatch(text) is not None
        and _iso(text[6:14]) is not None
        and check_digit(text[:17]) == text[17]
    )


def number_sex(number: str) -> str | None:
    """male for an odd sequence, female for an even one; None where it is no number."""
    if not NUMBER_18.fullmatch(number):
        return None
    return "male" if int(number[16]) % 2 else "female"


def credit_check(body17: str) -> str:
    """The last place of a unified social credit code from its first seventeen."""
    total = sum(map(mul, CREDIT_WEIGHTS, map(CREDIT_VALUES.__getitem__, body17)))
    return CREDIT_SYMBOLS[(31 - total % 31) % 31]


def credit_code_valid(text: str) -> bool:
    """Whether this is an 18-place credit code with the right last place."""
    if len(text) != 18 or not CREDIT_VALUES.keys() >= set(text):
        return False
    return credit_check(text[:17]) == text[17]


def certificate_no_valid(text: str) -> bool:
    """Whether this is a letter and nine digits."""
    return CERTIFICATE.fullmatch(text) is not None

"""What people write for the same thing, brought to one form before comparing.

Cached by value, since names, places and dates repeat endlessly.
"""

import re
import unicodedata
from functools import lru_cache

from pypinyin import Style, lazy_pinyin

NOT_LETTERS = re.compile(r"[^\w]+", re.UNICODE)
CACHE = 131_072
DOUBLE_FAMILY_NAMES = frozenset(
    [
        "欧阳",
        "司马",
        "上官",
        "诸葛",
        "东方",
        "皇甫",
        "尉迟",
        "公孙",
        "慕容",
        "令狐",
        "端木",
        "夏侯",
        "轩辕",
        "司徒",
        "长孙",
        "宇文",
        "南宫",
    ]
)


@lru_cache(CACHE)
def folded(text: str) -> str:
    """Lower-case letters and digits of any script, full width and dots folded away."""
    return NOT_LETTERS.sub("", unicodedata.normalize("NFKC", text)).casefold()


@lru_cache(CACHE)
def digits(text: str) -> str:
    """The digits alone: 2024-01-31 and 20240131 are one date."""
    return "".join(c for c in unicodedata.normalize("NFKC", text) if c.isdigit())


def is_chinese(text: str) -> bool:
    """Whether a folded name is written in Chinese characters."""
    return bool(text) and text[0] >= "\u3400" and not "\uac00" <= text[0] <= "\ud7a3"


@lru_cache(CACHE)
def pinyin(text: str) -> str:
    """How a Chinese name sounds, tone dropped; other names stay as they are."""
    return " ".join(lazy_pinyin(text, style=Style.NORMAL)) if is_chinese(text) else text


def family_of(name: str) -> str:
    """The family name of a folded Chinese full name."""
    return name[:2] if name[:2] in DOUBLE_FAMILY_NAMES else name[:1]


@lru_cache(CACHE)
def soundex(text: str) -> str:
    """American Soundex of a Latin name, for blocking."""
    codes = {
        c: d for d, cs in zip("123456", ("bfpv", "cgjkqsxz", "dt", "l", "mn", "r"), strict=True) for c in cs
    }
    letters = [c for c in text if c.isalpha()]
    if not letters:
        return ""
    out, last = letters[0], codes.get(letters[0], "")
    for letter in letters[1:]:
        code = codes.get(letter, "")
        if code and code != last:
            out += code
        if letter not in "hw":
            last = code
    return (out + "000")[:4]

"""What people write for the same thing, brought to one form before comparing.

Cached by value, since names, places and dates repeat endlessly; every result is
the same on every machine, since blocks and profiles are stored under it.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

from pypinyin import Style, lazy_pinyin

NOT_LETTERS = re.compile(r"[^\w]+", re.UNICODE)
PARTS = re.compile(r"[^\W_]+", re.UNICODE)
APOSTROPHES = str.maketrans("", "", "'’`´ʼ.")
DAY_PARTS = re.compile(r"(\w{1,4})[-/. 年](\w{1,2})[-/. 月]([^\W日]{1,4})日?(?:[T ].*)?")
COMPACT = ((0, 4, 4, 6, 6, 8), (4, 8, 0, 2, 2, 4), (4, 8, 2, 4, 0, 2))
"""Where year, month and day stand in eight digits: ISO, month first, day first."""
YEARS = range(1850, 2101)
MONTH, YEAR = 32, 32 * 13
"""Days of a month and of a year as `day_number` counts them."""
SEXES = {
    "m": "male", "male": "male", "man": "male", "boy": "male", "男": "male", "男性": "male",
    "f": "female", "female": "female", "woman": "female", "girl": "female", "女": "female", "女性": "female",
    "unknown": "", "u": "", "未知": "",
}  # fmt: skip
NO_NAMES = frozenset(
    re.findall(
        r"\w+",
        """
    unknown unk unnamed anonymous none nil null na missing no name noname nfn nln fnu lnu not given known dont do know
    declined decline refused refuse respondent respondant resp ref resident occupant tenant person patient inmate
    adult minor child kid infant newborn baby babyboy babygirl boy girl man woman male female lady gentleman
    mother mom father dad son daughter brother sister husband wife spouse partner roommate nephew niece
    grandmother grandma grandfather grandpa grandson granddaughter cousin aunt uncle house household test
    hijo hija bebe nino nina senor senora mr mrs ms miss sir madam
    无 无名 无名氏 未知 不详 不明 未取名 未命名 待定 某 某某 佚名
    """,
    )
)
"""Words that stand where a name was not known; a name of such words alone says nothing about who it is."""
CACHE = 131_072
DOUBLE_FAMILY_NAMES = frozenset(
    re.findall(r"\w+", "欧阳 司马 上官 诸葛 东方 皇甫 尉迟 公孙 慕容 令狐 端木 夏侯 轩辕 司徒 长孙 宇文 南宫")
)
SOUNDS = {
    c: d for d, cs in zip("123456", ("bfpv", "cgjkqsxz", "dt", "l", "mn", "r"), strict=True) for c in cs
}


@lru_cache(CACHE)
def folded(text: str) -> str:
    """Lower-case letters and digits of any script, full width and dots folded away."""
    return NOT_LETTERS.sub("", unicodedata.normalize("NFKC", text)).casefold()


@lru_cache(CACHE)
def words(text: str) -> str:
    """Lower-case words without accents or apostrophes, one blank between; Chinese text without blanks."""
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    found = PARTS.findall(plain.translate(APOSTROPHES).casefold())
    if not found:
        return ""
    if is_chinese(found[0]):
        return "".join(found)
    joined = " ".join(found)
    if joined.isascii():
        return joined
    bare = "".join(c for c in unicodedata.normalize("NFKD", joined) if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", bare)


@lru_cache(CACHE)
def person_name(text: str) -> str:
    """A name as words; nothing where the words only say that no name was known."""
    found = words(text)
    return "" if NO_NAMES.issuperset(found.split(" ")) else found


@lru_cache(CACHE)
def digits(text: str) -> str:
    """The digits alone."""
    return "".join(c for c in unicodedata.normalize("NFKC", text) if c.isdigit())


@lru_cache(CACHE)
def mail(text: str) -> str:
    """An e-mail address in lower case, its one sign of structure kept."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


@lru_cache(CACHE)
def sex(text: str) -> str:
    """male or female however it is written; an unknown word stays itself."""
    plain = text.strip().casefold()
    return SEXES.get(plain, plain)


@lru_cache(CACHE)
def day(text: str) -> str:
    """A date as YYYYMMDD, from ISO, month-first or day-first writing.

    Where both orders are possible the month is taken first: a feed that means
    the other order does so throughout, and training learns what a swap weighs.
    What is no date keeps its signs, so that one wrong digit stays one.
    """
    plain = (text if text.isascii() else unicodedata.normalize("NFKC", text)).strip()
    if parts := DAY_PARTS.fullmatch(plain):
        first, second, third = parts.groups()
        if len(third) == 4:
            month_first = not (first.isdigit() and int(first) > 12)
            return third + (
                first.zfill(2) + second.zfill(2) if month_first else second.zfill(2) + first.zfill(2)
            )
        return first + second.zfill(2) + third[:2].zfill(2)
    compact = NOT_LETTERS.sub("", plain).casefold()
    if len(compact) == 8 and compact.isdigit():
        for y, y2, m, m2, d, d2 in COMPACT:
            if _plausible(compact[y:y2], compact[m:m2], compact[d:d2]):
                return compact[y:y2] + compact[m:m2] + compact[d:d2]
    return compact


def _plausible(year: str, month: str, of_month: str) -> bool:
    return int(year) in YEARS and 1 <= int(month) <= 12 and 1 <= int(of_month) <= 31


def day_number(born: str) -> int:
    """Year, month and day in one whole number, all months counted as 32 days; 0 for what is no date."""
    if len(born) != 8 or not (born.isascii() and born.isdigit()):
        return 0
    return int(born[:4]) * YEAR + int(born[4:6]) * MONTH + int(born[6:])


def is_chinese(text: str) -> bool:
    """Whether a folded name is written in Chinese characters."""
    return bool(text) and text[0] >= "\u3400" and not "\uac00" <= text[0] <= "\ud7a3"


@lru_cache(CACHE)
def pinyin(text: str) -> str:
    """How a Chinese name sounds, tone dropped; other names stay as they are.

    Character by character: a reading that depended on its neighbours would make
    two spellings of one sound differ, and costs thirty times as much.
    """
    return " ".join(map(_sound, text)) if is_chinese(text) else text


@lru_cache(CACHE)
def _sound(character: str) -> str:
    return str(lazy_pinyin(character, style=Style.NORMAL)[0])


def family_of(name: str) -> str:
    """The family name of a folded Chinese full name."""
    return name[:2] if name[:2] in DOUBLE_FAMILY_NAMES else name[:1]


@lru_cache(1)
def _nicknames() -> Mapping[str, frozenset[str]]:
    """By name and nickname, the names that it may stand for, of the table beside this file."""
    full: dict[str, set[str]] = {}
    for line in files("hub.matching").joinpath("nicknames.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            for name in line.split():
                full.setdefault(name, set()).add(line.split()[0])
    return {name: frozenset(names) for name, names in full.items()}


def has_nickname(name: str) -> bool:
    """Whether a given name is known to have short forms, or to be one."""
    return name in _nicknames()


@lru_cache(CACHE)
def nicknamed(a: str, b: str) -> bool:
    """Whether two given names may stand for one: bob and robert, bob and rob."""
    table = _nicknames()
    return not table.get(a, frozenset()).isdisjoint(table.get(b, ()))


@lru_cache(CACHE)
def soundex(text: str) -> str:
    """American Soundex of a Latin name's first word, for blocking."""
    letters = [c for c in text.partition(" ")[0] if c.isalpha()]
    if not letters:
        return ""
    out, last = letters[0], SOUNDS.get(letters[0], "")
    for letter in letters[1:]:
        code = SOUNDS.get(letter, "")
        if code and code != last:
            out += code
        if letter not in "hw":
            last = code
    return (out + "000")[:4]


@lru_cache(CACHE)
def stable(text: str) -> int:
    """An unsigned 64-bit hash that is the same on every machine."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")

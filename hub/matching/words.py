"""What comparisons, levels and keys are called, in Chinese and English.

Models and events hold the short English words of `comparisons` and `blocking`;
people read these.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Word(NamedTuple):
    """One thing's two names."""

    zh: str
    en: str


FIELDS: Mapping[str, Word] = {name: Word(zh, en) for name, zh, en in (
    ("number", "身份号码", "identity number"), ("name", "姓名", "name"), ("given_name", "名", "given name"),
    ("middle_name", "中间名", "middle name"), ("family_name", "姓", "family name"),
    ("birth_date", "出生日期", "birth date"), ("sex", "性别", "sex"), ("place", "区划", "division"),
    ("address", "地址", "address"), ("postcode", "邮编", "postcode"), ("city", "城市", "city"),
    ("region", "地区", "region"), ("phone", "电话", "phone"), ("email", "电子邮箱", "e-mail"),
    ("employer", "单位", "employer"), ("certificate", "出生医学证明", "birth certificate"),
    ("mother", "母亲", "mother"), ("father", "父亲", "father"), ("kin", "亲属折扣", "discount for relatives"),
    ("former_name", "曾用名", "former name"), ("certificate_no", "出生证号", "certificate number"),
    ("mother_name", "母亲姓名", "mother's name"), ("mother_number", "母亲身份号码", "mother's number"),
    ("father_name", "父亲姓名", "father's name"), ("father_number", "父亲身份号码", "father's number"),
    ("plurality", "胎数", "plurality"), ("birth_order", "出生次序", "order in the delivery"),
)}  # fmt: skip
"""Comparisons, and the attributes that a profile states."""

LEVELS: Mapping[str, str] = {
    "same": "相同", "same, doubtful": "相同但存疑", "one slip": "差一处", "two slips": "差两处",
    "different, doubtful": "不同但存疑", "different": "不同", "same, short": "相同（短名）",
    "former name": "与曾用名相同", "sounds the same": "同音", "one character": "差一字", "other order": "次序不同",
    "very alike": "很像", "alike": "相像", "family name only": "仅姓相同", "family name differs": "仅姓不同",
    "short form": "简称", "initial": "首字母相同", "crossed": "姓名颠倒", "same initial": "首字母相同",
    "other initial": "首字母不同", "a part": "部分相同", "day and month swapped": "日月颠倒",
    "within a month": "相差一月内", "two parts": "两段相同", "within a year": "相差一年内",
    "same village": "同村", "same town": "同乡镇", "same county": "同县", "elsewhere": "异地",
    "same mailbox": "信箱名相同", "different, single birth": "不同，单胎", "different, one says single": "不同，一方称单胎",
    "different, of twins": "不同，多胞胎", "another child of the delivery": "同次分娩的另一孩子",
    "same number": "号码相同", "number, one slip": "号码差一处", "same name": "姓名相同",
    "different number": "号码不同", "different name": "姓名不同", "relatives agree so too": "亲属也会如此一致",
}  # fmt: skip

KEYS: Mapping[str, Word] = {name: Word(zh, en) for name, zh, en in (
    ("number", "身份号码", "identity number"), ("number day", "号码中的生日", "birth date in the number"),
    ("certificate", "出生证号", "certificate number"), ("mother number", "母亲号码", "mother's number"),
    ("mother name", "母亲姓名读音", "sound of the mother's name"), ("father number", "父亲号码", "father's number"),
    ("name", "姓名读音", "sound of the name"), ("family", "姓", "family name"), ("town", "乡镇", "town"),
    ("sex", "性别", "sex"), ("born", "出生日期", "birth date"), ("year", "出生年", "year of birth"),
    ("month day", "出生月日", "month and day of birth"), ("phone", "电话", "phone"), ("email", "邮箱", "e-mail"),
    ("mailbox", "信箱名读音", "sound of the mailbox"), ("given", "名的读音", "sound of the given name"),
    ("last", "姓的读音", "sound of the family name"), ("names", "姓与名", "both names"),
    ("middle", "中间名首字母", "initial of the middle name"), ("home", "门牌街道", "house and street"),
    ("postcode", "邮编", "postcode"), ("city", "城市", "city"),
)}  # fmt: skip
"""Parts of blocking keys."""


def level(name: str) -> Word:
    """A level's two names."""
    return Word(LEVELS[name], name)


def key(parts: Sequence[str]) -> Word:
    """A blocking key's two names, from its parts."""
    words = [KEYS[part] for part in parts]
    return Word("＋".join(w.zh for w in words), " + ".join(w.en for w in words))

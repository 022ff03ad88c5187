"""What the hub refuses to hold, by name: the line this project does not cross.

A contract that asks for such a field is refused; a column with such a name
never leaves its source. False friends, in which a forbidden word stands by
chance, are listed beside it; where a name is in doubt it is refused.
"""

import re
import unicodedata

FORBIDDEN: dict[str, tuple[str, ...]] = {
    "contraception": ("避孕", "节育", "節育", "上环", "取环", "biyun", "jieyu", "contracepti", "birth_control"),
    "pregnancy status": ("孕情", "孕检", "妊娠", "怀孕", "懷孕", "孕周", "yunqing", "huaiyun", "renshen", "pregnan", "gravid"),
    "sterilisation": ("结扎", "結紮", "结紮", "绝育", "絕育", "jieza", "jueyu", "sterili", "vasectom", "tubal"),
    "abortion": ("流产", "流產", "引产", "引產", "人流", "liuchan", "yinchan", "abortion", "miscarr"),
    "birth permits": ("准生", "準生", "生育证", "生育證", "生育服务证", "生育指标", "zhunsheng", "shengyuzheng", "birth_permit", "birth_quota"),
    "parity": ("胎次", "孕次", "产次", "政策内", "政策外", "超生", "计划生育", "計劃生育", "taici", "yunci", "chanci", "chaosheng", "jihuashengyu", "parity", "family_planning"),
    "fines": ("社会抚养费", "社會撫養費", "罚款", "罰款", "shehuifuyang", "fakuan", "social_maintenance", "fine_amount", "penalty"),
    "ethnicity": ("民族", "族别", "minzu", "ethnic", "nationality_group"),
    "religion": ("宗教", "信仰", "zongjiao", "religio"),
    "wages": ("工资", "工資", "薪", "收入", "缴费基数", "gongzi", "wage", "salary", "income"),
}  # fmt: skip
# Too short to be looked for inside other words: they count only as a word of their own.
ALONE = {
    "race": "ethnicity", "mz": "ethnicity", "mzdm": "ethnicity", "mzmc": "ethnicity", "iud": "contraception",
    "fine": "fines", "fines": "fines", "lmp": "pregnancy status", "edd": "pregnancy status",
}  # fmt: skip
ALLOWED = frozenset(("birth_order", "plurality", "多胞胎", "经营收入类别"))
FALSE_FRIENDS = re.compile("|".join((
    "环境", "环卫", "环保", "环节", "物流", "引产业", "人流[入出动量]", "标准", "准生效", "收入院",
    "ren_?shen_?fen", "renshen_?baoxian", "sewage", "disparity",
)))  # fmt: skip
SEPARATORS = re.compile(r"[\W_]+")
WORDS = re.compile("[a-z]+")
HUMP = re.compile("(?<=[a-z])(?=[A-Z])")


def refuse(name: str) -> str | None:
    """Why a column of this name is not held; None if it may be."""
    plain = unicodedata.normalize("NFKC", HUMP.sub("_", name)).casefold()
    # Zero-width characters would hide a word from the eye of the list, not from a reader's.
    plain = "".join(c for c in plain if unicodedata.category(c) != "Cf")
    plain = SEPARATORS.sub("_", plain).strip("_")
    if plain in ALLOWED:
        return None
    plain = FALSE_FRIENDS.sub("~", plain)
    squeezed = plain.replace("_", "")
    for concept, words in FORBIDDEN.items():
        if any(word in plain or word.replace("_", "") in squeezed for word in words):
            return concept
    return next((ALONE[word] for word in WORDS.findall(plain) if word in ALONE), None)

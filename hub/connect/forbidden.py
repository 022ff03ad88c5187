"""What the hub refuses to hold, by name: the line this project does not cross.

A contract that asks for such a field is refused; a column with such a name
never leaves its source. The list of false friends is kept beside it.
"""

import re

FORBIDDEN: dict[str, tuple[str, ...]] = {
    "contraception": ("避孕", "节育", "上环", "取环", "biyun", "jieyu", "contracepti", "iud", "birth_control"),
    "pregnancy status": ("孕情", "孕检", "妊娠", "怀孕", "孕周检", "yunqing", "huaiyun", "renshen", "pregnan", "gravid"),
    "sterilisation": ("结扎", "绝育", "jieza", "jueyu", "sterili", "vasectomy", "tubal"),
    "abortion": ("流产", "引产", "人流", "liuchan", "yinchan", "abortion", "miscarr"),
    "birth permits": ("准生", "生育证", "生育服务证", "生育指标", "zhunsheng", "shengyuzheng", "birth_permit", "birth_quota"),
    "parity": ("胎次", "孕次", "产次", "政策内", "政策外", "超生", "计划生育", "taici", "yunci", "chaosheng", "jihuashengyu", "parity", "family_planning"),
    "fines": ("社会抚养费", "罚款", "shehuifuyang", "fakuan", "social_maintenance", "fine_amount", "penalty"),
    "ethnicity": ("民族", "族别", "minzu", "ethnic", "nationality_group"),
    "religion": ("宗教", "信仰", "zongjiao", "religio"),
    "wages": ("工资", "薪", "收入", "缴费基数", "gongzi", "wage", "salary", "income"),
}  # fmt: skip
ALONE = {"race": "ethnicity", "mz": "ethnicity", "iud": "contraception", "fine": "fines"}
ALLOWED = frozenset(("birth_order", "plurality", "多胞胎", "经营收入类别", "refined"))
SEPARATORS = re.compile(r"[\s\-./]+")


def refuse(name: str) -> str | None:
    """Why a column of this name is not held; None if it may be."""
    plain = SEPARATORS.sub("_", name.strip().casefold())
    if plain in ALLOWED:
        return None
    if plain in ALONE:
        return ALONE[plain]
    squeezed = plain.replace("_", "")
    for concept, words in FORBIDDEN.items():
        for word in words:
            short = word.isascii() and len(word) <= 3
            if not short and (word in plain or word.replace("_", "") in squeezed):
                return concept
    return None

"""Two profiles side by side: what each field weighs, under which keys they met, and why in one sentence."""

from collections.abc import Mapping
from typing import Any

from hub.matching import Model, Profile, words
from hub.matching.model import Level

TOLD = 4
"""So many fields stand in the sentence: those that weigh most."""
STATED: Mapping[str, tuple[str, ...]] = {
    "certificate": ("certificate_no", "plurality", "birth_order"), "mother": ("mother_name", "mother_number"),
    "father": ("father_name", "father_number"), "name": ("name", "former_name"), "kin": (),
}  # fmt: skip
"""Which attributes a comparison reads, where that is not the one of its name."""


def compared(model: Model, a: Profile, b: Profile) -> dict[str, Any]:
    """The weight of a pair with all its parts."""
    found = model.compare(a, b)
    keys = [words.key(parts) for parts in model.shared_keys(a, b)]
    return {
        "weight": round(found.weight, 2), "model": model.version, "decision": decision(found.weight, model),
        "link": round(model.link, 2), "review": round(model.review, 2),
        "fields": [_field(level, a, b) for level in found.levels],
        "keys": [word._asdict() for word in keys],
        "missing": [
            name for name in Profile._fields[1:-1] if bool(getattr(a, name)) != bool(getattr(b, name))
        ],
    }  # fmt: skip


def decision(weight: float, model: Model) -> str:
    """The band a weight falls into."""
    return "link" if weight >= model.link else "review" if weight >= model.review else "reject"


def _field(level: Level, a: Profile, b: Profile) -> dict[str, Any]:
    field, said = words.FIELDS[level.comparison], words.level(level.level)
    names = STATED.get(level.comparison, (level.comparison,))
    left, right = (" ".join(filter(None, (getattr(p, name) for name in names))) for p in (a, b))
    return {
        "field": level.comparison, "field_zh": field.zh, "field_en": field.en, "level": said.en,
        "level_zh": said.zh, "weight": round(level.weight, 2), "left": left, "right": right,
    }  # fmt: skip


OUTCOMES = {
    "link": ("达到关联线 {link}，判为同一人", "at or above the link line of {link}: one person"),
    "review": ("在复核区（{review} 至 {link}），须由人判定", "between {review} and {link}: people must look"),
    "reject": ("低于复核线 {review}，不判为同一人", "below the review line of {review}: not taken for one person"),
}  # fmt: skip
VIA_OTHERS = ("；经同一人的其他记录相连", "; tied through other records of the same person")
HUMAN = {
    "same": ("由人判定为同一人：", "a person said they are the same: "),
    "different": ("由人判定不是同一人：", "a person said they are not the same: "),
}


def sentences(pair: Mapping[str, Any], *, one_person: bool | None = None, human: str = "") -> dict[str, str]:
    """Why, in one sentence of each language; `one_person`: how it ended, where that is known."""
    told = sorted(pair["fields"], key=lambda field: -abs(field["weight"]))[:TOLD]
    zh = "、".join(f"{f['field_zh']}{f['level_zh']}（{f['weight']:+.1f}）" for f in told)
    en = ", ".join(f"{f['field_en']} {f['level']} ({f['weight']:+.1f})" for f in told)
    rest = len(pair["fields"]) > len(told)
    ends = [text.format(link=f"{pair['link']:.1f}", review=f"{pair['review']:.1f}") for text in OUTCOMES[pair["decision"]]]  # fmt: skip
    if one_person and pair["decision"] != "link" and not human:
        ends = [end + more for end, more in zip(ends, VIA_OTHERS, strict=True)]
    before = HUMAN.get(human, ("", ""))
    weight = f"{pair['weight']:.1f}"
    return {
        "zh": f"{before[0]}{zh}{'等' if rest else ''}，合计 {weight} 比特，{ends[0]}。",
        "en": _capital(f"{before[1]}{en}{' and others' if rest else ''}; {weight} bits in all, {ends[1]}."),
    }


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

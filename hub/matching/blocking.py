"""Blocking: which profiles are worth comparing at all.

Keys are narrow on purpose: two records of one person share at least one of
them although a field is wrong, while strangers rarely share any.
"""

from hub.matching.normalise import is_chinese, pinyin, soundex
from hub.matching.profile import Profile, hash64


def block_keys(profile: Profile) -> tuple[int, ...]:
    """The profile's blocks, as 64-bit hashes; the number's block comes first."""
    p = profile
    born, name = p.birth_date, p.name
    keys: list[str] = []
    if p.number:
        keys.append(f"number\x1f{p.number}")
        if p.number_is == "bad" and name:
            keys.append(f"slip\x1f{p.number[6:14]}\x1f{pinyin(name)}")
    if p.certificate_no:
        keys.append(f"certificate\x1f{p.certificate_no}")
    if p.mother_number and born:
        keys.append(f"mother\x1f{p.mother_number}\x1f{born}")
    if p.mother_name and born:
        keys.append(f"mother-name\x1f{pinyin(p.mother_name)}\x1f{born}\x1f{p.sex}")
    if name and born:
        month_day = "".join(sorted((born[4:6], born[6:])))
        keys.append(f"name\x1f{pinyin(name)}\x1f{month_day}")
        family = name[:1] if is_chinese(name) else soundex(name)
        keys.append(f"born\x1f{born}\x1f{family}\x1f{p.sex}\x1f{p.place[:9]}")
    if name and p.phone:
        keys.append(f"phone\x1f{p.phone}\x1f{p.sex}")
    if p.given_name or p.family_name:
        keys += _latin_keys(p)
    return tuple(dict.fromkeys(hash64(key) for key in keys))


def _latin_keys(p: Profile) -> list[str]:
    """Keys for people whose names come in parts, as registers abroad keep them."""
    given, family, born = p.given_name, p.family_name, p.birth_date
    keys = []
    if given and family:
        parts = "\x1f".join(sorted((soundex(given), soundex(family))))
        keys.append(f"parts\x1f{parts}\x1f{born[:4] or p.postcode}")
    if born and given:
        keys.append(f"born-given\x1f{born}\x1f{soundex(given)}")
    if born and family:
        keys.append(f"born-family\x1f{born}\x1f{soundex(family)}")
    if p.address and family:
        keys.append(f"lives-family\x1f{p.address[:12]}\x1f{soundex(family)}")
    if p.address and given:
        keys.append(f"lives-given\x1f{p.address[:12]}\x1f{soundex(given)}")
    if p.email:
        keys.append(f"email\x1f{p.email}")
    return keys

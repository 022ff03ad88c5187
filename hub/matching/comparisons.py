"""Comparisons as functions from two profiles to the name of one level.

None means not evaluable: a side does not say, so nothing is learnt either
way. What a level weighs stands in the model, not here.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache

from rapidfuzz.distance import OSA, JaroWinkler

from hub.matching.normalise import family_of, is_chinese, pinyin
from hub.matching.profile import Profile

Comparison = Callable[[Profile, Profile], str | None]
CACHE = 131_072
PAIR_CACHE = 65_536


def number(a: Profile, b: Profile) -> str | None:
    """National numbers, each weighed by what the rest of its record says of it."""
    if not a.number or not b.number:
        return None
    states = {a.number_is, b.number_is}
    if a.number == b.number:
        return "same" if states <= {"sound", "other"} else "same, doubtful"
    if OSA.distance(a.number, b.number, score_cutoff=1) <= 1:
        return "one slip"
    return "different" if states == {"sound"} else "different, doubtful"


@lru_cache(PAIR_CACHE)
def _names(a: str, b: str) -> str:
    if a == b:
        return "same"
    if is_chinese(a) and is_chinese(b):
        if pinyin(a) == pinyin(b):
            return "sounds the same"
        if len(a) == len(b) > 1 and OSA.distance(a, b, score_cutoff=1) <= 1:
            return "one character" if family_of(a) == family_of(b) else "family name differs"
        return "different"
    alike = JaroWinkler.similarity(a, b)
    return "very alike" if alike >= 0.92 else "alike" if alike >= 0.84 else "different"


def name(a: Profile, b: Profile) -> str | None:
    """Full names, a former name counting as the name."""
    if not a.name or not b.name:
        return None
    if a.name == b.name:
        return "same" if len(a.name) > 2 or not is_chinese(a.name) else "same, short"
    if a.former_name == b.name or b.former_name == a.name:
        return "former name"
    return _names(*sorted((a.name, b.name)))


def given_name(a: Profile, b: Profile) -> str | None:
    """Given names of people whose names come in parts."""
    if not a.given_name or not b.given_name:
        return None
    return _names(*sorted((a.given_name, b.given_name)))


def family_name(a: Profile, b: Profile) -> str | None:
    """Family names of people whose names come in parts; swapped parts count as alike."""
    if not a.family_name or not b.family_name:
        return None
    if a.family_name == b.given_name and a.given_name == b.family_name:
        return "parts swapped"
    return _names(*sorted((a.family_name, b.family_name)))


@lru_cache(PAIR_CACHE)
def _dates(a: str, b: str) -> str:
    if a == b:
        return "same"
    if len(a) != 8 or len(b) != 8:
        return "different"
    if a[:4] == b[:4] and a[4:6] == b[6:] and a[6:] == b[4:6]:
        return "day and month swapped"
    if OSA.distance(a, b, score_cutoff=1) <= 1:
        return "one digit"
    return "same year" if a[:4] == b[:4] else "different"


def birth_date(a: Profile, b: Profile) -> str | None:
    """Birth dates as digits."""
    if not a.birth_date or not b.birth_date:
        return None
    return _dates(*sorted((a.birth_date, b.birth_date)))


def sex(a: Profile, b: Profile) -> str | None:
    """Sex as stated."""
    if not a.sex or not b.sex:
        return None
    return "same" if a.sex == b.sex else "different"


def place(a: Profile, b: Profile) -> str | None:
    """Division codes by prefix: village, town, county."""
    if not a.place or not b.place:
        return None
    for length, level in ((12, "same village"), (9, "same town"), (6, "same county")):
        if a.place[:length] == b.place[:length]:
            return level
    return "elsewhere"


@lru_cache(PAIR_CACHE)
def _texts(a: str, b: str) -> str:
    if a == b:
        return "same"
    alike = OSA.normalized_similarity(a, b)
    return "very alike" if alike >= 0.8 else "alike" if alike >= 0.6 else "different"


def address(a: Profile, b: Profile) -> str | None:
    """Addresses as text, where no division codes tell the same better."""
    if not a.address or not b.address or (a.place and b.place):
        return None
    return _texts(*sorted((a.address, b.address)))


def postcode(a: Profile, b: Profile) -> str | None:
    """Postcodes."""
    if not a.postcode or not b.postcode:
        return None
    return "same" if a.postcode == b.postcode else _texts(*sorted((a.postcode, b.postcode)))


def city(a: Profile, b: Profile) -> str | None:
    """Town names."""
    if not a.city or not b.city:
        return None
    return _texts(*sorted((a.city, b.city)))


def phone(a: Profile, b: Profile) -> str | None:
    """Telephone numbers."""
    if not a.phone or not b.phone:
        return None
    return "same" if a.phone == b.phone else "different"


def email(a: Profile, b: Profile) -> str | None:
    """E-mail addresses."""
    if not a.email or not b.email:
        return None
    return _texts(*sorted((a.email, b.email)))


def certificate(a: Profile, b: Profile) -> str | None:
    """Birth certificates: two numbers mean twins, or one child with a second certificate."""
    if a.birth_order and b.birth_order and a.birth_order != b.birth_order:
        return "another child of the delivery"
    if not a.certificate_no or not b.certificate_no:
        return None
    if a.certificate_no == b.certificate_no:
        return "same"
    counts = {p for p in (a.plurality, b.plurality) if p}
    if not counts:
        return "different"
    if counts != {"1"}:
        return "different, of twins"
    return "different, single birth" if a.plurality and b.plurality else "different, one says single"


def mother(a: Profile, b: Profile) -> str | None:
    """Who the mother is: by number where both say it, else by name."""
    if a.mother_number and b.mother_number:
        if a.mother_number == b.mother_number:
            return "same number"
        if OSA.distance(a.mother_number, b.mother_number, score_cutoff=1) <= 1:
            return "number, one slip"
        return "different number"
    if not a.mother_name or not b.mother_name:
        return None
    level = _names(*sorted((a.mother_name, b.mother_name)))
    return "same name" if level in ("same", "sounds the same", "very alike") else "different name"


COMPARISONS: Mapping[str, Comparison] = {
    "number": number, "name": name, "given_name": given_name, "family_name": family_name,
    "birth_date": birth_date, "sex": sex, "place": place, "address": address,
    "postcode": postcode, "city": city, "phone": phone, "email": email,
    "certificate": certificate, "mother": mother,
}  # fmt: skip

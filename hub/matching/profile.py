"""A profile: one distinct, normalised set of identifying values."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from typing import NamedTuple

import msgspec

from hub.matching import normalise
from hub.matching.numbers import canonical_number, number_birth_date, number_sex, number_valid

CACHE = 131_072


class Profile(NamedTuple):
    """Normalised values; empty text means the record does not say."""

    id: int
    name: str = ""
    former_name: str = ""
    given_name: str = ""
    middle_name: str = ""
    family_name: str = ""
    sex: str = ""
    birth_date: str = ""
    number: str = ""
    certificate_no: str = ""
    mother_name: str = ""
    mother_number: str = ""
    father_name: str = ""
    father_number: str = ""
    place: str = ""
    address: str = ""
    postcode: str = ""
    city: str = ""
    region: str = ""
    phone: str = ""
    email: str = ""
    employer: str = ""
    plurality: str = ""
    birth_order: str = ""
    number_is: str = ""
    """sound: valid and in line with stated birth date and sex; odd: valid but contradicted;
    bad: looks like an identity number and fails its check; other: some other number."""

    def dump(self) -> bytes:
        """The values as JSON."""
        return msgspec.json.encode(tuple(self))

    @staticmethod
    def load(packed: bytes) -> "Profile":
        """A profile from `dump`."""
        return Profile(*msgspec.json.decode(packed))


def alike(a: Profile, b: Profile) -> bool:
    """Whether these state one name, sex and birth date: one person, or namesakes born the same day."""
    return bool(a.name and a.birth_date) and (a.name, a.birth_date, a.sex) == (b.name, b.birth_date, b.sex)


def of_a_birth(profile: Profile) -> bool:
    """Whether this states a certificate or a parent by number, as what is written of children does."""
    return bool(profile.certificate_no or profile.mother_number or profile.father_number)


def one_certificate(a: Profile, b: Profile) -> bool:
    """Whether these state one certificate number."""
    return bool(a.certificate_no) and a.certificate_no == b.certificate_no


def one_delivery(a: Profile, b: Profile) -> bool:
    """Whether these say they were born to one parent on one day or the next: one child, or several of one delivery.

    Twins may be born on either side of midnight, and one of two dates may be a day off.
    """
    mother = bool(a.mother_number) and a.mother_number == b.mother_number
    if not mother and not (a.father_number and a.father_number == b.father_number):
        return False
    days = _ordinal(a.birth_date), _ordinal(b.birth_date)
    return all(days) and abs(days[0] - days[1]) <= 1


@lru_cache(CACHE)
def _ordinal(birth_date: str) -> int:
    """The days since the year 1 of a date as it stands in a profile; 0 for what is none."""
    try:
        return date.fromisoformat(birth_date).toordinal()
    except ValueError:
        return 0


ATTRIBUTES = Profile._fields[1:-1]
"""What a contract may say a field is to identity."""


@lru_cache(CACHE)
def _stripped(text: str) -> str:
    return text.strip()


_FORMS: Mapping[str, Callable[[str], str]] = {
    **dict.fromkeys(("name", "former_name", "given_name", "middle_name", "family_name"), normalise.person_name),
    **dict.fromkeys(("mother_name", "father_name"), normalise.person_name),
    **dict.fromkeys(("address", "city", "employer"), normalise.words),
    **dict.fromkeys(("number", "mother_number", "father_number"), canonical_number),
    **dict.fromkeys(("region", "postcode"), normalise.folded),
    "sex": normalise.sex, "birth_date": normalise.day, "phone": normalise.digits, "email": normalise.mail,
}  # fmt: skip
_SLOTS: Mapping[str, tuple[int, Callable[[str], str]]] = {
    name: (index, _FORMS.get(name, _stripped)) for index, name in enumerate(ATTRIBUTES)
}
_NUMBER, _BORN, _SEX = (ATTRIBUTES.index(name) for name in ("number", "birth_date", "sex"))
_BLANK = [""] * len(ATTRIBUTES)


def profile_of(attributes: Mapping[str, str]) -> Profile:
    """The profile that a record's standard attributes state; others say nothing about identity."""
    values = _BLANK.copy()
    for name, value in attributes.items():
        if value and (slot := _SLOTS.get(name)):
            values[slot[0]] = slot[1](value)
    number = values[_NUMBER]
    state = _number_state(number, values[_BORN], values[_SEX]) if number else ""
    digest = hashlib.blake2b("\x1f".join(values).encode(), digest_size=8).digest()
    return Profile._make((int.from_bytes(digest, "big", signed=True), *values, state))


def of_its_own(profile: Profile, record_id: str) -> Profile:
    """The same values as a profile that no other record shares: people set this record apart from another,
    and may be asked to tell them apart even where both say the same."""
    own = hashlib.blake2b(f"{profile.id}|{record_id}".encode(), digest_size=8).digest()
    return profile._replace(id=int.from_bytes(own, "big", signed=True))


def _number_state(number: str, birth_date: str, sex: str) -> str:
    if not number_valid(number):
        return "bad" if len(number) == 18 else "other"
    born = (number_birth_date(number) or "").replace("-", "")
    contradicted = (birth_date and born != birth_date) or (sex and number_sex(number) != sex)
    return "odd" if contradicted else "sound"

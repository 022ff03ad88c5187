"""A profile: one distinct, normalised set of identifying values."""

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from hub.matching.normalise import digits, folded
from hub.matching.numbers import canonical_number, number_birth_date, number_sex, number_valid

ATTRIBUTES = (
    "name", "former_name", "given_name", "family_name", "sex", "birth_date", "number",
    "certificate_no", "mother_name", "mother_number", "father_number", "place", "address",
    "postcode", "city", "phone", "email", "employer", "plurality", "birth_order",
)  # fmt: skip
FOLDED = frozenset(
    [
        "name",
        "former_name",
        "given_name",
        "family_name",
        "mother_name",
        "address",
        "city",
        "email",
        "employer",
    ]
)
DIGITS = frozenset(("birth_date", "phone"))
NUMBERS = frozenset(("number", "mother_number", "father_number"))


class Profile(NamedTuple):
    """Normalised values; empty text means the record does not say."""

    id: int
    name: str
    former_name: str
    given_name: str
    family_name: str
    sex: str
    birth_date: str
    number: str
    certificate_no: str
    mother_name: str
    mother_number: str
    father_number: str
    place: str
    address: str
    postcode: str
    city: str
    phone: str
    email: str
    employer: str
    plurality: str
    birth_order: str
    number_is: str
    """sound: valid and in line with stated birth date and sex; odd: valid but contradicted;
    bad: looks like an identity number and fails its check; other: some other number."""

    def dump(self) -> bytes:
        """The values as JSON."""
        return msgspec.json.encode(tuple(self))

    @staticmethod
    def load(packed: bytes) -> "Profile":
        """A profile from `dump`."""
        return Profile(*msgspec.json.decode(packed))


def hash64(text: str) -> int:
    """A signed 64-bit hash that is the same on every machine."""
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def profile_of(attributes: Mapping[str, str]) -> Profile:
    """The profile that a record's standard attributes state."""
    values = [_normal(name, attributes.get(name, "")) for name in ATTRIBUTES]
    state = _number_state(values[6], values[5], values[4])
    return Profile._make((hash64("\x1f".join(values)), *values, state))


def _normal(name: str, value: str) -> str:
    if not value:
        return ""
    if name in FOLDED:
        return folded(value)
    if name in NUMBERS:
        return canonical_number(value)
    if name in DIGITS:
        return digits(value)
    return value.strip()


def _number_state(number: str, birth_date: str, sex: str) -> str:
    if not number:
        return ""
    if not number_valid(number):
        return "bad" if len(number) == 18 else "other"
    born = (number_birth_date(number) or "").replace("-", "")
    contradicted = (birth_date and born != birth_date) or (sex and number_sex(number) != sex)
    return "odd" if contradicted else "sound"

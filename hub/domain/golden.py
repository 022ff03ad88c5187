"""The golden values of a person: for each attribute the value to go by, and every other one with why it lost.

Weighed in this order: a number that passes its check, and fits the birth date
and sex beside it, before one that does not;
a record in force before one that has ended; the authority of the source for
that attribute; the later legal day; the later publication; what more records state. What departments
keep stays as it is: this says only what to show first.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from hub.domain.days import Day
from hub.domain.facts import Fields
from hub.matching.numbers import number_valid
from hub.matching.profile import ATTRIBUTES

CERTIFICATE, CHILD, ENTRY, RESIDENCE = "birth_certificate", "child_record", "household_entry", "residence"
EMPLOYMENT, BUSINESS = "employment", "business"
CIVIL = (ENTRY, RESIDENCE, CERTIFICATE, CHILD, EMPLOYMENT, BUSINESS)
"""Who a person is: the household register first, on which identity cards rest."""
BIRTH = (CERTIFICATE, ENTRY, CHILD, RESIDENCE, EMPLOYMENT, BUSINESS)
"""What a birth was: the medical certificate first, which the register was entered from."""
LIVING = (RESIDENCE, ENTRY, CHILD)
"""Where somebody lives: whoever registered the stay first."""
AUTHORITY: Mapping[str, Sequence[str]] = {
    **dict.fromkeys(("name", "former_name", "given_name", "middle_name", "family_name", "sex", "number"), CIVIL),
    **dict.fromkeys(("birth_date", "certificate_no", "plurality", "birth_order"), BIRTH),
    **dict.fromkeys(("mother_name", "mother_number", "father_name", "father_number"), BIRTH),
    **dict.fromkeys(("place", "address", "postcode", "city", "region"), LIVING),
}  # fmt: skip
"""Attribute to kinds of records, the most authoritative first; others count alike, and so do all where
an attribute is not named, such as a phone."""
BEGINS = ("entry_date", "registered_on", "issued_on", "started_on", "arrival_date")
ENDS = ("cancel_date", "left_on", "ended_on")
VOID = "void"
PARENTS = ("mother_number", "father_number")

WHY = {
    "check": (
        "未通过校验，或与同一记录的出生日期、性别不符",
        "fails its check, or contradicts its own record",
    ),
    "ended": ("该记录已失效", "its record is no longer in force"),
    "authority": ("来源权威性较低", "from a source of less authority for this"),
    "legal-day": ("法定日期较早", "of an earlier legal day"),
    "published": ("发布较早", "published earlier"),
    "support": ("陈述的记录较少", "stated by fewer records"),
    "tie": ("与采用的值同等，按记录号取舍", "as good as the value kept; the record's id decided"),
}


class Statement(NamedTuple):
    """What one live record says: its attributes as published and in normal form, and its fields."""

    source: str
    kind: str
    record_id: str
    published_on: Day
    fields: Fields
    said: Mapping[str, str]
    normal: Mapping[str, str]


class Other(NamedTuple):
    """A value that lost, and why."""

    value: str
    source: str
    why: str
    zh: str
    en: str


class Golden(NamedTuple):
    """One attribute: the value to go by, who states it, and the others."""

    attribute: str
    value: str
    source: str
    agreeing: int
    """Records that state the same value in some form."""
    others: tuple[Other, ...]


def golden(statements: Iterable[Statement], today: Day) -> list[Golden]:
    """The golden value of every attribute that any record states."""
    statements = list(statements)
    found = (_attribute(name, [s for s in statements if s.normal.get(name)], today) for name in ATTRIBUTES)
    return [one for one in found if one is not None]


def _attribute(name: str, stating: Sequence[Statement], today: Day) -> Golden | None:
    if not stating:
        return None
    support = Counter(s.normal[name] for s in stating)
    ranks = {s.record_id: (*_rank(name, s, today), -support[s.normal[name]]) for s in stating}
    ranked = sorted(stating, key=lambda s: (*ranks[s.record_id], s.record_id))
    best = ranked[0]
    others: dict[str, Other] = {}
    for statement in ranked:
        value = statement.normal[name]
        if value != best.normal[name] and value not in others:
            why = _why(ranks[best.record_id], ranks[statement.record_id])
            others[value] = Other(statement.said[name], statement.source, why, *WHY[why])
    return Golden(name, best.said[name], best.source, support[best.normal[name]], tuple(others.values()))


def _rank(name: str, statement: Statement, today: Day) -> tuple[Any, ...]:
    """The least is the one to go by; the places are those of `WHY`."""
    kinds = AUTHORITY.get(name, ())
    kind, fields = statement.kind, statement.fields
    return (
        _doubtful(name, statement.normal),
        _ended(fields, today),
        kinds.index(kind) if kind in kinds else len(kinds),
        -_legal_day(statement),
        -statement.published_on,
    )


def _why(best: Sequence[Any], other: Sequence[Any]) -> str:
    differs = (why for why, a, b in zip(WHY, best, other, strict=False) if a != b)
    return next(differs, "tie")


def _doubtful(name: str, normal: Mapping[str, str]) -> bool:
    """A number that fails its check, or that its own record contradicts."""
    if name == "number":
        return normal["number_is"] != "sound"
    return name in PARENTS and not number_valid(normal[name])


def _ended(fields: Fields, today: Day) -> bool:
    return fields.get("status") == VOID or any(name in fields and fields[name] <= today for name in ENDS)


def _legal_day(statement: Statement) -> Day:
    days = [int(statement.fields[name]) for name in BEGINS if name in statement.fields]
    return max(days, default=statement.published_on)

"""Notices between counties: what one hub tells a neighbour's of records that concern both.

A birth here of a mother whose household register is there; somebody of a register there who lives
here. The notice is the record itself, as far as an agreement names its fields: offered when it is
told, accepted when the neighbour's hub holds it, closed when the neighbour's own register holds
what it speaks of. So nobody is counted twice, and nobody dropped between two registers.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from hub.domain.days import Day

DEPARTMENT = "neighbour"
"""The department of records that a neighbour told."""
BIRTH, RESIDENCE, ANSWER = "birth_certificate", "residence_elsewhere", "answer"
KINDS = (BIRTH, RESIDENCE, ANSWER)
ROUTES: Mapping[str, str] = {"birth_certificate": "mother_hukou_place", "residence": "hukou_place"}
"""Kind of record to the field whose place says which county it concerns besides this one."""
TOLD_AS: Mapping[str, str] = {"birth_certificate": BIRTH, "residence": RESIDENCE}
"""Kind of record here to the kind of record it is to the neighbour."""
OFFERED, ACCEPTED, CLOSED = "offered", "accepted", "closed"
STATES: Mapping[str, tuple[str, str]] = {
    OFFERED: ("已告知", "offered"),
    ACCEPTED: ("对方已收", "accepted"),
    CLOSED: ("对方已登记", "closed"),
}
"""How far a notice has come, in Chinese and English."""


def feed_of(kind: str) -> str:
    """The feed through which records of a kind come from a neighbour."""
    return f"{DEPARTMENT}.{kind}"


def receiver(county: str) -> str:
    """How agreements name the hub of another county, by its division code."""
    return f"county-{county}"


ECHOED = ("certificate_no", "sex", "birth_date", "number")
"""Fields of a notice that its answer repeats."""


class Notice(NamedTuple):
    """One record as it is told to a neighbour: `fields` None takes it back."""

    kind: str
    key: str
    fields: Mapping[str, Any] | None


def concerns(kind: str, fields: Mapping[str, Any], neighbour: str) -> bool:
    """Whether a record of this kind concerns a neighbouring county, by its division code."""
    route = ROUTES.get(kind)
    return route is not None and str(fields.get(route) or "").startswith(neighbour)


def answer(kind: str, key: str, fields: Mapping[str, Any], registered: bool, on: Day | None) -> Notice:
    """What is answered to a notice that is held here: that it was accepted, or what closed it.

    It names what the neighbour told, so that the neighbour knows whom it is about, and nothing of ours
    but whether the household register holds the person, and since when.
    """
    said = {name: fields[name] for name in ECHOED if fields.get(name) is not None}
    state = CLOSED if registered else ACCEPTED
    return Notice(ANSWER, f"{kind}/{key}", said | {"about": kind, "state": state, "entered_on": on})


Named = Mapping[tuple[str, str], Mapping[str, Any]]
"""Kind and key of each notice to what it says."""


def changes(before: Named, now: Named) -> list[Notice]:
    """What has to be told, from what was told before and what stands now, in order of kind and key."""
    gone = [Notice(kind, key, None) for kind, key in before.keys() - now.keys()]
    new = [Notice(*name, fields) for name, fields in now.items() if before.get(name) != fields]
    return sorted(gone + new, key=lambda notice: notice[:2])

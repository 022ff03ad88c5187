"""Notices between counties: what one hub tells a neighbour's of records that concern both.

A birth here of a mother whose household register is there; somebody of a register there who lives
here; an entry here that was cancelled to move there, before anybody there has seen who is to come; an
entry here of somebody who moved from there, where another may still stand. The notice is the record
itself, as far as an agreement names its fields: offered when it is told, accepted when the neighbour's
hub holds it, closed when the neighbour's own register has followed. So nobody is counted twice, and
whoever is in neither register is known to be between them.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from hub.domain.days import Day

DEPARTMENT = "neighbour"
"""The department of records that a neighbour told."""
BIRTH, RESIDENCE, ANSWER = "birth_certificate", "residence_elsewhere", "answer"
DEPARTURE, ARRIVAL = "departure", "arrival"
KINDS = (BIRTH, RESIDENCE, DEPARTURE, ARRIVAL, ANSWER)
ROUTES: Mapping[str, str] = {
    BIRTH: "mother_hukou_place",
    RESIDENCE: "hukou_place",
    DEPARTURE: "moved_to",
    ARRIVAL: "came_from",
}
"""Kind of notice to the field whose place says which county it concerns besides this one."""
MOVES: Mapping[str, str] = {DEPARTURE: "cancel_date", ARRIVAL: "entry_date"}
"""Kind of notice of a move to its day: what was before an agreement began is not told."""
TOLD_AS: Mapping[str, Sequence[str]] = {
    "birth_certificate": (BIRTH,),
    "residence": (RESIDENCE,),
    "household_entry": (DEPARTURE, ARRIVAL),
}
"""Kind of record here to the kinds of record it may be to the neighbour."""
DIED = "death"
NAMES: Mapping[str, tuple[str, str]] = {
    BIRTH: ("出生医学证明", "birth certificate"),
    RESIDENCE: ("居住登记", "lives here"),
    DEPARTURE: ("迁往对方", "moves there"),
    ARRIVAL: ("由对方迁入", "came from there"),
}
"""What a notice tells, in Chinese and English."""
OFFERED, ACCEPTED, CLOSED = "offered", "accepted", "closed"
UNTOLD = "untold"
"""Of a move that no agreement lets be told."""
STATES: Mapping[str, tuple[str, str]] = {
    OFFERED: ("已告知", "offered"),
    ACCEPTED: ("对方已收", "accepted"),
    CLOSED: ("对方已办结", "closed"),
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
    """Whether a notice of this kind, made of a record, is the business of a neighbour, by its division code."""
    route = ROUTES.get(kind)
    if route is None or not str(fields.get(route) or "").startswith(neighbour):
        return False
    # Nobody who died on the way is to be waited for.
    return kind != DEPARTURE or (
        fields.get("cancel_date") is not None and fields.get("cancel_reason") != DIED
    )


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

"""Place codes that were not valid on the day that they are stated of.

A code that was abolished later is right. So is one that came into force later in a record that
goes on, once it is in force: whoever merges villages writes the new code into the registers, and
nobody is to change the day of an entry for that. Where no table lists an area, it is not judged.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from hub.domain.days import Day, iso
from hub.domain.divisions import NOT_LISTED, NOT_YET, VALID
from hub.domain.facts import Fact
from hub.domain.findings import Finding, Scene
from hub.domain.findings.statements import out_of_order


class Stated(NamedTuple):
    """A field that states a place, and the latest of the days it is about, or so many days before it."""

    field: str
    days: tuple[str, ...]
    lasts: bool = True
    """Whether it goes on to be said until the record ends; else it is about that day alone."""
    before: int = 0


STATED: Mapping[str, tuple[Stated, ...]] = {
    "household_entry": (
        Stated("place", ("entry_date", "address_since")),
        Stated("moved_from", ("address_since",), lasts=False, before=1),
        Stated("birth_place", ("birth_date",), lasts=False),
    ),
    "residence": (
        Stated("place", ("arrival_date", "registered_on")),
        Stated("hukou_place", ("arrival_date", "registered_on")),
    ),
    "employment": (Stated("work_place", ("started_on",)),),
    "business": (Stated("work_place", ("started_on",)),),
    "birth_certificate": (
        Stated("place", ("birth_date",), lasts=False),
        Stated("mother_hukou_place", ("birth_date",), lasts=False),
    ),
    "child_record": (Stated("place", ("established_on",)),),
}
"""Where records state places, by kind of record; what neighbouring counties tell is theirs to judge."""
ENDS = ("cancel_date", "left_on", "ended_on")


class Wrong(NamedTuple):
    """A code that was not valid on its day, and the one that was, if that is clear."""

    field: str
    status: str
    day: Day
    instead: str
    until: Day | None
    """The day on which it comes into force and is right, if it ever does."""

    def __str__(self) -> str:
        use = f" (use {self.instead})" if self.instead else ""
        return f"{self.field} {self.status} on {iso(self.day)}{use}"


def places(scene: Scene) -> Iterator[Finding]:
    """Records that state a place code which was not valid on their day, until they end."""
    clock = scene.clock
    for fact in scene.stating:
        wrong = [one for one in _wrong(scene, fact) if one.until is None or clock.today < one.until]
        # Which of two days that contradict each other is wrong must be said first.
        if not wrong or out_of_order(fact) is not None:
            continue
        if clock.over(min((fact.fields[end] for end in ENDS if end in fact.fields), default=None)):
            continue
        for one in wrong:
            if one.until is not None:
                clock.reached(one.until)
        yield Finding(
            "place-not-valid", fact.record_id, (fact.record_id,),
            f"{', '.join(map(str, wrong))} in {fact.feed}", fact.department,
        )  # fmt: skip


def _wrong(scene: Scene, fact: Fact) -> Iterator[Wrong]:
    divisions, fields = scene.divisions, fact.fields
    for said in STATED.get(fact.kind, ()):
        code = fields.get(said.field)
        days = [fields[day] for day in said.days if day in fields] if code else None
        if not code or not days:
            continue
        day = max(days) - said.before
        status = divisions.status(code, day)
        if status in (VALID, NOT_LISTED):
            continue
        meant = divisions.meant(code, day)
        comes = divisions.in_force(code) if said.lasts and status == NOT_YET and meant else None
        yield Wrong(said.field, status, day, next(iter(meant)) if len(meant) == 1 else "", comes)

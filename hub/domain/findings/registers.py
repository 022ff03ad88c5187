"""Household registers: one person entered twice, and registers that have not heard of a death."""

from collections.abc import Iterator, Sequence

from hub.domain.days import Day, iso
from hub.domain.facts import Fact
from hub.domain.findings import Finding, Scene
from hub.domain.limits import DEATH_TOLD

ENDS = {"business": "ended_on", "employment": "ended_on", "residence": "left_on"}
DIED = "death"


def entered_twice(scene: Scene) -> Iterator[Finding]:
    """Two household entries of one person, none of which was cancelled."""
    if len(scene.records.entries) > 1:
        days = [e.fields["cancel_date"] for e in scene.records.entries if "cancel_date" in e.fields]
        yield from scene.clock.steady(days, lambda day: tuple(_standing(scene, day)))


def _standing(scene: Scene, day: Day) -> Iterator[Finding]:
    standing = [e.record_id for e in scene.records.entries if day < e.fields.get("cancel_date", day + 1)]
    if len(standing) > 1:
        yield Finding(
            "entered-twice", scene.person, tuple(standing),
            f"{len(standing)} household entries of one person stand at once",
        )  # fmt: skip


def deaths(scene: Scene) -> Iterator[Finding]:
    """The household register says that the person died, another record goes on."""
    died = died_on(scene.records.entries)
    if died is None:
        return
    last = scene.clock.deadline(DEATH_TOLD, died, scene.county)
    going_on = [
        (fact, fact.fields.get(end)) for kind, end in ENDS.items() for fact in scene.kinds.get(kind, ())
    ]
    days = [last + 1, *(end for _, end in going_on if end is not None)]
    yield from scene.clock.steady(days, lambda day: tuple(_going_on(going_on, died, last, day)))


def _going_on(
    records: Sequence[tuple[Fact, Day | None]], died: Day, last: Day, day: Day
) -> Iterator[Finding]:
    for fact, end in records:
        if day > last and (end is None or day < end):
            yield Finding(
                "died-but-active", fact.record_id, (fact.record_id,),
                f"died {iso(died)} by the household register, not ended in {fact.feed} by {iso(last)}",
                fact.department,
            )  # fmt: skip


def died_on(entries: Sequence[Fact]) -> Day | None:
    """The day on which the household register ended an entry by a death."""
    return min(
        (e.fields["cancel_date"] for e in entries if e.fields.get("cancel_reason") == DIED and "cancel_date" in e.fields),
        default=None,
    )  # fmt: skip

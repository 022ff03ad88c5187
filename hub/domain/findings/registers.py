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
    if len(scene.records.entries) < 2:
        return
    standing = [
        e.record_id for e in scene.records.entries if not scene.clock.over(e.fields.get("cancel_date"))
    ]
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
    for kind, end in ENDS.items():
        for fact in scene.kinds.get(kind, ()):
            if not scene.clock.over(fact.fields.get(end)) and scene.clock.passed(last):
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

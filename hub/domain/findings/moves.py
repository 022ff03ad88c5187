"""The register here beside a neighbour's: moves that one of the two has not heard of.

Both concern records. Whoever has not arrived is offered registration; an entry that was left behind
is asked about. Nobody is looked for, and the neighbour hears no more than whether its notice is closed.
"""

from collections.abc import Iterator, Sequence

from hub.domain.days import Day, iso
from hub.domain.facts import Fact
from hub.domain.findings import Finding, Scene
from hub.domain.findings.residence import in_force
from hub.domain.limits import ARRIVAL_REGISTRATION, ENTRY_AFTER_MOVING, Limits
from hub.domain.notices import ARRIVAL, DEPARTURE
from hub.domain.residence import Spell, arrived, entered_on, moved_away


def arrivals(scene: Scene) -> Iterator[Finding]:
    """Told to have moved here, and on no register here in time."""
    for fact in scene.kinds.get(DEPARTURE, ()):
        last = arrival_due(fact, scene.clock.limits)
        if last is None or arrived(scene.spells, fact.fields["cancel_date"]) is not None:
            continue
        if scene.clock.passed(last):
            left = iso(fact.fields["cancel_date"])
            yield Finding(
                "arrival-unregistered", fact.record_id, (fact.record_id,),
                f"moved here out of a neighbour's register on {left}, registered nowhere here by {iso(last)}",
            )  # fmt: skip


def departures(scene: Scene) -> Iterator[Finding]:
    """Entered by a neighbour's register as moved from here, while an older entry here stands."""
    told = (*scene.kinds.get(ARRIVAL, ()), *scene.kinds.get(DEPARTURE, ()))
    if not told:
        return
    away = [spell for spell in moved_away(told, scene.spells, scene.county) if spell.left_on is None]
    entries = [
        fact for fact in scene.records.entries if fact.fields.get("place", "").startswith(scene.county)
    ]
    if away and entries:
        ends = [fact.fields["cancel_date"] for fact in entries if "cancel_date" in fact.fields]
        days = {*ends, *(_to_be_ended(spell, scene.clock.limits) + 1 for spell in away)}
        yield from scene.clock.steady(days, lambda day: tuple(_left_behind(scene, entries, away, day)))


def arrival_due(departure: Fact, limits: Limits) -> Day | None:
    """The last day on which somebody whom a neighbour told to move here registers in time, if a day was told."""
    left = departure.fields.get("cancel_date")
    if left is None:
        return None
    return limits.deadline(ARRIVAL_REGISTRATION, left, departure.fields.get("moved_to", ""))


def _left_behind(scene: Scene, entries: Sequence[Fact], away: Sequence[Spell], day: Day) -> Iterator[Finding]:
    for spell in away:
        last, since = _to_be_ended(spell, scene.clock.limits), (spell.arrived_on, spell.place)
        standing = [
            fact.record_id
            for fact in entries
            if in_force(fact, day) and (entered_on(fact), fact.fields["place"]) < since
        ]
        if day > last and standing:
            yield Finding(
                "moved-away-uncancelled", spell.record, tuple(standing),
                f"entered in county {spell.place[:6]} on {iso(spell.arrived_on)}, the entry here stands after {iso(last)}",
            )  # fmt: skip


def _to_be_ended(spell: Spell, limits: Limits) -> Day:
    return limits.deadline(ENTRY_AFTER_MOVING, spell.arrived_on, spell.place)

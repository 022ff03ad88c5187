"""Residence registered twice, run out, gone quiet or out of order; the two registers side by side.

Each check is a function of the day; the days on which it may change are given
to the scene's clock, which finds the first that does.
"""

from collections.abc import Iterator, Sequence

from hub.domain.days import Day, iso
from hub.domain.facts import Fact
from hub.domain.findings import Finding, Scene
from hub.domain.limits import (
    RESIDENCE_AFTER_ENTRY,
    RESIDENCE_REMINDER,
    RESIDENCE_RENEWAL,
    deadline,
    limit_on,
)  # fmt: skip
from hub.domain.residence import entered_on, lapses_on, registered_on

ORDER = {
    "residence": (("arrival_date", "registered_on"), ("arrival_date", "left_on"), ("registered_on", "expires_on")),
    "household_entry": (("entry_date", "cancel_date"),),
}  # fmt: skip
"""By kind of record, the pairs of days of which the first comes first."""


def residence(scene: Scene) -> Iterator[Finding]:
    """Registrations that run out or ran out, and those in two places at once."""
    registrations = scene.kinds.get("residence", ())
    if registrations:
        days = {day for fact in registrations for day in _turns(fact)}
        yield from scene.clock.steady(days, lambda day: tuple(_registered(scene, registrations, day)))


def households(scene: Scene) -> Iterator[Finding]:
    """Entries in two towns at once, and a registration as a migrant beside an entry."""
    entries = [fact for fact in scene.records.entries if _here(fact, scene.county)]
    registrations = [fact for fact in scene.kinds.get("residence", ()) if _is_migrant(fact, scene.county)]
    if len(entries) + len(registrations) > 1 and entries:
        days = {day for fact in (*entries, *registrations) for day in _turns(fact)}
        days |= {_to_be_ended(entry) + 1 for entry in entries if registrations}
        yield from scene.clock.steady(days, lambda day: tuple(_both(scene, entries, registrations, day)))


def quiet(scene: Scene) -> Iterator[Finding]:
    """A registration whose evidence broke off, while nobody said that the person left."""
    silent = [
        spell for spell in scene.spells if spell.quiet_from is not None and spell.basis == "registration"
    ]
    if silent:
        registrations = scene.kinds.get("residence", ())
        asked = [fact for fact in registrations if fact.record_id in {spell.record for spell in silent}]
        since = {spell.record: (spell.quiet_from, spell.heard_on) for spell in silent}
        days = {day for fact in (*registrations, *scene.records.entries) for day in _turns(fact)}
        days |= {spell.quiet_from for spell in silent if spell.quiet_from is not None}
        yield from scene.clock.steady(days, lambda day: tuple(_silent(scene, asked, since, day)))


def order(scene: Scene) -> Iterator[Finding]:
    """Days of one record that cannot follow each other."""
    for kind, pairs in ORDER.items():
        for fact in scene.kinds.get(kind, ()):
            fields = fact.fields
            wrong = [
                f"{first} after {second}"
                for first, second in pairs
                if first in fields and second in fields and fields[first] > fields[second]
            ]
            if wrong:
                yield Finding(
                    "residence-dates-out-of-order", fact.record_id, (fact.record_id,),
                    f"days out of order in {fact.feed}: {', '.join(wrong)}", fact.department,
                )  # fmt: skip


# --- on one day -----------------------------------------------------------------------------


def _registered(scene: Scene, registrations: Sequence[Fact], day: Day) -> Iterator[Finding]:
    towns: dict[str, list[str]] = {}
    for fact in registrations:
        if _here(fact, scene.county) and in_force(fact, day):
            towns.setdefault(fact.fields["place"][:9], []).append(fact.record_id)
        yield from _running_out(fact, registrations, scene.records.entries, day)
    if len(towns) > 1:
        yield Finding(
            "residence-two-places", scene.person, tuple(sorted(r for records in towns.values() for r in records)),
            f"residence is registered in towns {' and '.join(sorted(towns))} at once",
        )  # fmt: skip
    for town, records in towns.items():
        if len(records) > 1:
            yield Finding(
                "residence-registered-twice", town, tuple(records),
                f"{len(records)} registrations are in force in town {town} at once",
            )  # fmt: skip


def _running_out(
    fact: Fact, registrations: Sequence[Fact], entries: Sequence[Fact], day: Day
) -> Iterator[Finding]:
    lapse = lapses_on(fact)
    if lapse is None or day < _reminder(fact) or _registered_since(fact, registrations, entries):
        return
    expires = fact.fields["expires_on"]
    last = iso(deadline(RESIDENCE_RENEWAL, expires))
    if day >= lapse:
        yield Finding(
            "residence-expired", fact.record_id, (fact.record_id,),
            f"expired {iso(expires)}, neither renewed nor ended by {last}",
        )  # fmt: skip
    else:
        yield Finding(
            "residence-renewal-due", fact.record_id, (fact.record_id,),
            f"valid until {iso(expires)}, to be renewed or ended by {last}",
        )  # fmt: skip


def _both(
    scene: Scene, entries: Sequence[Fact], registrations: Sequence[Fact], day: Day
) -> Iterator[Finding]:
    here = [fact for fact in entries if in_force(fact, day)]
    beside = [fact for fact in registrations if in_force(fact, day)]
    towns = sorted({fact.fields["place"][:9] for fact in here})
    if len(towns) > 1:
        yield Finding(
            "household-two-places", scene.person, tuple(fact.record_id for fact in here),
            f"household entries are in force in towns {' and '.join(towns)} at once",
        )  # fmt: skip
    settled = [fact for fact in here if day > _to_be_ended(fact)]
    if settled and beside:
        yield Finding(
            "household-and-residence-both", scene.person, tuple(fact.record_id for fact in (*settled, *beside)),
            "a household entry here, and a registration as from another county, are in force at once",
        )  # fmt: skip


def _silent(
    scene: Scene, asked: Sequence[Fact], since: dict[str, tuple[Day | None, Day | None]], day: Day
) -> Iterator[Finding]:
    entries, registrations = scene.records.entries, scene.kinds.get("residence", ())
    if any(_here(entry, scene.county) and in_force(entry, day) for entry in entries):
        return
    for fact in asked:
        quiet_from, heard = since[fact.record_id]
        lapse = lapses_on(fact)
        over = quiet_from is None or heard is None or day < quiet_from or (lapse is not None and day >= lapse)
        if not over and not _registered_since(fact, registrations, entries):
            yield Finding(
                "residence-gone-quiet", fact.record_id, (fact.record_id,),
                f"registered here, insured until {iso(heard or 0)} and not since, no end of work was told",
            )  # fmt: skip


# --- one record -----------------------------------------------------------------------------


def in_force(fact: Fact, day: Day) -> bool:
    """Whether a registration or entry is neither ended nor past the day it expires on."""
    end = ends_on(fact)
    return end is None or day < end


def ends_on(fact: Fact) -> Day | None:
    """The first day on which a registration or entry is no longer in force, if that is known."""
    fields = fact.fields
    left, expires = fields.get("left_on", fields.get("cancel_date")), fields.get("expires_on")
    ends = [day for day in (left, None if expires is None else expires + 1) if day is not None]
    return min(ends, default=None)


def _turns(fact: Fact) -> Iterator[Day]:
    """The days on which time alone may change what is said of a registration or entry."""
    for day in (ends_on(fact), lapses_on(fact), None if "expires_on" not in fact.fields else _reminder(fact)):
        if day is not None:
            yield day


def _reminder(fact: Fact) -> Day:
    expires: Day = fact.fields["expires_on"]
    return expires - limit_on(RESIDENCE_REMINDER, expires).days


def _to_be_ended(entry: Fact) -> Day:
    """The last day on which a registration beside this entry is ended in time."""
    return deadline(RESIDENCE_AFTER_ENTRY, entered_on(entry))


def _here(fact: Fact, county: str) -> bool:
    return bool(fact.fields.get("place", "").startswith(county))


def _is_migrant(registration: Fact, county: str) -> bool:
    """Whether it says that the household register of who lives here is in another county."""
    origin = registration.fields.get("hukou_place", county)
    return _here(registration, county) and not origin.startswith(county)


def _registered_since(fact: Fact, registrations: Sequence[Fact], entries: Sequence[Fact]) -> bool:
    """Whether the person registered anywhere in the county after this registration."""
    since = registered_on(fact), fact.record_id
    return any((registered_on(other), other.record_id) > since for other in registrations) or any(
        entered_on(entry) > since[0] for entry in entries
    )

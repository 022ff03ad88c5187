"""Residence registered twice, run out or gone quiet; the two registers side by side.

Each check is a function of the day; the days on which it may change are given
to the scene's clock, which finds the first that does.
"""

from collections.abc import Iterator, Mapping, Sequence

from hub.domain.days import Day, iso
from hub.domain.facts import Fact
from hub.domain.findings import Finding, Scene
from hub.domain.limits import RESIDENCE_AFTER_ENTRY, RESIDENCE_REMINDER, Limits
from hub.domain.residence import entered_on, lapses_on, registered_on


def residence(scene: Scene) -> Iterator[Finding]:
    """Registrations that run out or ran out, and those in two places at once."""
    registrations, limits = scene.kinds.get("residence", ()), scene.clock.limits
    if registrations:
        days = {day for fact in registrations for day in _turns(fact, limits)}
        yield from scene.clock.steady(days, lambda day: tuple(_registered(scene, registrations, day)))


def households(scene: Scene) -> Iterator[Finding]:
    """A registration as from another county beside an entry here."""
    limits = scene.clock.limits
    entries = [fact for fact in scene.records.entries if _here(fact, scene.county)]
    registrations = [fact for fact in scene.kinds.get("residence", ()) if _is_migrant(fact, scene.county)]
    if entries and registrations:
        days = {day for fact in (*entries, *registrations) for day in _turns(fact, limits)}
        days |= {_to_be_ended(entry, limits) + 1 for entry in entries}
        yield from scene.clock.steady(days, lambda day: tuple(_both(scene, entries, registrations, day)))


def quiet(scene: Scene) -> Iterator[Finding]:
    """A registration whose evidence broke off, while nobody said that the person left."""
    silent = {
        spell.record: (spell.quiet_from, spell.heard_on)
        for spell in scene.spells
        if spell.quiet_from is not None and spell.heard_on is not None and spell.basis == "registration"
    }
    if silent:
        limits = scene.clock.limits
        records = (*scene.kinds.get("residence", ()), *scene.records.entries)
        days = {day for fact in records for day in _turns(fact, limits)} | {
            since for since, _ in silent.values()
        }
        yield from scene.clock.steady(days, lambda day: tuple(_silent(scene, silent, day)))


# --- on one day -----------------------------------------------------------------------------


def _registered(scene: Scene, registrations: Sequence[Fact], day: Day) -> Iterator[Finding]:
    towns: dict[str, list[str]] = {}
    for fact in registrations:
        if _here(fact, scene.county) and in_force(fact, day):
            towns.setdefault(fact.fields["place"][:9], []).append(fact.record_id)
        yield from _running_out(scene, fact, day)
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


def _running_out(scene: Scene, fact: Fact, day: Day) -> Iterator[Finding]:
    lapse, limits = lapses_on(fact, scene.clock.limits), scene.clock.limits
    registrations, entries = scene.kinds.get("residence", ()), scene.records.entries
    if lapse is None or day < _reminder(fact, limits) or _registered_since(fact, registrations, entries):
        return
    expires, last = fact.fields["expires_on"], iso(lapse - 1)
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
    settled = [fact for fact in here if day > _to_be_ended(fact, scene.clock.limits)]
    if settled and beside:
        yield Finding(
            "household-and-residence-both", scene.person, tuple(fact.record_id for fact in (*settled, *beside)),
            "a household entry here, and a registration as from another county, are in force at once",
        )  # fmt: skip


def _silent(scene: Scene, silent: Mapping[str, tuple[Day, Day]], day: Day) -> Iterator[Finding]:
    """`silent` holds, by registration, the day from which it is quiet and the day it was last heard of."""
    entries, registrations = scene.records.entries, scene.kinds.get("residence", ())
    if any(_here(entry, scene.county) and in_force(entry, day) for entry in entries):
        return
    for fact in registrations:
        since, heard = silent.get(fact.record_id, (day + 1, day))
        lapse = lapses_on(fact, scene.clock.limits)
        over = day < since or (lapse is not None and day >= lapse)
        if not over and not _registered_since(fact, registrations, entries):
            yield Finding(
                "residence-gone-quiet", fact.record_id, (fact.record_id,),
                f"registered here, insured until {iso(heard)} and not since, no end of work was told",
            )  # fmt: skip


# --- one record -----------------------------------------------------------------------------


def in_force(fact: Fact, day: Day) -> bool:
    """Whether a registration or entry is neither ended nor past the day it expires on."""
    end = ends_on(fact)
    return end is None or day < end


def ends_on(fact: Fact) -> Day | None:
    """The first day on which a registration or entry is no longer in force, if that is known."""
    left: Day | None = fact.fields.get("left_on", fact.fields.get("cancel_date"))
    expires: Day | None = fact.fields.get("expires_on")
    if expires is None:
        return left
    return expires + 1 if left is None else min(left, expires + 1)


def _turns(fact: Fact, limits: Limits) -> Iterator[Day]:
    """The days on which time alone may change what is said of a registration or entry."""
    reminder = _reminder(fact, limits) if "expires_on" in fact.fields else None
    yield from (day for day in (ends_on(fact), lapses_on(fact, limits), reminder) if day is not None)


def _reminder(fact: Fact, limits: Limits) -> Day:
    """The day from which somebody is reminded to renew."""
    expires: Day = fact.fields["expires_on"]
    # As long before as the limit is long: a deadline is remembered once it was worked out.
    return 2 * expires - limits.deadline(RESIDENCE_REMINDER, expires, fact.fields.get("place", ""))


def _to_be_ended(entry: Fact, limits: Limits) -> Day:
    """The last day on which a registration beside this entry is ended in time."""
    return limits.deadline(RESIDENCE_AFTER_ENTRY, entered_on(entry), entry.fields.get("place", ""))


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

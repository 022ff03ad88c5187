"""Residence registered twice or run out, and work by people whom no register holds."""

from collections.abc import Iterator, Sequence

from hub.domain.days import Day, iso
from hub.domain.facts import Fact
from hub.domain.findings import Finding, Scene
from hub.domain.findings.registers import died_on
from hub.domain.limits import RESIDENCE_RENEWAL, RESIDENCE_REPORT, Clock
from hub.domain.residence import lapsed


def residence(scene: Scene) -> Iterator[Finding]:
    """Registrations that ran out, and those in two towns at once."""
    registrations = scene.kinds.get("residence", ())
    open_: list[Fact] = []
    for fact in registrations:
        if not lapsed(fact, scene.clock):
            if fact.fields.get("place", "").startswith(scene.county):
                open_.append(fact)
        elif not _registered_since(fact, registrations, scene.records.entries):
            expired = fact.fields["expires_on"]
            last = scene.clock.deadline(RESIDENCE_RENEWAL, expired, fact.fields.get("place", ""))
            yield Finding(
                "residence-expired", fact.record_id, (fact.record_id,),
                f"expired {iso(expired)}, neither renewed nor ended by {iso(last)}",
            )  # fmt: skip
    if len({fact.fields["place"][:9] for fact in open_}) > 1:
        open_ = [fact for fact in open_ if not _ended(fact, scene.clock)]
        towns = {fact.fields["place"][:9] for fact in open_}
        if len(towns) > 1:
            yield Finding(
                "residence-two-places", scene.person, tuple(fact.record_id for fact in open_),
                f"residence is registered in towns {' and '.join(sorted(towns))} at once",
            )  # fmt: skip


def work(scene: Scene) -> Iterator[Finding]:
    """Works here and is registered as living nowhere in the county."""
    works = [
        fact
        for kind in ("business", "employment")
        for fact in scene.kinds.get(kind, ())
        if fact.fields.get("work_place", scene.county).startswith(scene.county)
    ]
    clock = scene.clock
    # Who may be somebody the registers know under another number must be identified first.
    # Whoever died works no more, which is a discrepancy of its own.
    if died_on(scene.records.entries) is not None:
        return
    if not works or scene.namesake or any(not clock.over(spell.left_on) for spell in scene.spells):
        return
    # Whoever has just moved out is given the same time for the work to be ended too.
    left = max((spell.left_on or 0 for spell in scene.spells), default=0)
    late = [
        fact
        for fact in works
        if not clock.over(fact.fields.get("ended_on"))
        and clock.passed(clock.deadline(RESIDENCE_REPORT, max(_started_on(fact), left), scene.county))
    ]
    if late:
        start = min(map(_started_on, late))
        yield Finding(
            "employment-without-residence", scene.person, tuple(fact.record_id for fact in late),
            f"works here since {iso(start)}, no residence registered in the county",
        )  # fmt: skip


def _ended(registration: Fact, clock: Clock) -> bool:
    """Whether a registration is no longer valid: ended, or past the day it expires on."""
    expires: Day | None = registration.fields.get("expires_on")
    return clock.over(registration.fields.get("left_on")) or (expires is not None and clock.passed(expires))


def _registered_since(fact: Fact, registrations: Sequence[Fact], entries: Sequence[Fact]) -> bool:
    """Whether the person registered anywhere in the county after this registration."""
    since = _registered_on(fact), fact.record_id
    return any((_registered_on(other), other.record_id) > since for other in registrations) or any(
        entry.fields.get("entry_date", entry.published_on) > since[0] for entry in entries
    )


def _registered_on(registration: Fact) -> Day:
    day: Day = registration.fields.get("registered_on", registration.published_on)
    return day


def _started_on(work: Fact) -> Day:
    day: Day = work.fields.get("started_on", work.published_on)
    return day

"""Residence: spells of living somewhere, folded from both registers of public security.

Work and business corroborate that somebody is here; they never make a spell.
Spells may overlap, as registers do: where somebody lives on a day, once, is
said by `population`.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from hub.domain.days import Day
from hub.domain.facts import Fact
from hub.domain.limits import RESIDENCE_RENEWAL, Limits
from hub.domain.notices import ARRIVAL, DEPARTURE
from hub.domain.notices import RESIDENCE as LIVES_THERE
from hub.domain.work import Work, heard

RESIDENT, MIGRANT, ELSEWHERE = "resident", "migrant", "elsewhere"
"""In the household register; registered as living here; told by a neighbouring county to live there."""
CORROBORATED, REGISTERED_ONLY, QUIET = "corroborated", "registered-only", "gone-quiet"
"""Classes of the evidence of a spell, never of a person."""


class Spell(NamedTuple):
    """Living at one place: `left_on` None while it lasts; places are 12-digit division codes.

    The evidence of a migrant's spell: `heard_on` is the last day on which work speaks
    of it, `speaks_until` the last on which that still counts, and `quiet_from` the day
    from which it has gone quiet, where it broke off unsaid and the spell goes on.
    """

    place: str
    arrived_on: Day
    left_on: Day | None
    status: str
    basis: str
    """household, registration, neighbour, or expired: nobody said that the person left."""
    record: str = ""
    began: str = ""
    """birth, initial, move_in, moved (within the register) or arrival."""
    ended: str | None = None
    """death, moved_out, moved, left or expired; None while it lasts or where no reason is stated."""
    origin: str | None = None
    """Where a migrant's household register is, or where an entry moved from."""
    household: str | None = None
    relation: str | None = None
    heard_on: Day | None = None
    speaks_until: Day | None = None
    quiet_from: Day | None = None

    @property
    def town(self) -> str:
        """The 9-digit code of the town."""
        return self.place[:9]

    def evidence_on(self, day: Day) -> str:
        """What speaks for this spell on a day, besides the register itself."""
        if self.quiet_from is not None and day >= self.quiet_from:
            return QUIET
        speaks = self.speaks_until is not None and day <= self.speaks_until
        return CORROBORATED if speaks else REGISTERED_ONLY


def spells_of(
    entries: Sequence[Fact],
    registrations: Sequence[Fact],
    works: Sequence[Work],
    county: str,
    limits: Limits,
    today: Day,
    elsewhere: Sequence[Fact] = (),
) -> tuple[Spell, ...]:
    """All spells in the county as of a day, and those that neighbours tell of, in order of arrival."""
    spells = [*_household(entries, county), *_registered(registrations, works, county, limits, today)]
    if elsewhere:
        lives = [fact for fact in elsewhere if fact.kind == LIVES_THERE]
        spells += [*_elsewhere(lives, county, limits, today), *moved_away(elsewhere, spells, county)]
    if len(spells) > 1:
        spells.sort(key=_by_arrival)
    return tuple(spells)


def lapses(registrations: Sequence[Fact], limits: Limits) -> Iterator[Day]:
    """The days on which time alone ends a spell."""
    for registration in registrations:
        day = lapses_on(registration, limits)
        if day is not None:
            yield day


def lapses_on(registration: Fact, limits: Limits) -> Day | None:
    """The day on which an expired registration is given up: its grace is over, and nobody ended it."""
    fields = registration.fields
    if "left_on" in fields or "expires_on" not in fields:
        return None
    return limits.deadline(RESIDENCE_RENEWAL, fields["expires_on"], fields.get("place", "")) + 1


def registered_on(registration: Fact) -> Day:
    """The day of a registration; where none is stated, that of its first version."""
    day: Day = registration.fields.get("registered_on", registration.published_on)
    return day


def shown_on(registration: Fact) -> Day:
    """The last day on which the person came in person: to register, or to have it endorsed."""
    day: Day = max(registered_on(registration), registration.fields.get("endorsed_on", 0))
    return day


def entered_on(entry: Fact) -> Day:
    """The day of a household entry; where none is stated, that of its first version."""
    day: Day = entry.fields.get("entry_date", entry.published_on)
    return day


def _household(entries: Sequence[Fact], county: str) -> Iterator[Spell]:
    for fact in entries:
        fields = fact.fields
        place, kind = fields.get("place", ""), fields.get("entry_kind", "")
        since = entered_on(fact)
        if kind == "birth":
            # Whoever is entered as born into a household has lived there from the birth on.
            since = min(since, fields.get("birth_date", since))
        cancelled, here = fields.get("cancel_date"), fields.get("household_no")
        ended = None if cancelled is None else fields.get("cancel_reason")
        moved, origin = fields.get("address_since"), fields.get("moved_from")
        relation = fields.get("relation")
        if moved is not None and moved > since and origin is not None:
            # One entry that followed its household to another address.
            if origin.startswith(county):
                yield Spell(
                    origin, since, moved, RESIDENT, "household", fact.record_id, kind, "moved", None, here, relation
                )  # fmt: skip
            since, kind = moved, "moved"
        if place.startswith(county):
            yield Spell(
                place, since, cancelled, RESIDENT, "household", fact.record_id, kind, ended, origin, here, relation
            )  # fmt: skip


def _registered(
    registrations: Sequence[Fact], works: Sequence[Work], county: str, limits: Limits, today: Day
) -> Iterator[Spell]:
    for fact in registrations:
        fields = fact.fields
        place = fields.get("place", "")
        if not place.startswith(county):
            continue
        registered = registered_on(fact)
        # Nobody registers before arriving: a later day of arrival is a slip.
        arrived = min(registered, fields.get("arrival_date", registered))
        lapse = lapses_on(fact, limits)
        left, basis, ended = (
            fields.get("left_on"),
            "registration",
            None if "left_on" not in fields else "left",
        )
        if lapse is not None and today >= lapse:
            left, basis, ended = fields["expires_on"], "expired", "expired"
        last = heard(works, (arrived, left), shown_on(fact), limits, place) if works else None
        silent = last is not None and last.broke_off and "left_on" not in fields
        yield Spell(
            place, arrived, left, MIGRANT, basis, fact.record_id, "arrival", ended, fields.get("hukou_place"),
            heard_on=last.on if last else None, speaks_until=last.until if last else None,
            quiet_from=last.until + 1 if last and silent else None,
        )  # fmt: skip


def _elsewhere(notices: Sequence[Fact], county: str, limits: Limits, today: Day) -> Iterator[Spell]:
    """What neighbours tell of those who live there; given up there when it is given up here."""
    for fact in notices:
        fields = fact.fields
        if fields.get("place", county).startswith(county):
            continue
        registered = registered_on(fact)
        lapse = lapses_on(fact, limits)
        lapsed = lapse is not None and today >= lapse
        yield Spell(
            fields["place"], min(registered, fields.get("arrival_date", registered)),
            fields["expires_on"] if lapsed else fields.get("left_on"), ELSEWHERE, "neighbour", fact.record_id,
            "arrival", "expired" if lapsed else "left" if "left_on" in fields else None,
        )  # fmt: skip


def moved_away(told: Sequence[Fact], here: Sequence[Spell], county: str) -> Iterator[Spell]:
    """The lives elsewhere of those whom a neighbour's register entered as moved from here.

    Whoever was entered there has left here, whatever still stands here, until a register here holds the
    person anew, or a neighbour tells that the person moves back. Of two entries of one day both counties
    take the same for the later, so that one of them counts the person.
    """
    back = [
        fact.fields["cancel_date"] for fact in told if fact.kind == DEPARTURE and "cancel_date" in fact.fields
    ]
    for fact in told:
        place, since = fact.fields.get("place", county), entered_on(fact)
        if fact.kind != ARRIVAL or place.startswith(county):
            continue
        anew = [
            spell.arrived_on
            for spell in here
            if spell.began != "moved" and (spell.arrived_on, spell.place) > (since, place)
        ]
        until = min((*anew, *(day for day in back if day >= since)), default=None)
        if until is None or until > since:
            ended = None if until is None else "left"
            yield Spell(place, since, until, ELSEWHERE, "neighbour", fact.record_id, "move_in", ended)


def arrived(spells: Sequence[Spell], left: Day) -> Day | None:
    """Since when a register here holds somebody who left a neighbour's on a day; None: none does yet.

    Whatever had ended by that day is of an earlier life here.
    """
    return min(
        (
            spell.arrived_on
            for spell in spells
            if spell.status != ELSEWHERE and (spell.left_on is None or spell.left_on > left)
        ),
        default=None,
    )


def ended_by(spells: Sequence[Spell], entered: tuple[Day, str], today: Day) -> bool:
    """Whether every entry here that is older than one elsewhere, told by its day and place, has ended.

    Of somebody whom the household register here never knew, nobody can say so.
    """
    older = [
        spell for spell in spells if spell.basis == "household" and (spell.arrived_on, spell.place) < entered
    ]
    return bool(older) and all(spell.left_on is not None and spell.left_on <= today for spell in older)


def _by_arrival(spell: Spell) -> tuple[Day, str, bool, Day, str]:
    return spell.arrived_on, spell.place, spell.left_on is None, spell.left_on or 0, spell.record

"""Residence: spells of living somewhere, folded from both registers of public security.

Work and business corroborate that somebody is here; they never make a spell.
Spells may overlap, as registers do: whoever counts people counts persons.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from hub.domain.days import Day
from hub.domain.facts import Fact
from hub.domain.limits import RESIDENCE_RENEWAL, Clock


class Spell(NamedTuple):
    """Living at one place: `left_on` None while it lasts; places are 12-digit division codes."""

    place: str
    arrived_on: Day
    left_on: Day | None
    status: str
    """resident: in the household register; migrant: registered as living here."""
    basis: str
    """household, registration, or expired: nobody said that the person left."""

    @property
    def town(self) -> str:
        """The 9-digit code of the town."""
        return self.place[:9]


def spells_of(
    entries: Sequence[Fact], registrations: Sequence[Fact], county: str, clock: Clock
) -> tuple[Spell, ...]:
    """All spells in the county, in order of arrival."""
    spells = [*_household(entries, county), *_registered(registrations, county, clock)]
    if len(spells) > 1:
        spells.sort(key=_by_arrival)
    return tuple(spells)


def lapsed(registration: Fact, clock: Clock) -> bool:
    """Whether a registration expired, its grace is over, and nobody ended it."""
    fields = registration.fields
    if "left_on" in fields or "expires_on" not in fields:
        return False
    return clock.passed(clock.deadline(RESIDENCE_RENEWAL, fields["expires_on"], fields.get("place", "")))


def _household(entries: Sequence[Fact], county: str) -> Iterator[Spell]:
    for fact in entries:
        fields = fact.fields
        place = fields.get("place", "")
        if place.startswith(county):
            arrived = fields.get("entry_date", fact.published_on)
            yield Spell(place, arrived, fields.get("cancel_date"), "resident", "household")


def _registered(registrations: Sequence[Fact], county: str, clock: Clock) -> Iterator[Spell]:
    for fact in registrations:
        fields = fact.fields
        place = fields.get("place", "")
        if not place.startswith(county):
            continue
        arrived = fields.get("arrival_date", fact.published_on)
        if lapsed(fact, clock):
            yield Spell(place, arrived, fields["expires_on"], "migrant", "expired")
        else:
            yield Spell(place, arrived, fields.get("left_on"), "migrant", "registration")


def _by_arrival(spell: Spell) -> tuple[Day, str, bool, Day, str]:
    return spell.arrived_on, spell.place, spell.left_on is None, spell.left_on or 0, spell.basis

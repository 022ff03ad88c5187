"""Residence: spells of living somewhere, folded from both registers of public security.

Work and business corroborate that somebody is here; they never make a spell.
"""

from collections.abc import Sequence
from typing import NamedTuple

from hub.domain.days import Day
from hub.domain.facts import Fact
from hub.domain.limits import deadline


class Spell(NamedTuple):
    """Living at one place: `left_on` None while it lasts; places are 12-digit division codes."""

    place: str
    arrived_on: Day
    left_on: Day | None
    status: str
    basis: str


def spells_of(facts: Sequence[Fact], today: Day) -> tuple[tuple[Spell, ...], Day | None]:
    """All spells in order of arrival, and the day on which time alone ends one."""
    spells: list[Spell] = []
    due: Day | None = None
    for fact in facts:
        fields = fact.fields
        if fact.kind == "household_entry":
            spells.append(Spell(fields["place"], fields["entry_date"], fields.get("cancel_date"),
                                "resident", "household"))  # fmt: skip
        elif fact.kind == "residence":
            left, basis = fields.get("left_on"), "registration"
            lapses = deadline("residence-renewal", fields["expires_on"]) + 1
            if left is None and today >= lapses:
                left, basis = fields["expires_on"], "expired"
            elif left is None:
                due = lapses if due is None else min(due, lapses)
            spells.append(Spell(fields["place"], fields["arrival_date"], left, "migrant", basis))
    return tuple(sorted(spells, key=lambda s: (s.arrived_on, s.place, s.left_on or 0, s.basis))), due

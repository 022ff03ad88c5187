"""One person's residence in full: every spell with the evidence for it, and what each of the last months counts as."""

from typing import Any

from sqlalchemy import Connection, select

from hub.domain.days import Day, add_month, from_date, iso, to_date
from hub.domain.limits import Limits
from hub.domain.population import CLASSES, classes_of
from hub.domain.residence import CORROBORATED, ELSEWHERE, MIGRANT, QUIET, REGISTERED_ONLY, RESIDENT, Spell
from hub.projections import residents

MONTHS = 12
"""So many months that are over are classed."""
STATUSES = {RESIDENT: "户籍", MIGRANT: "流动", ELSEWHERE: "在外地"}
EVIDENCE = {CORROBORATED: "有佐证", REGISTERED_ONLY: "仅有登记", QUIET: "失去音讯"}
"""What speaks for a spell besides its register, in Chinese."""
DAYS = frozenset(("arrived_on", "left_on", "heard_on", "speaks_until", "quiet_from"))


def residence(db: Connection, person: str, today: Day, limits: Limits) -> dict[str, Any]:
    """Spells in order of arrival with the class of their evidence today, and the classes of months, newest last.

    A person whom no register knows here has neither.
    """
    stored = db.execute(select(residents.c.spells).where(residents.c.person == person)).scalar() or []
    spells = [Spell(**spell) for spell in stored]
    return {
        "person": person, "as_of": iso(today),
        "spells": [_spell(spell, today) for spell in spells],
        "months": _months(spells, today, limits) if spells else [],
    }  # fmt: skip


def _spell(spell: Spell, today: Day) -> dict[str, Any]:
    said = {
        name: iso(value) if name in DAYS and value is not None else value
        for name, value in spell._asdict().items()
    }
    evidence = spell.evidence_on(today)
    return said | {"evidence": evidence, "evidence_zh": EVIDENCE[evidence]}


def _months(spells: list[Spell], today: Day, limits: Limits) -> list[dict[str, Any]]:
    """The class of each month that is over: half a year's residence, gone quiet, and so on."""
    # A month that ends today is over.
    begun = from_date(to_date(today + 1).replace(day=1))
    firsts = [add_month(begun, -back) for back in range(MONTHS, 0, -1)]
    return [
        {"month": iso(first)[:7], "class": month.code, "zh": CLASSES[month.code][0], "en": CLASSES[month.code][1],
         "area": month.area}
        for first, month in classes_of(spells, firsts, today, limits).items()
    ]  # fmt: skip

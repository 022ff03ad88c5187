"""What a person's live records mean together on a day.

A pure function of the set of facts and the day, so the order of arrival
cannot matter; `due` is the next day on which time alone changes anything.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from hub.domain.births import Birth, birth_of, birth_records
from hub.domain.days import Day
from hub.domain.facts import Fact
from hub.domain.findings import Finding, Scene, findings_of
from hub.domain.residence import Spell, spells_of


class Evaluation(NamedTuple):
    """Birth, residence and findings of one person; `due` None: time alone changes nothing."""

    birth: Birth | None
    spells: tuple[Spell, ...]
    findings: tuple[Finding, ...]
    due: Day | None


def evaluate(
    person: str,
    facts: Sequence[Fact],
    today: Day,
    county: str,
    sharing: Mapping[str, Sequence[str]],
) -> Evaluation:
    """Conclude from a person's records; `sharing` holds valid numbers stated for others too."""
    ordered = sorted(facts)
    records = birth_records(ordered)
    birth, birth_due = birth_of(person, records, today, county)
    spells, spells_due = spells_of(ordered, today)
    due = [day for day in (birth_due, spells_due) if day is not None]
    findings: dict[tuple[str, str], Finding] = {}
    for found in findings_of(Scene(person, ordered, records, today, county, sharing)):
        if found.finding is not None:
            findings.setdefault((found.finding.kind, found.finding.subject), found.finding)
        elif found.due is not None:
            due.append(found.due)
    return Evaluation(birth, spells, tuple(findings.values()), min(due, default=None))

"""Births, residents, discrepancies and cases, folded from what the rules decided."""

from collections.abc import Mapping, Sequence
from typing import Any

from hub.domain import discrepancy
from hub.domain.cases import CaseEvent
from hub.domain.events import (
    BirthReconciled,
    DiscrepancyCleared,
    DiscrepancyDetected,
    Event,
    EventSetAside,
    RecordSetAside,
    ResidenceReconciled,
)  # fmt: skip
from hub.projections import AgendaRow, BirthRow, HouseholdRow, ResidentRow, SetAsideRow, Shelves
from hub.projections.casework import apply_case

Spell = Mapping[str, Any]


def apply(shelves: Shelves, event: Event) -> None:
    """Fold one decision into the views."""
    match event:
        case BirthReconciled():
            _birth(shelves, event)
        case ResidenceReconciled():
            _residence(shelves, event)
        case DiscrepancyDetected():
            _detected(shelves, event)
        case DiscrepancyCleared(discrepancy_id=id_, person=person):
            if row := shelves.discrepancies.get(id_):
                shelves.discrepancies.put(discrepancy.cleared(row, event))
            _stand(shelves, person, id_, None)
        case happened if isinstance(happened, CaseEvent):
            apply_case(shelves, happened)
        case EventSetAside(partition=partition, offset=offset):
            shelves.set_aside.put(SetAsideRow(
                f"{partition}/{offset}", event.event_id, event.event_type, event.error,
            ))  # fmt: skip
        case RecordSetAside(record_id=record_id, version=version, error=error):
            shelves.set_aside.put(SetAsideRow(f"{record_id}/{version}", "", "RecordPublished", error))


def _birth(shelves: Shelves, event: BirthReconciled) -> None:
    if event.outcome is None or event.born_on is None:
        shelves.births.drop(event.person)
        return
    shelves.births.put(BirthRow(
        event.person, event.outcome, event.born_on, event.place, event.sex, event.registered_on,
        event.delay_days, event.certificate_record, event.entry_record, event.child_record,
        event.mother_local, event.plurality, event.in_facility,
    ))  # fmt: skip


def _residence(shelves: Shelves, event: ResidenceReconciled) -> None:
    person, spells = event.person, event.spells
    before = shelves.residents.get(person)
    _households(shelves, person, before.spells if before else [], spells)
    if not spells:
        shelves.residents.drop(person)
        return
    newest = max(spells, key=lambda spell: (spell["left_on"] is None, spell["arrived_on"]))
    shelves.residents.put(ResidentRow(
        person, newest["place"], newest["status"], newest["arrived_on"], newest["left_on"], spells,
    ))  # fmt: skip


def _households(shelves: Shelves, person: str, before: Sequence[Spell], after: Sequence[Spell]) -> None:
    """Enter a person where the spells now say, and take them out where they said so before."""
    stated = {}
    for spell in after:
        if spell.get("household"):
            row = HouseholdRow(
                f"{person}/{spell['record']}", spell["record"], spell["household"], person, spell["relation"],
                spell["place"], spell["arrived_on"], spell["left_on"],
            )  # fmt: skip
            stated[row.entry] = row
    for entry in {
        f"{person}/{spell['record']}" for spell in before if spell.get("household")
    } - stated.keys():
        shelves.households.drop(entry)
    for row in stated.values():
        shelves.households.put(row)


def _detected(shelves: Shelves, event: DiscrepancyDetected) -> None:
    before = shelves.discrepancies.get(event.discrepancy_id)
    shelves.discrepancies.put(discrepancy.detected(before, event))
    _stand(shelves, event.person, event.discrepancy_id, event.kind)


def _stand(shelves: Shelves, person: str, discrepancy_id: str, kind: str | None) -> None:
    row = shelves.agenda.get(person) or AgendaRow(person, None, False, {})
    standing = {k: v for k, v in row.standing.items() if k != discrepancy_id}
    if kind is not None:
        standing[discrepancy_id] = kind
    shelves.agenda.put(row._replace(standing=standing))

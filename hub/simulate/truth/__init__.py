"""The truth of a simulated county, worked out from what is true and what was published.

Nothing here is set by hand where an error is made, and nothing of the hub's
rules is used: true lives and published versions go in, and out come, for each
kind of the catalogue, the days on which a discrepancy truly stands. One whose
evidence cannot be in the data is marked so, with the reason (see `ties`). The
story ends with its last drop, since nothing later was told.
"""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from hub.domain.days import Day, iso
from hub.domain.discrepancies import CATALOGUE
from hub.simulate.ledger import Ledger, Mistake, Record
from hub.simulate.people import Birth, Person
from hub.simulate.places import COUNTY
from hub.simulate.truth.across import across
from hub.simulate.truth.months import MONTHS, month_rows
from hub.simulate.truth.outcomes import BIRTHS, PEOPLE, SPELLS, at_end, birth_row, person_row, spell_rows
from hub.simulate.truth.spans import Discrepancy, histories, of_person
from hub.simulate.truth.standing import Known

RECORDS = ("record_id", "entity_id")
ERRORS = ("kind", "record_id", "entity_id", "day", "corrected_on")
DISCREPANCIES = ("kind", "record_ids", "first_day", "last_day", "detectable", "reason")


def write_truth(
    folder: Path, ledger: Ledger, people: Sequence[Person], births: Sequence[Birth], until: Day,
) -> None:  # fmt: skip
    """Write all truth files; `until` is the day of the last drop."""
    folder.mkdir(parents=True, exist_ok=True)
    said = histories(ledger, until)
    known = {b.child.entity: Known(b.day, b.place.startswith(COUNTY), b.mother_local) for b in births}
    nothing = Known(None, born_here=False, mother_local=False)
    found = list(across(said, births, until))
    for entity, records in said.items():
        found.extend(of_person(records, known.get(entity, nothing), until))
    assert all(d.kind in CATALOGUE for d in found), "only kinds of the catalogue are true discrepancies"
    _table(folder / "records.csv", RECORDS, sorted((r.name, r.entity) for r in ledger.records.values()))
    come = (p for p in people if p.here_from is None or p.here_from <= until)
    _table(folder / "people.csv", PEOPLE, (person_row(p, until) for p in come))
    _table(folder / "births.csv", BIRTHS,
           (birth_row(b, at_end(said.get(b.child.entity, {})), until) for b in births if b.day <= until))
    _table(folder / "residence.csv", SPELLS,
           (row for p in people for row in spell_rows(p, said.get(p.entity, {}), until)))
    _table(folder / "residence_months.csv", MONTHS,
           (row for p in people for row in month_rows(p, said.get(p.entity, {}), ledger.start, until)))
    _table(folder / "discrepancies.csv", DISCREPANCIES, map(_row, sorted(found)))
    _table(folder / "errors.csv", ERRORS, (
        (e.kind, e.record, e.entity, iso(e.day), _corrected(e, ledger.records[e.record])) for e in ledger.errors))


def _corrected(error: Mistake, record: Record) -> str:
    """The day an error was put right; what was taken back before is not corrected any more."""
    on, gone = error.corrected_on, record.taken_back
    return "" if on is None or (gone is not None and gone < on) else iso(on)


def _row(found: Discrepancy) -> Sequence[str]:
    return (
        found.kind, " ".join(found.records), iso(found.first), iso(found.last) if found.last is not None else "",
        "no" if found.why_not else "yes", found.why_not,
    )  # fmt: skip


def _table(path: Path, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(headings)
        writer.writerows(rows)

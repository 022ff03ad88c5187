"""Scores against labelled truth: identity by pairs and B-cubed, discrepancies by kind.

A discrepancy counts as found if one of the same kind was ever detected on any
of the true one's records, or on another record of the same person.
"""

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from hub.errors import SettingsError
from hub.matching.quality import bcubed, pairwise
from hub.projections import discrepancies, records


def read_table(path: Path) -> list[dict[str, str]]:
    """A truth file's rows."""
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))
    except OSError as error:
        raise SettingsError(f"truth file {path.name} cannot be read") from error


def score(db: Connection, links: Iterable[tuple[str, str]], truth: Path) -> dict[str, Any]:
    """Quality of identity and of each kind of discrepancy."""
    entities = {row["record_id"]: row["entity_id"] for row in read_table(truth / "records.csv")}
    predicted = {record: person for record, person in links if record in entities}
    # A withdrawn record is in nobody's cluster; one that was refused stands alone and costs recall.
    rows = db.execute(select(records.c.feed, records.c.source_key).where(~records.c.live))
    withdrawn = {f"{feed}/{key}" for feed, key in rows}
    asked = {record: entity for record, entity in entities.items() if record not in withdrawn}
    return {
        "records": len(asked),
        "pairwise": pairwise(asked, predicted)._asdict(),
        "bcubed": bcubed(asked, predicted)._asdict(),
        "discrepancies": _by_kind(db, truth, entities),
    }


def _by_kind(db: Connection, truth: Path, entities: dict[str, str]) -> dict[str, dict[str, Any]]:
    names = {
        row.record_id: f"{row.feed}/{row.source_key}"
        for row in db.execute(select(records.c.record_id, records.c.feed, records.c.source_key))
    }
    found = [
        (row.kind, {entities.get(names.get(record, ""), record) for record in row.records})
        for row in db.execute(select(discrepancies.c.kind, discrepancies.c.records))
    ]
    expected: list[tuple[str, set[str], bool]] = [
        (row["kind"], {entities.get(r, r) for r in row["record_ids"].split()}, row["detectable"] == "yes")
        for row in read_table(truth / "discrepancies.csv")
    ]
    result: dict[str, dict[str, Any]] = {}
    for kind in sorted({k for k, _ in found} | {k for k, _, _ in expected}):
        mine = [people for k, people in found if k == kind]
        true = [people for k, people, _ in expected if k == kind]
        wanted = [people for k, people, seen in expected if k == kind and seen]
        right = sum(any(people & other for other in true) for people in mine)
        hit = sum(any(people & other for other in mine) for people in wanted)
        result[kind] = {
            "detected": len(mine), "true": len(wanted),
            "precision": right / len(mine) if mine else 1.0,
            "recall": hit / len(wanted) if wanted else 1.0,
        }  # fmt: skip
    return result

"""What a department owns of views that it may not read whole: its discrepancies, cases and records, and births it enters."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, false, or_, select

from hub.projections import births, cases, discrepancies, profiles, records


def rows(view: str, department: str) -> ColumnElement[bool]:
    """Those rows of a view that a department owns, or registers; none of a view that nobody owns rows of."""
    match view:
        case "births":
            # It entered them, or offers to: the mother is entered here.
            return births.c.entry_record.is_not(None) | births.c.mother_local
        case "discrepancies":
            return discrepancies.c.owner == department
        case "cases":
            return (cases.c.department == department) | (cases.c.owner == department)
    return false()


def has_part(department: str, row: RowMapping | Mapping[str, Any]) -> bool:
    """Whether a department owns or holds a discrepancy or case, was offered it, or was asked about a record of it."""
    asked = {said[2] for said in row.get("asking", {}).values()}
    offered = row.get("offered", "").partition("/")[0]
    return department in (row["owner"], row.get("department"), offered, *asked)


def record(db: Connection, wanted: str, feeds: Sequence[str], department: str) -> dict[str, Any] | None:
    """A record of these feeds by its id or feed/key, its person, and what the department owns of what is found of it."""
    feed, _, key = wanted.partition("/")
    named = (records.c.feed == feed) & (records.c.source_key == key)
    query = (
        select(records, profiles.c.person).join(profiles, profiles.c.profile == records.c.profile)
        .where(records.c.feed.in_(feeds), or_(records.c.record_id == wanted, named))
    )  # fmt: skip
    row = db.execute(query).first()
    if row is None or row.person is None:
        return None
    owned = select(discrepancies).where(
        discrepancies.c.person == row.person, discrepancies.c.owner == department
    )
    about = [one["discrepancy_id"] for one in db.execute(owned).mappings() if row.record_id in one["records"]]
    return {
        "record": row.record_id, "feed": row.feed, "key": row.source_key, "version": row.version, "live": row.live,
        "discrepancies": sorted(about), "person": row.person,
    }  # fmt: skip

"""Who may see what, for which purpose; deny by default.

`GRANTS` says which department may read which view under which purpose, and
whether all rows of it or its own only; what is not written there is refused.
A purpose is a code that was granted to departments, never free text, since
nobody could hold a reader to that. That somebody looked is an event
(`DisclosureMade`), whatever they found.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

AUDIT = "audit"
COUNTY_TRANSFER = "county-transfer"
"""What a neighbouring county's hub is told of records that concern it too."""
ANOTHER_COUNTY = re.compile(r"county-[0-9]{6}")


class Reader(NamedTuple):
    """Someone who asks: a department's role, the area it is responsible for, and the purpose."""

    department: str
    role: str
    jurisdiction: str
    purpose: str


PURPOSES: Mapping[str, frozenset[str]] = {
    "record-reconciliation": frozenset(("health", "public_security", "commerce", "human_resources")),
    "vital-statistics": frozenset(("health",)),
    AUDIT: frozenset((AUDIT,)),
}
"""Purpose to the departments it was granted to."""
FOLLOWING_UP = PURPOSES["record-reconciliation"]
"""The departments that may see cases, and so may be given one or asked about a record."""


ALL, OWN = "all", "own"
"""Which rows of a view: all of the reader's area, or of these what the department owns, registers or published."""
VIEWS: Mapping[str, str] = {
    "births": "出生", "residents": "居住", "households": "户", "residence": "一人的居住情况", "people": "人员",
    "person": "一人的采用值", "explain": "说明", "review": "人工核对", "discrepancies": "不一致", "cases": "案件",
    "quarantine": "隔离区", "statistics": "统计", "links": "关联导出", "what-if": "模型比较", "delivery": "交付",
}  # fmt: skip
"""Everything that may be read, and what it is called."""
_OWN_WORK = {"discrepancies": OWN, "cases": OWN, "explain": OWN, "quarantine": OWN, "delivery": ALL}
_RECONCILIATION = "record-reconciliation"
GRANTS: Mapping[tuple[str, str], Mapping[str, str]] = {
    (_RECONCILIATION, "health"): dict.fromkeys(VIEWS, ALL),
    (_RECONCILIATION, "public_security"): _OWN_WORK | {
        # Births it entered or offers to enter, and its own two registers side by side.
        "births": OWN, "residents": ALL, "households": ALL, "residence": ALL,
        # It is asked who is who, and keeps the register of everybody.
        "people": ALL, "person": ALL, "explain": ALL, "review": ALL,
    },
    (_RECONCILIATION, "commerce"): _OWN_WORK,
    (_RECONCILIATION, "human_resources"): _OWN_WORK,
    ("vital-statistics", "health"): dict.fromkeys(("statistics", "births", "residents", "households", "delivery"), ALL),
    (AUDIT, AUDIT): dict.fromkeys(VIEWS, ALL),
}  # fmt: skip
"""By purpose and department, the views that may be read, and which rows of them."""


def granted(purpose: str, receiver: str) -> bool:
    """Whether records may be given to a receiver for a purpose; the hub of another county has one of its own."""
    if purpose == COUNTY_TRANSFER:
        return ANOTHER_COUNTY.fullmatch(receiver) is not None
    return receiver in PURPOSES.get(purpose, ())


def rows_of(reader: Reader, view: str) -> str | None:
    """ALL or OWN rows of a view; None where the reader may not read it at all."""
    return GRANTS.get((reader.purpose, reader.department), {}).get(view)


def refusal(reader: Reader, county: str, view: str) -> str | None:
    """Why this reader may not read a view, and what to do; None if it may."""
    granted = PURPOSES.get(reader.purpose)
    if granted is None:
        known = ", ".join(sorted(PURPOSES))
        return f"目的未登记：{reader.purpose} · the purpose {reader.purpose} is not registered: choose one of {known}"
    if reader.department not in granted:
        return (
            f"该目的未授予此部门：{reader.purpose} · the purpose {reader.purpose} is not granted to {reader.department}: "
            f"it is to {', '.join(sorted(granted))}"
        )
    if not reader.jurisdiction.startswith(county):
        return f"辖区不在本县 · the reader's jurisdiction lies outside this county: name {county} or a part of it"
    if rows_of(reader, view) is None:
        return _not_granted(reader, view)
    return None


def _not_granted(reader: Reader, view: str) -> str:
    mine = ", ".join(sorted(GRANTS.get((reader.purpose, reader.department), ())))
    holders = ", ".join(
        sorted(
            f"{department} ({purpose})" for (purpose, department), views in GRANTS.items() if view in views
        )
    )
    return (
        f"视图“{VIEWS.get(view, view)}”未授权给{reader.department} · the view {view} is not granted to {reader.department} "
        f"for {reader.purpose}: it may read {mine}; ask {holders or 'nobody, since nobody may read it'}"
    )


def may_see(reader: Reader, department: str | None, jurisdiction: str) -> bool:
    """Whether a reader may see what one department (None: all together) keeps of an area."""
    return (
        reader.department in PURPOSES.get(reader.purpose, ())
        and bool(reader.jurisdiction)
        and jurisdiction.startswith(reader.jurisdiction)
        and (department in (None, reader.department) or reader.department == AUDIT)
    )

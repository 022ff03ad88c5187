"""Records as the departments of a made-up county would publish them."""

from typing import Any

from hub.domain.days import Day, day_of
from hub.domain.divisions import ALWAYS, STATISTICAL, STILL, Division, Divisions
from hub.domain.evaluation import Evaluation, evaluate
from hub.domain.facts import Fact
from hub.domain.findings import Sharing
from hub.matching.numbers import check_digit
from hub.reference import load_limits
from tests.test_repository import ROOT

COUNTY = "990101"
VILLAGE = "990101101201"
OTHER_TOWN = "990101102201"
ELSEWHERE = "990202101201"
BORN = day_of("2024-03-01")
LIMITS = load_limits(ROOT / "schemas/limits/china.toml")
BORNE = {
    "merged": "990101101208", "into": "990101101207", "renamed": "990101101206", "renamed_to": "990101101001",
    "split": "990101101205", "part": "990101101209", "other_part": "990101101210",
}  # fmt: skip
"""Codes of villages that change sixty days after the birth."""


def _division(
    code: str, since: Day = ALWAYS, until: Day = STILL, change: str = "", *successors: str
) -> Division:
    return Division(STATISTICAL, code, "", since, until, change, successors)


DIVISIONS = Divisions.of([
    *(_division(code) for code in (COUNTY, "990101101", "990101102", VILLAGE, OTHER_TOWN, BORNE["into"])),
    _division(BORNE["merged"], ALWAYS, BORN + 59, "merged", BORNE["into"]),
    _division(BORNE["renamed"], ALWAYS, BORN + 59, "renamed", BORNE["renamed_to"]),
    _division(BORNE["split"], ALWAYS, BORN + 59, "split", BORNE["part"], BORNE["other_part"]),
    *(_division(BORNE[name], BORN + 60) for name in ("renamed_to", "part", "other_part")),
])  # fmt: skip
"""A table of the county in which villages merge, split and are renamed."""

DEPARTMENTS = {
    "household_entry": "public_security",
    "residence": "public_security",
    "employment": "human_resources",
    "business": "commerce",
    "birth_certificate": "health",
    "child_record": "health",
    "departure": "neighbour",
    "arrival": "neighbour",
}


def number(sequence: int = 1) -> str:
    """A valid identity number of a division that was never assigned."""
    body = f"990101{19900101}{sequence:03d}"
    return body + check_digit(body)


def fact(kind: str, key: str, **fields: Any) -> Fact:
    """A live record; a field that is None is absent."""
    department = DEPARTMENTS[kind]
    stated = {name: value for name, value in fields.items() if value is not None}
    return Fact(f"{kind}/{key}", f"{department}.{kind}", department, kind, BORN, stated)


def certificate(key: str = "A000000001", **fields: Any) -> Fact:
    """A birth certificate of a local mother."""
    said = {
        "certificate_no": key, "birth_date": BORN, "sex": "female", "status": "issued",
        "place": OTHER_TOWN, "mother_hukou_place": VILLAGE, "issued_on": BORN + 2, "facility": "县人民医院",
        "plurality": 1,
    }  # fmt: skip
    return fact("birth_certificate", key, **(said | fields))


def entry(key: str = "1", **fields: Any) -> Fact:
    """A household entry of a birth in the county."""
    said = {
        "entry_kind": "birth", "birth_date": BORN, "sex": "female", "place": VILLAGE,
        "entry_date": BORN + 10, "mother_number": number(8),
    }  # fmt: skip
    return fact("household_entry", key, **(said | fields))


def registration(key: str = "1", **fields: Any) -> Fact:
    """A residence registration of half a year."""
    said = {
        "place": VILLAGE, "arrival_date": BORN, "registered_on": BORN + 2,
        "expires_on": BORN + 182,
    }  # fmt: skip
    return fact("residence", key, **(said | fields))


def employment(key: str = "1", **fields: Any) -> Fact:
    """Work for a unit in the county."""
    return fact("employment", key, **({"work_place": VILLAGE, "started_on": BORN} | fields))


def departure(key: str = f"{ELSEWHERE[:6]}/1", **fields: Any) -> Fact:
    """A neighbour's entry that ended by moving here."""
    return fact("departure", key, **({"moved_to": OTHER_TOWN, "cancel_date": BORN} | fields))


def arrival(key: str = f"{ELSEWHERE[:6]}/2", **fields: Any) -> Fact:
    """A neighbour's entry of somebody who moved there from here."""
    return fact(
        "arrival", key, **({"came_from": VILLAGE, "place": ELSEWHERE, "entry_date": BORN + 50} | fields)
    )


def on(
    today: Day, *facts: Fact, person: str = "p1", sharing: Sharing | None = None,
    siblings: tuple[str, ...] = (),
) -> Evaluation:  # fmt: skip
    """What these records mean together on a day."""
    return evaluate(person, facts, today, COUNTY, LIMITS, sharing or {}, siblings=siblings)


def kinds(evaluation: Evaluation) -> list[str]:
    """The kinds of what was found."""
    return [finding.kind for finding in evaluation.findings]

"""Relations between fields of one row: what a contract's quality rules say beyond single cells.

A rule is silent where one of its fields is empty: that a field is required is said elsewhere.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from hub.domain.days import iso
from hub.domain.divisions import NOT_LISTED, NOWHERE, VALID, Divisions
from hub.matching.numbers import number_birth_date, number_sex, number_valid

ENGINE = "hub"


class Relation(NamedTuple):
    """One rule of a contract, the fields it is about, and what becomes of a row that breaks it."""

    rule: str
    fields: tuple[str, ...]
    severity: str


def in_order(fields: Mapping[str, Any], names: Sequence[str], divisions: Divisions) -> str:
    """Days that follow each other, as first day and last day."""
    days = [fields[name] for name in names if name in fields]
    return "dates-out-of-order" if any(later < earlier for earlier, later in pairwise(days)) else ""


def number_agrees(fields: Mapping[str, Any], names: Sequence[str], divisions: Divisions) -> str:
    """An identity number says the birth date, and the sex, that stand beside it."""
    number, born, sex = (fields.get(name) for name in (*names, "")[:3])
    if not number or not number_valid(number):
        return ""
    wrong = (born is not None and number_birth_date(number) != iso(born)) or (
        sex and number_sex(number) != sex
    )
    return "number-disagrees" if wrong else ""


def place_at_date(fields: Mapping[str, Any], names: Sequence[str], divisions: Divisions) -> str:
    """A division code is one that was valid on the day beside it; places that no table lists are not judged."""
    place, day = (fields.get(name) for name in names)
    if not place or day is None:
        return ""
    return "" if divisions.status(place, day) in (VALID, NOT_LISTED) else "place-not-valid"


class Rule(NamedTuple):
    """How a rule is checked, and the kinds of the fields it takes, one each; the last may repeat or be left out."""

    check: Callable[[Mapping[str, Any], Sequence[str], Divisions], str]
    kinds: tuple[str, ...]
    least: int
    most: int
    severity: str = "quarantine"
    """What becomes of a row that breaks it, where the contract does not say."""


RULES: Mapping[str, Rule] = {
    "in-order": Rule(in_order, ("date",), 2, 8),
    "number-agrees": Rule(number_agrees, ("identity_number", "date", "code"), 2, 3),
    # The department cannot mend what a table says that is not its own: it is told.
    "place-at-date": Rule(place_at_date, ("place_code", "date"), 2, 2, "warn"),
}


def relations_of(table: Mapping[str, Any]) -> tuple[Relation, ...]:
    """The relations that the quality rules of a contract's table say; those for other engines are not ours."""
    found = []
    for node in table.get("quality", ()):
        if node.get("engine") == ENGINE:
            said = node.get("implementation", {})
            rule, fields = str(said.get("rule", "")), tuple(map(str, said.get("fields", ())))
            usual = RULES[rule].severity if rule in RULES else "quarantine"
            found.append(Relation(rule, fields, str(node.get("severity", usual))))
    return tuple(found)


def wrong(relation: Relation, kinds: Mapping[str, str], severities: Sequence[str]) -> Iterator[str]:
    """What a relation says that the hub cannot follow."""
    rule = RULES.get(relation.rule)
    if rule is None:
        yield f"the unknown rule {relation.rule or '(none)'}; known: {', '.join(RULES)}"
        return
    if relation.severity not in severities:
        yield f"the unknown severity {relation.severity}; known: {', '.join(severities)}"
    if not rule.least <= len(relation.fields) <= rule.most:
        yield f"{len(relation.fields)} fields, where {relation.rule} takes {rule.least} to {rule.most}"
        return
    for index, name in enumerate(relation.fields):
        kind = rule.kinds[min(index, len(rule.kinds) - 1)]
        if kinds.get(name) != kind:
            yield f"{name}, which is no field of kind {kind}"


def broken(
    relations: Sequence[Relation], fields: Mapping[str, Any], divisions: Divisions = NOWHERE
) -> Iterator[tuple[str, str, str]]:
    """Field, code and severity of each rule that a row breaks; the field is the last the rule names."""
    for relation in relations:
        code = RULES[relation.rule].check(fields, relation.fields, divisions)
        if code:
            yield (
                relation.fields[-1] if relation.rule == "in-order" else relation.fields[0],
                code,
                relation.severity,
            )

"""What records state differently of one person: birth dates, sex, parents and names."""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from hub.domain.days import iso
from hub.domain.discrepancies import PUBLIC_SECURITY
from hub.domain.facts import Fact
from hub.domain.findings import Finding, Scene
from hub.matching.numbers import canonical_number, number_valid

Statements = Sequence[tuple[Any, Fact]]
"""What each record states of one thing."""


def birth_dates(scene: Scene) -> Iterator[Finding]:
    """Different birth dates."""
    stated = [(fact.fields["birth_date"], fact) for fact in scene.stating if "birth_date" in fact.fields]
    if len({day for day, _ in stated}) < 2:
        return
    said = sorted({(day, fact.department) for day, fact in stated})
    yield Finding(
        "birth-date-differs", scene.person, tuple(fact.record_id for _, fact in stated),
        "birth dates differ: " + ", ".join(f"{iso(day)} ({where})" for day, where in said),
        _dissenter(stated),
    )  # fmt: skip


def sexes(scene: Scene) -> Iterator[Finding]:
    """Male by one record, female by another."""
    stated = [(fact.fields["sex"], fact) for fact in scene.stating if fact.fields.get("sex")]
    if len({sex for sex, _ in stated}) < 2:
        return
    where = ", ".join(sorted({f"{sex} ({fact.department})" for sex, fact in stated}))
    yield Finding(
        "sex-differs", scene.person, tuple(fact.record_id for _, fact in stated),
        f"sex differs: {where}", _dissenter(stated),
    )  # fmt: skip


def parents(scene: Scene) -> Iterator[Finding]:
    """Different valid numbers of one parent in the records of a child."""
    for parent, name in (("mother", "mother_number"), ("father", "father_number")):
        stated = [
            (number, fact)
            for fact in scene.stating
            if number_valid(number := canonical_number(fact.fields.get(name, "")))
        ]
        if len({number for number, _ in stated}) > 1:
            where = ", ".join(sorted({fact.department for _, fact in stated}))
            yield Finding(
                "parent-number-differs", parent, tuple(fact.record_id for _, fact in stated),
                f"valid numbers of the {parent} differ, in records of {where}", _dissenter(stated),
            )  # fmt: skip


ORDER: Mapping[str, Sequence[str]] = {
    "household_entry": ("birth_date", "entry_date", "cancel_date"),
    "birth_certificate": ("birth_date", "issued_on"),
    "child_record": ("birth_date", "established_on"),
    "residence": ("birth_date", "arrival_date", "registered_on", "left_on"),
    "employment": ("birth_date", "started_on", "ended_on"),
    "business": ("birth_date", "started_on", "ended_on"),
}
"""Days of one record that follow each other."""


def orders(scene: Scene) -> Iterator[Finding]:
    """Days of one record that cannot follow each other."""
    for fact in scene.stating:
        if (two := out_of_order(fact)) is not None:
            first, second = two
            yield Finding(
                "dates-out-of-order", fact.record_id, (fact.record_id,),
                f"{second} {iso(fact.fields[second])} lies before {first} {iso(fact.fields[first])} in {fact.feed}",
                fact.department,
            )  # fmt: skip


def out_of_order(fact: Fact) -> tuple[str, str] | None:
    """The first two days of a record that cannot follow each other."""
    said = [name for name in ORDER.get(fact.kind, ()) if name in fact.fields]
    return next((two for two in pairwise(said) if fact.fields[two[1]] < fact.fields[two[0]]), None)


def names(scene: Scene) -> Iterator[Finding]:
    """Different names under one identity or certificate number."""
    named = [fact for fact in scene.stating if fact.fields.get("name")]
    if len({fact.fields["name"] for fact in named}) < 2:
        return
    former = {_plain(fact.fields.get("former_name", "")) for fact in named}
    groups: dict[str, list[tuple[str, Fact]]] = {}
    for fact in named:
        name = _plain(fact.fields["name"])
        for key in _strong_keys(fact) if name not in former else ():
            groups.setdefault(key, []).append((name, fact))
    apart: dict[str, tuple[str, Fact]] = {}
    for group in groups.values():
        if len({name for name, _ in group}) > 1:
            apart.update((fact.record_id, (name, fact)) for name, fact in group)
    if apart:
        stated = [apart[record_id] for record_id in sorted(apart)]
        where = ", ".join(sorted({fact.department for _, fact in stated}))
        yield Finding(
            "name-differs", scene.person, tuple(fact.record_id for _, fact in stated),
            f"names differ under one identity or certificate number, in records of {where}",
            _dissenter(stated),
        )  # fmt: skip


def _dissenter(stated: Statements) -> str:
    """The department whose record stands against most; public security wins a tie."""
    counts = Counter(value for value, _ in stated)
    police = {value for value, fact in stated if fact.department == PUBLIC_SECURITY}
    kept = max(counts, key=lambda value: (counts[value], value in police))
    against = [
        (counts[value], fact.department == PUBLIC_SECURITY, fact.record_id, fact.department)
        for value, fact in stated
        if value != kept
    ]
    return min(against)[-1]


def _strong_keys(fact: Fact) -> Iterator[str]:
    """What makes two records be about one person beyond doubt."""
    number = canonical_number(fact.fields.get("number", ""))
    if number_valid(number):
        yield number
    if certificate := fact.fields.get("certificate_no"):
        yield certificate


def _plain(name: str) -> str:
    """A name without what typing alone makes different."""
    return "".join(unicodedata.normalize("NFKC", name).replace("·", "").split()).casefold()

"""Identity numbers that cannot be, contradict their record, or are one person's beside another or several people's."""

from collections.abc import Iterator
from itertools import chain

from hub.domain.days import iso
from hub.domain.findings import Finding, Scene, all_sides, digest
from hub.matching.numbers import canonical_number, number_birth_date, number_sex, number_valid

NUMBERS = ("number", "mother_number", "father_number")


def numbers(scene: Scene) -> Iterator[Finding]:
    """Numbers that are malformed, in conflict or shared."""
    valid: dict[str, list[str]] = {}
    for fact in scene.facts:
        wrong = [name for name in NUMBERS if name in fact.fields and not _is_valid(fact.fields[name])]
        if wrong:
            yield Finding(
                "number-invalid", fact.record_id, (fact.record_id,),
                f"malformed or failing its check digit in {fact.feed}: {', '.join(wrong)}",
                fact.department,
            )  # fmt: skip
        if "number" in fact.fields and "number" not in wrong:
            valid.setdefault(canonical_number(fact.fields["number"]), []).append(fact.record_id)
    if len(valid) > 1:
        yield Finding(
            "number-conflict", scene.person, tuple(sorted(chain.from_iterable(valid.values()))),
            f"{len(valid)} different valid identity numbers are stated for one person",
        )  # fmt: skip
    for number in sorted(scene.sharing.keys() & valid.keys()):
        others = scene.sharing[number]
        # One discrepancy for all who share a number: it is kept with the first of them.
        if others and scene.person < min(others):
            yield Finding(
                "number-shared", digest(number), all_sides(valid[number], others),
                f"records of {len(others) + 1} people state one identity number",
            )  # fmt: skip


def _is_valid(stated: str) -> bool:
    return number_valid(canonical_number(stated))


def contradictions(scene: Scene) -> Iterator[Finding]:
    """A valid number that says another birth date or sex than stands beside it."""
    for fact in scene.facts:
        fields = fact.fields
        number = canonical_number(fields.get("number", ""))
        if not number_valid(number):
            continue
        born, sex = fields.get("birth_date"), fields.get("sex")
        if born is not None and number_birth_date(number) != iso(born):
            yield Finding(
                "number-contradicts-birth-date", fact.record_id, (fact.record_id,),
                f"the birth date within the number is not that beside it in {fact.feed}",
                fact.department,
            )  # fmt: skip
        if sex in ("male", "female") and number_sex(number) != sex:
            yield Finding(
                "number-contradicts-sex", fact.record_id, (fact.record_id,),
                f"the sex within the number is not that beside it in {fact.feed}",
                fact.department,
            )  # fmt: skip

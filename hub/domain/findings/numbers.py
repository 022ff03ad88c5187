"""Identity numbers that cannot be, are one person's beside another, or are several people's."""

from collections.abc import Iterator
from hashlib import blake2b
from itertools import chain

from hub.domain.findings import Finding, Scene
from hub.matching.numbers import canonical_number, number_valid

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
                "number-shared", _digest(number), tuple(valid[number]),
                f"records of {len(set(others)) + 1} people state one identity number",
            )  # fmt: skip


def _is_valid(stated: str) -> bool:
    return number_valid(canonical_number(stated))


def _digest(number: str) -> str:
    """Tells shared numbers apart in a subject, which is shown where the number may not be."""
    return blake2b(number.encode(), digest_size=8, person=b"number-shared").hexdigest()

"""What ties two records of one person together, for a careful clerk who does not know the truth.

Decided by principle, from what the contracts let records state, before any
score was looked at. Two records of one person are tied where one of these holds:

1. both state the same valid identity number, or the same certificate number,
   or one certificate names the other as the one it replaces;
2. they state the same name, and two of birth date, telephone and village;
3. both are about a child: they state the same valid number of one parent, or the same
   mother's name and telephone or child's name, and the same birth date and sex;
   of twins also the same name, as nothing else tells them apart.

Ties pass on: what is tied to one is tied to all that one is tied to. A number
that fails its check ties nothing, since its digits may be anybody's.
"""

from collections.abc import Mapping, Sequence

from hub.matching.numbers import number_valid
from hub.simulate.ledger import CERTIFICATE, CHILD
from hub.simulate.truth.statements import Statement

TIED = "the records state nothing that ties them to one person"
"""Why a discrepancy between records of one person cannot be detected."""


def tied(a: Statement, b: Statement) -> bool:
    """Whether two records of one person can be known to be about one person."""
    return _same_number(a, b) or _same_name(a, b) or _same_child(a, b)


def _same_number(a: Statement, b: Statement) -> bool:
    if a.number and a.number == b.number and number_valid(a.number):
        return True
    if a.certificate and a.certificate == b.certificate:
        return True
    return bool(a.certificate and b.certificate) and (a.replaces == b.certificate or b.replaces == a.certificate)


def _same_name(a: Statement, b: Statement) -> bool:
    if not a.name or a.name != b.name:
        return False
    same = (a.born is not None and a.born == b.born, a.phone and a.phone == b.phone, a.place and a.place == b.place)
    return sum(map(bool, same)) >= 2


def _same_child(a: Statement, b: Statement) -> bool:
    if not (_about_child(a) and _about_child(b)) or a.born != b.born or a.sex != b.sex:
        return False
    named = bool(a.name) and a.name == b.name
    if (a.several or b.several) and not named:
        return False
    if any(number_valid(number) for number in set(a.parents) & set(b.parents)):
        return True
    mother = bool(a.mother_name) and a.mother_name == b.mother_name
    return mother and (named or (bool(a.phone) and a.phone == b.phone))


def _about_child(statement: Statement) -> bool:
    return statement.feed in (CERTIFICATE, CHILD) or statement.of_birth


def groups(live: Mapping[str, Statement]) -> Sequence[Mapping[str, Statement]]:
    """The records of one person, those in one group that are tied together."""
    found: list[dict[str, Statement]] = []
    for record, statement in live.items():
        near = [g for g in found if any(tied(statement, other) for other in g.values())]
        joined = {record: statement}
        for group in near:
            joined.update(group)
            found.remove(group)
        found.append(joined)
    return found

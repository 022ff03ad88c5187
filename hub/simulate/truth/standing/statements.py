"""What the records of one person state differently: birth dates and names."""

from collections.abc import Iterator

from hub.domain.days import Day
from hub.matching.numbers import number_valid
from hub.simulate.truth.standing import Known, Live, Stands, stating


def birth_dates(live: Live, known: Known, first: Day, last: Day) -> Iterator[Stands]:
    """Two birth dates of one person."""
    stated = [(record, said.born) for record, said in stating(live).items() if said.born is not None]
    if len({born for _, born in stated}) > 1:
        yield Stands("birth-date-differs", "", tuple(record for record, _ in stated), first, last)


def names(live: Live, known: Known, first: Day, last: Day) -> Iterator[Stands]:
    """Two names under one valid identity number or one certificate number; a former name is none."""
    said = {record: one for record, one in stating(live).items() if one.name}
    former = {one.former_name for one in said.values() if one.former_name}
    under: dict[str, list[tuple[str, str]]] = {}
    for record, one in said.items():
        for key in (one.number if number_valid(one.number) else "", one.certificate):
            if key and one.name not in former:
                under.setdefault(key, []).append((record, one.name))
    apart = {r for group in under.values() if len({name for _, name in group}) > 1 for r, _ in group}
    if apart:
        yield Stands("name-differs", "", tuple(sorted(apart)), first, last)

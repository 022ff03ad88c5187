"""What the records of one person state differently: birth dates, sex, parents, names; and days out of order."""

from collections.abc import Iterator
from itertools import pairwise

from hub.domain.days import Day
from hub.matching.numbers import number_valid
from hub.simulate.places import in_force, valid_on
from hub.simulate.truth.standing import FOR_EVER, Known, Live, Stands, stating
from hub.simulate.truth.statements import Statement


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


def sexes(live: Live, known: Known, first: Day, last: Day) -> Iterator[Stands]:
    """Two sexes of one person."""
    stated = [(record, said.sex) for record, said in stating(live).items() if said.sex]
    if len({sex for _, sex in stated}) > 1:
        yield Stands("sex-differs", "", tuple(record for record, _ in stated), first, last)


def parents(live: Live, known: Known, first: Day, last: Day) -> Iterator[Stands]:
    """Two valid numbers of one mother, or of one father."""
    for parent in ("mother", "father"):
        stated = [(r, getattr(said, parent)) for r, said in stating(live).items() if number_valid(getattr(said, parent))]
        if len({number for _, number in stated}) > 1:
            yield Stands("parent-number-differs", parent, tuple(record for record, _ in stated), first, last)


def places(live: Live, known: Known, first: Day, last: Day) -> Iterator[Stands]:
    """A code that no village bore on the day; one that goes on being stated is right once a village bears it.

    Of days that contradict each other nobody knows which is meant: that is a discrepancy of its own.
    """
    for record, said in stating(live).items():
        until = min(last, FOR_EVER if said.ends is None else said.ends - 1)
        for one in said.placed if not _out_of_order(said) else ():
            if not valid_on(one.code, one.day):
                begins = in_force(one.code) if one.lasts else None
                coming = begins is not None and begins > one.day
                yield Stands("place-not-valid", record, (record,), first,
                             min(until, begins - 1) if coming and begins is not None else until)  # fmt: skip


def orders(live: Live, known: Known, first: Day, last: Day) -> Iterator[Stands]:
    """Days of a record that ought to follow each other and do not."""
    for record, said in stating(live).items():
        if _out_of_order(said):
            yield Stands("dates-out-of-order", record, (record,), first, last)


def _out_of_order(said: Statement) -> bool:
    return any(later < earlier for earlier, later in pairwise(said.days))

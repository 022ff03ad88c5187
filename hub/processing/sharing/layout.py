"""Laying out homes anew, after steps that one worker decided alone without minding them."""

from collections.abc import Iterable

from sqlalchemy import Connection, select, update

from hub.matching import Profile
from hub.projections import CROSSING, ProfileRow, held, judged, people, profiles
from hub.projections.judgements import names_of

ROWS = 5_000
Mark = tuple[str, ...]


def lay_out(db: Connection) -> int:
    """Make every group that reaches into more than one home crossing; how many profiles are. The caller commits.

    Reads every profile once.
    """
    groups = _Groups()
    # What people said of pairs is about all time to come: whoever it names is decided on by one.
    named = set(db.execute(select(judged.c.name)).scalars())
    pairs: dict[int, list[str]] = {}
    for pair, left, right in db.execute(select(held.c.pair, held.c.left, held.c.right)):
        for pid in (left, right):
            pairs.setdefault(pid, []).append(pair)
    chosen = select(profiles).execution_options(yield_per=ROWS)
    for row in db.execute(chosen):
        if row.records:
            home = CROSSING if named and not named.isdisjoint(names_of(ProfileRow._make(row))) else row.home
            marks = _marks(row.values, row.component, row.person)
            held_in = (("held", pair) for pair in pairs.get(row.profile, ()))
            groups.add(row.profile, home, (*marks, *held_in))
    crossing = sorted(groups.crossing())
    for start in range(0, len(crossing), ROWS):
        page = crossing[start : start + ROWS]
        db.execute(update(profiles).where(profiles.c.profile.in_(page)).values(home=CROSSING))
        holders = select(profiles.c.person).where(profiles.c.profile.in_(page))
        db.execute(update(people).where(people.c.person.in_(holders)).values(home=CROSSING))
    return len(crossing)


def _marks(values: Profile, component: int | None, person: str | None) -> Iterable[Mark]:
    """What this profile has in common with all that it is tied to, whether or not there are any."""
    if component is not None:
        yield "component", str(component)
    if person is not None:
        yield "person", person
    if values.number_is in ("sound", "odd"):
        yield "number", values.number
    if values.name and values.birth_date:
        yield "name", values.name, values.birth_date, values.sex


class _Groups:
    """Profiles that have marks in common, and whether their homes are the same."""

    def __init__(self) -> None:
        self._top: dict[int, int] = {}
        self._homes: dict[int, int] = {}
        self._first: dict[Mark, int] = {}

    def _find(self, pid: int) -> int:
        while (top := self._top[pid]) != pid:
            self._top[pid] = pid = self._top[top]
        return pid

    def add(self, pid: int, home: int, marks: Iterable[Mark]) -> None:
        """A profile of this home, with these marks."""
        self._top[pid], self._homes[pid] = pid, home
        for mark in marks:
            one, two = self._find(self._first.setdefault(mark, pid)), self._find(pid)
            if one != two:
                self._top[two] = one
                if self._homes[one] != self._homes[two]:
                    self._homes[one] = CROSSING

    def crossing(self) -> list[int]:
        """Everyone in a group of more than one home."""
        return [pid for pid in self._top if self._homes[self._find(pid)] == CROSSING]

"""Population: where somebody lives on each day, once; the class of each month; what flows in and out.

Registers overlap and outlast people; a stay does not. Stays are cut from spells
by five rules: whoever lives in a neighbouring county, by its own word, does not
live here; whoever registers anew has left the place registered before;
where registers overlap, the place arrived at last counts, and the household
register gives the status; a spell that has gone quiet ends when it was last
heard of; and nobody leaves before arriving. Flows are the boundaries of stays,
so stock at the end = stock at the start + in − out in every cell, by construction.

Counts serve statistics and services: nothing here says anything of a person.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from hub.domain.days import Day, add_month
from hub.domain.divisions import Divisions
from hub.domain.limits import USUAL_RESIDENCE, Limits
from hub.domain.residence import ELSEWHERE, QUIET, RESIDENT, Spell

FOREVER: Day = 10**6
CLASSES = {
    "resident": ("户籍常住", "in the household register, here at both ends of the month"),
    "usual": ("居住满半年", "registered, lives in the county for half a year or longer"),
    "migrant": ("居住未满半年", "registered, lives in the county for less than half a year"),
    "inflow": ("迁入", "came to the county in this month"),
    "outflow": ("迁出", "left the county in this month"),
    "moved": ("县内迁移", "lives in another town of the county than a month before"),
    "born": ("出生", "born in this month"),
    "died": ("死亡", "died in this month"),
    "quiet": ("失去音讯", "registered, and nothing speaks for it any more"),
    "none": ("无登记", "on no register here"),
}
"""Class of a person and month to its meaning in Chinese and English."""

UNKNOWN = "unknown"
Cut = Callable[[str, Day], str]
"""The area in which a place, named as on a day, is counted; towns unless told."""


class Stay(NamedTuple):
    """Living at one place from one day to the day before another, by the registers; stays never overlap.

    Its status is resident or migrant, or gone-quiet, which no stock counts.
    """

    since: Day
    until: Day | None
    place: str
    status: str
    began: str
    """birth, or how the spell began."""
    ended: str | None
    """How it ended: gone-quiet, or how the spell did."""
    origin: str | None


class Month(NamedTuple):
    """The class of one person in one month, and the area at its end, or where it was last."""

    code: str
    area: str | None


class Cell(NamedTuple):
    """What is counted together: one area and one status."""

    area: str
    status: str


class Flow(NamedTuple):
    """One person leaves one cell or enters one, or both: on that day first counted in the new one.

    `kind` is birth, arrival, death, departure, quiet (left the count unsaid), moved (between areas) or
    settled (entered the household register). `origin` is where an arrival came from, if that is stated.
    """

    day: Day
    kind: str
    left: Cell | None
    entered: Cell | None
    origin: str | None


def town(place: str, day: Day) -> str:
    """The 9-digit code of a town, as the place was named."""
    return place[:9]


def cut_by(divisions: Divisions, digits: int, as_on: Day | None = None) -> Cut:
    """Areas of so many digits, cut as on the day of a stay's beginning or as on a later day.

    Figures that are to balance are cut as on one day. After a split nobody can tell which part it
    was, and a place that is gone has none: both are counted under the area's candidates together.
    """
    return lambda place, day: "+".join(divisions.area(place, day, digits, as_on).candidates) or UNKNOWN


# --- stays ----------------------------------------------------------------------------------


class _Piece(NamedTuple):
    """A part of a spell, of one status."""

    since: Day
    until: Day
    status: str
    spell: Spell
    ended: str | None


def stays_of(spells: Sequence[Spell], today: Day) -> tuple[Stay, ...]:
    """Where somebody lives, in order of days, as far as is known on a day; a pure function of both."""
    away = [(spell.arrived_on, _end(spell)) for spell in spells if spell.status == ELSEWHERE]
    here = [spell for spell in spells if spell.status != ELSEWHERE] if away else spells
    pieces = [piece for spell in here for piece in _pieces(spell, here, today)]
    days = {piece.since for piece in pieces} | {piece.until for piece in pieces}
    stays: list[Stay] = []
    for since, until in pairwise(sorted(days.union(*away))):
        now = [piece for piece in pieces if piece.since <= since and until <= piece.until]
        if now and not any(left <= since and until <= back for left, back in away):
            stay = _stay(since, until, now)
            stays[-1:] = _joined(stays[-1], stay) if stays else [stay]
    return tuple(stay._replace(until=None) if stay.until == FOREVER else stay for stay in stays)


def _pieces(spell: Spell, spells: Sequence[Spell], today: Day) -> Iterator[_Piece]:
    """The spell until a newer one of the same register, which ends it for good; and its quiet part."""
    until, ended = _end(spell), spell.ended
    for other in spells:
        # Of two with one day of arrival the one that lasts longer counts, whatever the records are called.
        if (
            _age(other) > _age(spell)
            and other.status == spell.status
            and other.arrived_on < min(until, _end(other))
        ):
            until, ended = other.arrived_on, "moved"
    since, status = spell.arrived_on, spell.status
    if spell.quiet_from is not None and (spell.basis == "expired" or today >= spell.quiet_from):
        assert spell.heard_on is not None, "what went quiet was heard of"
        heard = max(spell.heard_on + 1, since)
        if since < heard < until:
            yield _Piece(since, heard, status, spell, QUIET)
            since = heard
        if heard < until:
            status = QUIET
    if since < until:
        yield _Piece(since, until, status, spell, ended)


def _age(spell: Spell) -> tuple[Day, Day, str]:
    return spell.arrived_on, _end(spell), spell.record


def _end(spell: Spell) -> Day:
    return FOREVER if spell.left_on is None else spell.left_on


def _stay(since: Day, until: Day, now: Sequence[_Piece]) -> Stay:
    """What counts between two days on which nothing changes."""
    latest = max(now, key=_rank)
    spell = latest.spell
    local = any(piece.status == RESIDENT for piece in now)
    began = spell.began if spell.arrived_on == since else "moved"
    ended = latest.ended if latest.until == until else "moved"
    return Stay(since, until, spell.place, RESIDENT if local else latest.status, began, ended, spell.origin)


def _rank(piece: _Piece) -> tuple[bool, Day, bool, str]:
    """Whatever still speaks counts before what went quiet, and the later arrival before the earlier."""
    return piece.status != QUIET, piece.spell.arrived_on, piece.status == RESIDENT, piece.spell.record


def _joined(before: Stay, stay: Stay) -> list[Stay]:
    same = before.until == stay.since and (before.place, before.status) == (stay.place, stay.status)
    return [before._replace(until=stay.until, ended=stay.ended)] if same else [before, stay]


# --- months ---------------------------------------------------------------------------------


def class_of(stays: Sequence[Stay], first: Day, limits: Limits, cut: Cut = town) -> Month:
    """The class of the month that begins on `first`."""
    last = add_month(first) - 1
    before, after = _counted(stays, first - 1), _on(stays, last)
    if after is None:
        if before is None:
            return Month("none", None)
        return Month("died" if _died(stays, first, last) else "outflow", cut(before.place, before.since))
    area = cut(after.place, after.since)
    if after.status == QUIET:
        return Month("quiet", area)
    if before is None:
        return Month("born" if _born(stays, first, last) else "inflow", area)
    if cut(before.place, before.since) != area:
        return Month("moved", area)
    if after.status == RESIDENT:
        return Month("resident", area)
    usual = limits.deadline(USUAL_RESIDENCE, _here_since(stays, after), after.place) <= last
    return Month("usual" if usual else "migrant", area)


def classes_of(
    spells: Sequence[Spell], months: Iterable[Day], today: Day, limits: Limits, cut: Cut = town
) -> dict[Day, Month]:
    """The classes of months, each named by its first day, as far as is known on `today`."""
    stays = stays_of(spells, today)
    return {first: class_of(stays, first, limits, cut) for first in months}


def _on(stays: Sequence[Stay], day: Day) -> Stay | None:
    return next((s for s in stays if s.since <= day and (s.until is None or day < s.until)), None)


def _counted(stays: Sequence[Stay], day: Day) -> Stay | None:
    stay = _on(stays, day)
    return None if stay is None or stay.status == QUIET else stay


def _born(stays: Sequence[Stay], first: Day, last: Day) -> bool:
    return any(stay.began == "birth" and first <= stay.since <= last for stay in stays)


def _died(stays: Sequence[Stay], first: Day, last: Day) -> bool:
    return any(s.ended == "death" and s.until is not None and first <= s.until <= last for s in stays)


def _here_since(stays: Sequence[Stay], stay: Stay) -> Day:
    """Since when somebody is counted in the county without a day between."""
    since = stay.since
    for other in reversed(stays):
        if other.until == since and other.status != QUIET:
            since = other.since
    return since


# --- stock and flows ------------------------------------------------------------------------


def flows_of(stays: Sequence[Stay], cut: Cut = town) -> Iterator[Flow]:
    """Every change of a cell, in order of days."""
    before: Stay | None = None
    for stay in stays:
        if stay.status == QUIET:
            continue
        if before is not None and before.until != stay.since:
            yield _departure(before, cut)
            before = None
        if before is None:
            kind = "birth" if stay.began == "birth" else "arrival"
            yield Flow(stay.since, kind, None, _cell(stay, cut), stay.origin)
        elif (left := _cell(before, cut)) != (entered := _cell(stay, cut)):
            kind = "moved" if left.area != entered.area else "settled"
            yield Flow(stay.since, kind, left, entered, None)
        before = stay
    if before is not None and before.until is not None:
        yield _departure(before, cut)


def _departure(stay: Stay, cut: Cut) -> Flow:
    assert stay.until is not None, "who left has a day of leaving"
    kind = "quiet" if stay.ended == QUIET else "death" if stay.ended == "death" else "departure"
    return Flow(stay.until, kind, _cell(stay, cut), None, None)


def cell_on(stays: Sequence[Stay], day: Day, cut: Cut = town) -> Cell | None:
    """Where somebody is counted at the end of a day; None where nowhere in the county."""
    stay = _counted(stays, day)
    return None if stay is None else _cell(stay, cut)


def _cell(stay: Stay, cut: Cut) -> Cell:
    return Cell(cut(stay.place, stay.since), stay.status)

"""Pairs of people that only people can tell apart, as findings: each with the person of the smaller name.

A pair is held when two profiles are compared (`hub.processing.identity`). At the
close of a day it is a finding while both are stated, belong to two people and
nobody said whether they are one. So it ends when somebody says, or when
evidence joins them or takes one away.
"""

from collections.abc import Iterable, Iterator

from hub.domain.events import PairJudged
from hub.domain.findings import Finding
from hub.projections import PersonRow, ProfileRow, Shelves
from hub.projections.identity import held_id, record_of
from hub.projections.judgements import of_profile, pair_id, profile_named, said_of

KIND = "identity-unclear"


def unclear(shelves: Shelves, person: PersonRow) -> Iterator[Finding]:
    """With whom a person may be one, by the pair that speaks most for it."""
    strongest: dict[str, tuple[float, ProfileRow, ProfileRow]] = {}
    for pid in person.profiles:
        for other_pid in shelves.held_with.get(pid):
            mine, other = shelves.profiles.get(pid), shelves.profiles.get(other_pid)
            pair = shelves.held.get(held_id(pid, other_pid))
            if not (mine and other and pair and mine.records and other.records and other.person):
                continue
            known = strongest.get(other.person)
            rank = (pair.weight, -min(pid, other_pid), -max(pid, other_pid))
            if person.person < other.person and (known is None or rank > _rank(*known)):
                strongest[other.person] = pair.weight, mine, other
    for name in sorted(strongest):
        _, mine, other = strongest[name]
        if not _is_said(shelves, person, name, mine, other):
            left, right = sorted((mine.profile, other.profile))
            records = sorted(map(record_of, (*mine.records, *other.records)))
            yield Finding(
                KIND, name, tuple(records),
                f"two people too alike to ignore and too different to link: pair {pair_id(left, right)}",
            )  # fmt: skip


def _rank(weight: float, mine: ProfileRow, other: ProfileRow) -> tuple[float, int, int]:
    return weight, -min(mine.profile, other.profile), -max(mine.profile, other.profile)


def _is_said(shelves: Shelves, person: PersonRow, name: str, mine: ProfileRow, other: ProfileRow) -> bool:
    """Whether somebody said of these two whether they are one person."""
    if not shelves.judged:
        return False
    them = shelves.people.get(name)
    pids = (*person.profiles, *(them.profiles if them else ()))
    said = said_of(shelves, (row for pid in pids if (row := shelves.profiles.get(pid))))
    return bool(said.apart) or tuple(sorted((mine.profile, other.profile))) in said.together


def held_beside(shelves: Shelves, pids: Iterable[int]) -> Iterator[str]:
    """The people who may be one with those of these profiles."""
    pids = list(pids)
    shelves.held_with.load(pids)
    for pid in pids:
        for other in shelves.held_with.get(pid):
            row = shelves.profiles.get(other)
            if row is not None and row.person:
                yield row.person


def named_in(shelves: Shelves, event: PairJudged) -> list[int]:
    """The profiles that a judgement is about as they are stated now."""
    names = (of_profile(event.left), of_profile(event.right), *event.left_records, *event.right_records)
    return [pid for name in names if (pid := profile_named(shelves, name)) is not None]

"""What people said of pairs: it outlives rebuilds, other models and new evidence.

A judgement is about the two profiles that were looked at and about the records
that stated them. So it still holds when a record comes to state something
else, and when another record states what was looked at. Where two judgements
meet on one pair, "not the same" wins.
"""

from collections.abc import Iterable, Iterator

from hub.domain.events import PairJudged
from hub.matching.clusters import UNSAID, Said
from hub.projections import JudgedRow, ProfileRow, Shelves
from hub.projections.identity import record_of

SAME, DIFFERENT, WITHDRAWN = "same", "different", "withdrawn"
VERDICTS = (SAME, DIFFERENT, WITHDRAWN)
RECORDS_MAX = 50
"""So many records of a side are named; others are covered by what they state."""
BITS = 64
JUDGED = "pairs"
"""The key of all judgements: one order of them all, since two may be about the same records."""


def pair_id(left: int, right: int) -> str:
    """What people call a pair by."""
    return f"{left % (1 << BITS):016x}-{right % (1 << BITS):016x}"


def of_profile(profile: int) -> str:
    """A profile as a judgement names it; records are named by their ids."""
    return f"profile {profile}"


def names_of(row: ProfileRow) -> list[str]:
    """Everything that a judgement may call this profile by: itself and the records that state it."""
    return [of_profile(row.profile), *map(record_of, row.records)]


def apply_judgement(shelves: Shelves, event: PairJudged) -> None:
    """Remember what was said, both ways; taken back, it is as if it had never been said."""
    left = (of_profile(event.left), *event.left_records)
    right = (of_profile(event.right), *event.right_records)
    for ones, others in ((left, right), (right, left)):
        for one in ones:
            _say(shelves, one, others, event.verdict)


def _say(shelves: Shelves, one: str, others: Iterable[str], verdict: str) -> None:
    row = shelves.judged.get(one)
    said = dict(row.others) if row else {}
    for other in others:
        said.pop(other, None)
        if verdict != WITHDRAWN and other != one:
            said[other] = verdict == SAME
    if said:
        shelves.judged.put(JudgedRow(one, dict(sorted(said.items()))))
    elif row is not None:
        shelves.judged.drop(one)


def said_of(shelves: Shelves, rows: Iterable[ProfileRow]) -> Said:
    """What people said of pairs among these profiles."""
    if not shelves.judged:
        return UNSAID
    at = {name: row.profile for row in rows for name in names_of(row) if shelves.judged.get(name)}
    apart: set[tuple[int, int]] = set()
    together: set[tuple[int, int]] = set()
    for name, profile in at.items():
        row = shelves.judged.get(name)
        for other, same in row.others.items() if row else ():
            if other in at and at[other] != profile:
                pair = min(profile, at[other]), max(profile, at[other])
                (together if same else apart).add(pair)
    return Said(apart, together - apart) if at else UNSAID


def said_to_be(shelves: Shelves, row: ProfileRow) -> Iterator[int]:
    """The profiles that people said are the same person as this one."""
    for name in names_of(row) if shelves.judged else ():
        judged = shelves.judged.get(name)
        for other, same in judged.others.items() if judged else ():
            if same and (profile := profile_named(shelves, other)) is not None:
                yield profile


def profile_named(shelves: Shelves, name: str) -> int | None:
    """The profile that a judgement calls by this name, if anything states it now."""
    if name.startswith("profile "):
        row = shelves.profiles.get(int(name.removeprefix("profile ")))
        return row.profile if row and row.records else None
    record = shelves.records.get(name)
    return record.profile if record and record.live else None


def is_set_apart(shelves: Shelves, record_id: str) -> bool:
    """Whether people said of this record that it is not the same person as another."""
    row = shelves.judged.get(record_id) if shelves.judged else None
    return row is not None and not all(row.others.values())


def judged_names(shelves: Shelves, record_id: str, profiles: Iterable[int]) -> bool:
    """Whether people said anything of this record, or of one of these profiles."""
    if not shelves.judged:
        return False
    return any(shelves.judged.get(name) for name in (record_id, *map(of_profile, profiles)))

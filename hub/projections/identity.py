"""Records, the profiles they state, and the people those profiles belong to."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from hub.domain.events import (
    PairHeld,
    ProfileLinked,
    RecordChange,
    RecordPublished,
    RecordSetAside,
)  # fmt: skip
from hub.domain.facts import READ
from hub.matching import Model, Profile
from hub.matching.blocking import BLOCK_PROFILES_MAX
from hub.projections import (
    CROSSING,
    ComponentRow,
    FatBlockRow,
    HeldRow,
    PersonRow,
    ProfileRow,
    RecordRow,
    Shelves,
)  # fmt: skip

Stated = Mapping[str, Profile | None]
"""Event id to the profile its record states from then on; None: none, or the one it stated before."""


class Change(NamedTuple):
    """What one record's new version means: which profile it left and joined, whether rules care."""

    mark: str
    left: int | None
    joined: int | None
    profile: Profile | None
    told: bool
    """Whether something that rules read is different now."""
    home: int
    """The partition it came through."""


def mark_of(day: int, feed: str, record_id: str) -> str:
    """Sorts by the day a record was first seen; ends in the record's id."""
    return f"{day:08d}|{feed}|{record_id}"


def feed_of(mark: str) -> str:
    """The feed of the record a mark is about."""
    return mark.split("|", 2)[1]


def record_of(mark: str) -> str:
    """The record a mark is about."""
    return mark[mark.rindex("|") + 1 :]


def person_of(mark: str) -> str:
    """The id of the person whose least mark this is.

    Since it comes from a record, an id that was given away by a merge still
    leads to whoever holds that record now: no table of redirects is needed.
    """
    return "p" + record_of(mark)


def preload(shelves: Shelves, records: Iterable[str], stated: Iterable[Profile], model: Model) -> None:
    """Have at hand what a set of record versions will touch, in a handful of queries."""
    records, stated = list(records), list(stated)
    shelves.records.load(records)
    wanted = {row.profile for record in records if (row := shelves.records.get(record))}
    wanted.update(profile.id for profile in stated)
    shelves.profiles.load(wanted)
    known = {profile.id: shelves.profiles.get(profile.id) for profile in stated}
    fresh = [p for p in stated if not ((held := known[p.id]) and held.records)]
    keys = {key for mine in model.block_keys_of(fresh) for key in mine}
    shelves.blocks.load(keys)
    near = {pid for key in keys for pid in shelves.blocks.get(key)}
    load_components(shelves, near | wanted)
    # A new profile starts as a component of its own, so its id is looked up there.
    shelves.components.load(wanted)
    # A person is named by one of its records, so new people can only be these.
    shelves.people.load("p" + record for record in records)


def load_components(shelves: Shelves, pids: Iterable[int]) -> None:
    """Have at hand these profiles, all they are connected with, and their people."""
    pids = set(pids)
    shelves.profiles.load(pids)
    rows = [row for pid in pids if (row := shelves.profiles.get(pid))]
    tops = {row.component for row in rows if row.component is not None}
    shelves.components.load(tops)
    members = {m for top in tops if (whole := shelves.components.get(top)) for m in whole.profiles}
    shelves.profiles.load(members)
    everyone = [row for pid in pids | members if (row := shelves.profiles.get(pid))]
    shelves.people.load({row.person for row in everyone if row.person})


def apply_record(shelves: Shelves, event: RecordChange, profile: Profile | None, home: int) -> Change | None:
    """Fold in one version of a record; None for an old or repeated one, which changes nothing.

    `home` is the partition it came through.
    """
    before = shelves.records.get(event.record_id)
    if isinstance(event, RecordSetAside):
        return _set_aside(shelves, before) if before and before.version == event.version else None
    if before is not None and event.version <= before.version:
        return None
    if isinstance(event, RecordPublished):
        pid = profile.id if profile else before.profile if before else 0
        first = before.first_on if before else event.published_on
        row = RecordRow(event.record_id, event.feed, event.source_key, event.version, first,
                        event.published_on, True, pid, dict(event.fields))  # fmt: skip
        joined: int | None = pid
    elif before is not None:
        # Spelt out, since `_replace` takes ten times as long.
        row = RecordRow(before.record_id, before.feed, before.source_key, event.version, before.first_on,
                        event.published_on, False, before.profile, before.fields)  # fmt: skip
        joined = None
    else:
        return None
    shelves.records.put(row)
    left = before.profile if before and before.live else None
    told = left is None or joined is None or before is None or not same_told(before.fields, row.fields)
    return Change(mark_of(row.first_on, row.feed, row.record_id), left, joined, profile, told, home)


def _set_aside(shelves: Shelves, before: RecordRow) -> Change:
    """As if it were withdrawn, but for its version: the next one is heard again."""
    shelves.records.put(before._replace(live=False))
    left = before.profile if before.live else None
    return Change(mark_of(before.first_on, before.feed, before.record_id), left, None, None, True, CROSSING)


def same_told(before: Mapping[str, object], after: Mapping[str, object]) -> bool:
    """Whether two versions of a record tell the rules the same."""
    return before == after or all(before.get(name) == after.get(name) for name in READ)


def apply_move(shelves: Shelves, change: Change, model: Model) -> ProfileRow | None:
    """Move a record between profiles; the profile that no record states any more, as it was."""
    bereft = None
    if change.left is not None:
        bereft = _leave(shelves, change.left, change.mark)
    if change.joined is not None:
        _join(shelves, change.joined, change, model)
    return bereft


def _join(shelves: Shelves, pid: int, change: Change, model: Model) -> None:
    row = shelves.profiles.get(pid)
    if row is not None:
        marks = sorted([*row.records, change.mark])
        home = row.home if row.home == change.home else CROSSING
        shelves.profiles.put(ProfileRow(pid, row.values, row.component, row.person, marks, home))
    elif change.profile is not None:
        shelves.profiles.put(ProfileRow(pid, change.profile, None, None, [change.mark], change.home))
        put_in_blocks(shelves, change.profile, change.home, model)


def put_in_blocks(shelves: Shelves, profile: Profile, home: int, model: Model) -> None:
    """Put a profile under its keys; a key that becomes too common to compare under is written down.

    Each home writes down its own: workers that wrote one row in one step would wait for each other.
    """
    for key in model.block_keys(profile):
        size = shelves.blocks.add(key, profile.id)
        if size > BLOCK_PROFILES_MAX:
            known = shelves.fat_blocks.get(place := f"{key}/{home}")
            parts = known.parts if known else " + ".join(model.parts_of(profile, key))
            shelves.fat_blocks.put(FatBlockRow(place, key, parts, size))


def _leave(shelves: Shelves, pid: int, mark: str) -> ProfileRow | None:
    row = shelves.profiles.get(pid)
    if row is None:
        return None
    records = [other for other in row.records if other != mark]
    if records:
        shelves.profiles.put(row._replace(records=records))
        return None
    _detach(shelves, row)
    shelves.profiles.put(row._replace(records=[], component=None, person=None))
    return row


def _detach(shelves: Shelves, row: ProfileRow) -> None:
    """Take a profile out of its component and its person."""
    if row.component is not None and (top := shelves.components.get(row.component)):
        rest = [pid for pid in top.profiles if pid != row.profile]
        if rest:
            shelves.components.put(ComponentRow(row.component, rest))
        else:
            shelves.components.drop(row.component)
    if row.person is not None and (person := shelves.people.get(row.person)):
        kept = [pid for pid in person.profiles if pid != row.profile]
        if kept:
            shelves.people.put(PersonRow(row.person, kept, person.home))
        else:
            shelves.people.drop(row.person)


def apply_link(shelves: Shelves, event: ProfileLinked) -> None:
    """A profile belongs to this person and this component from now on."""
    row = shelves.profiles.get(event.profile)
    if row is None or not row.records:
        return
    _detach(shelves, row)
    shelves.profiles.put(ProfileRow(
        row.profile, row.values, event.component, event.person, row.records, row.home,
    ))  # fmt: skip
    person = shelves.people.get(event.person)
    others = person.profiles if person else ()
    shelves.people.put(PersonRow(event.person, sorted([*others, event.profile]), row.home))
    top = shelves.components.get(event.component)
    if top is not None or event.component != event.profile:
        members = {event.component, event.profile, *(top.profiles if top else ())}
        shelves.components.put(ComponentRow(event.component, sorted(members)))


def apply_held(shelves: Shelves, event: PairHeld) -> None:
    """Remember a pair that people must look at."""
    shelves.held.put(HeldRow(held_id(event.left, event.right), event.left, event.right, event.weight))
    for one, other in ((event.left, event.right), (event.right, event.left)):
        if other not in shelves.held_with.get(one):
            shelves.held_with.add(one, other)


def held_id(left: int, right: int) -> str:
    """How a held pair is kept, the smaller profile first."""
    return f"{min(left, right)}:{max(left, right)}"

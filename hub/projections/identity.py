"""Records, the profiles they state, and the people those profiles belong to."""

from collections.abc import Iterable
from typing import NamedTuple

from hub.domain.events import PairHeld, ProfileLinked, RecordPublished, RecordWithdrawn
from hub.matching import Model, Profile
from hub.projections import (
    BlockRow,
    ComponentRow,
    HeldRow,
    PersonRow,
    ProfileRow,
    RecordRow,
    Shelves,
)  # fmt: skip


class Change(NamedTuple):
    """What one record's new version did to the profiles."""

    joined: int | None
    left: int | None
    bereft: ProfileRow | None
    """A profile that no record states any more, as it was."""


NO_CHANGE = Change(None, None, None)


def mark_of(day: int, feed: str, record_id: str) -> str:
    """Sorts by the day a record was first seen; ends in the record's id."""
    return f"{day:08d}|{feed}|{record_id}"


def record_of(mark: str) -> str:
    """The record a mark is about."""
    return mark.rsplit("|", 1)[1]


def person_of(mark: str) -> str:
    """The id of the person whose least mark this is.

    Since it comes from a record, an id that was given away by a merge still
    leads to whoever holds that record now: no table of redirects is needed.
    """
    return "p" + record_of(mark)


def preload(shelves: Shelves, stated: Iterable[tuple[str, Profile | None]], model: Model) -> None:
    """Have at hand what a set of record versions will touch, in a handful of queries."""
    stated = list(stated)
    shelves.records.load((record_id for record_id, _ in stated))
    before = [row for record_id, _ in stated if (row := shelves.records.get(record_id))]
    found = [profile for _, profile in stated if profile is not None]
    wanted = {row.profile for row in before} | {profile.id for profile in found}
    shelves.profiles.load(wanted)
    fresh = [p for p in found if shelves.profiles.get(p.id) is None]
    keys = {key for mine in model.block_keys_of(fresh) for key in mine}
    shelves.blocks.load(keys)
    near = {pid for key in keys if (block := shelves.blocks.get(key)) for pid in block.profiles}
    load_components(shelves, near | wanted)
    # A new profile starts as a component of its own, so its id is looked up there.
    shelves.components.load(wanted)
    # A person is named by one of its records, so new people can only be these.
    shelves.people.load("p" + record_id for record_id, _ in stated)


def load_components(shelves: Shelves, pids: Iterable[int]) -> None:
    """Have at hand these profiles, all they are connected with, their people and records."""
    pids = set(pids)
    shelves.profiles.load(pids)
    rows = [row for pid in pids if (row := shelves.profiles.get(pid))]
    tops = {row.component for row in rows if row.component is not None}
    shelves.components.load(tops)
    members = {m for top in tops if (whole := shelves.components.get(top)) for m in whole.profiles}
    shelves.profiles.load(members)
    everyone = [row for pid in pids | members if (row := shelves.profiles.get(pid))]
    shelves.people.load({row.person for row in everyone if row.person})


def apply_record(
    shelves: Shelves,
    event: RecordPublished | RecordWithdrawn,
    profile: Profile | None,
    model: Model,
) -> Change:
    """Fold in one version of a record; an old or repeated version changes nothing."""
    before = shelves.records.get(event.record_id)
    if before is not None and event.version <= before.version:
        return NO_CHANGE
    if isinstance(event, RecordPublished) and profile is not None:
        mark = before.mark if before else mark_of(event.published_on, event.feed, event.record_id)
        row = RecordRow(event.record_id, event.feed, event.source_key, event.version,
                        event.published_on, True, profile.id, mark, dict(event.fields))  # fmt: skip
    elif before is not None:
        row = before._replace(version=event.version, live=False, published_on=event.published_on)
    else:
        return NO_CHANGE
    shelves.records.put(row)
    left = before.profile if before and before.live else None
    joined = row.profile if row.live else None
    if left == joined:
        return Change(joined, None, None)
    bereft = None
    if left is not None:
        bereft = _leave(shelves, left, row.mark)
    if joined is not None and profile is not None:
        _join(shelves, profile, row.mark, model)
    return Change(joined, left, bereft)


def _join(shelves: Shelves, profile: Profile, mark: str, model: Model) -> None:
    row = shelves.profiles.get(profile.id)
    if row is None:
        row = ProfileRow(profile.id, profile, None, None, [])
        for key in model.block_keys(profile):
            block = shelves.blocks.get(key)
            shelves.blocks.put(BlockRow(key, [*(block.profiles if block else ()), profile.id]))
    shelves.profiles.put(row._replace(records=sorted([*row.records, mark])))


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
        put_person(shelves, person._replace(profiles=kept))


def put_person(shelves: Shelves, row: PersonRow) -> None:
    """Keep a person only while a record or a discrepancy needs it."""
    if row.profiles or row.standing:
        shelves.people.put(row)
    else:
        shelves.people.drop(row.person)


def apply_link(shelves: Shelves, event: ProfileLinked) -> None:
    """A profile belongs to this person and this component from now on."""
    row = shelves.profiles.get(event.profile)
    if row is None or not row.records:
        return
    _detach(shelves, row)
    shelves.profiles.put(row._replace(component=event.component, person=event.person))
    person = shelves.people.get(event.person) or PersonRow(event.person, [], None, False, {})
    shelves.people.put(person._replace(profiles=sorted([*person.profiles, event.profile])))
    top = shelves.components.get(event.component)
    if top is not None or event.component != event.profile:
        members = {event.component, event.profile, *(top.profiles if top else ())}
        shelves.components.put(ComponentRow(event.component, sorted(members)))


def apply_held(shelves: Shelves, event: PairHeld) -> None:
    """Remember a pair that people must look at."""
    shelves.held.put(HeldRow(f"{event.left}:{event.right}", event.left, event.right, event.weight))

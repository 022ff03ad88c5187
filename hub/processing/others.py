"""Who else's records state what a person's do: the number, the certificate, the parents, or name, sex and birth date.

What is concluded of one person may change with them.
"""

from collections.abc import Iterator, Sequence

from hub.matching import Model
from hub.matching.profile import alike, of_a_birth, one_certificate, one_delivery
from hub.projections import ProfileRow, Shelves
from hub.projections.identity import record_of

Shared = dict[str, dict[str, tuple[str, ...]]]
"""By number, the other people who state it, and by which records."""


class Others:
    """Other people under the keys of a model."""

    def __init__(self, shelves: Shelves, model: Model) -> None:
        self._shelves, self.model = shelves, model

    def _stating(self, profile: ProfileRow) -> Iterator[tuple[str, ProfileRow]]:
        """Everyone else whose records state this profile's valid number, with a profile of theirs that does."""
        key = self.model.number_key(profile.values)
        block = self._shelves.blocks.get(key) if key is not None else ()
        if len(block) < 2:
            return
        for row in map(self._shelves.profiles.get, block):
            if row and row.person and row.person != profile.person:
                yield row.person, row

    def _near(self, profile: ProfileRow) -> Iterator[ProfileRow]:
        """Profiles of other people under a key of this one."""
        blocks = map(self._shelves.blocks.get, self.model.block_keys(profile.values))
        near = {pid for block in blocks if len(block) > 1 for pid in block}
        for other in map(self._shelves.profiles.get, near):
            if other is not None and other.person != profile.person:
                yield other

    def namesakes(self, profile: ProfileRow) -> Iterator[ProfileRow]:
        """Profiles of other people with the same name, sex and birth date."""
        mine = profile.values
        if mine.name and mine.birth_date:
            yield from (other for other in self._near(profile) if alike(mine, other.values))

    def concerned(self, profile: ProfileRow) -> Iterator[str]:
        """Other people of whom more or less may be true because of this profile."""
        mine = profile.values
        yield from (person for person, _ in self._stating(profile))
        if (mine.name and mine.birth_date) or of_a_birth(mine):
            for other in self._near(profile):
                theirs = other.values
                if other.person and (
                    alike(mine, theirs) or one_certificate(mine, theirs) or one_delivery(mine, theirs)
                ):
                    yield other.person

    def sharing(self, person: str) -> tuple[Shared, tuple[str, ...]]:
        """This person's valid numbers and certificate numbers that other people's records state too, with
        those people and their records; and who was born of the same delivery."""
        row = self._shelves.people.get(person)
        shared: dict[str, dict[str, set[str]]] = {}
        siblings: set[str] = set()
        for profile in map(self._shelves.profiles.get, row.profiles if row else ()):
            if profile is None:
                continue
            mine = profile.values
            for holder, other in self._stating(profile):
                _add(shared, mine.number, holder, other)
            for other in self._near(profile) if of_a_birth(mine) else ():
                if other.person and one_certificate(mine, other.values):
                    _add(shared, mine.certificate_no, other.person, other)
                if other.person and one_delivery(mine, other.values):
                    siblings.add(other.person)
        found = {
            number: {holder: tuple(sorted(records)) for holder, records in holders.items()}
            for number, holders in shared.items()
        }
        return found, tuple(sorted(siblings))

    def load(self, profiles: Sequence[ProfileRow]) -> None:
        """Have at hand who may state the same certificate or parents as these."""
        mine = self.model.block_keys_of([profile.values for profile in profiles])
        keys = {key for some in mine for key in some}
        self._shelves.blocks.load(keys)
        self._shelves.profiles.load({pid for key in keys for pid in self._shelves.blocks.get(key)})


def _add(shared: dict[str, dict[str, set[str]]], number: str, holder: str, profile: ProfileRow) -> None:
    shared.setdefault(number, {}).setdefault(holder, set()).update(map(record_of, profile.records))

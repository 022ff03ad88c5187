"""A model: what each level of each comparison weighs, in bits, and where the bands lie.

The weight of a pair is the sum over comparisons of log2(m/u): how much more
often people agree like this with themselves than with strangers (Fellegi and
Sunter, 1969). At `link` and above profiles belong together, from `review` on
people must look, and one pair at `veto` or below keeps two clusters apart.
"""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any, NamedTuple

import msgspec

from hub.errors import SettingsError
from hub.matching import blocking
from hub.matching.comparisons import COMPARISONS
from hub.matching.profile import Profile

KEYS_REMEMBERED_MAX = 200_000


class Level(NamedTuple):
    """What one comparison found, and what that weighs."""

    comparison: str
    level: str
    weight: float


class Comparison(NamedTuple):
    """The weight of a pair and where it comes from."""

    weight: float
    levels: tuple[Level, ...]


class Model:
    """A linkage model; it never changes, and only remembers block keys it worked out before."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.version: str = document["version"]
        self.link: float = document["link"]
        self.review: float = document["review"]
        self.veto: float = document["veto"]
        levels: Mapping[str, Mapping[str, float]] = document["levels"]
        if unknown := sorted(levels.keys() - COMPARISONS.keys()):
            raise SettingsError(f"model {self.version}: unknown comparisons {', '.join(unknown)}")
        self._keys: dict[int, tuple[int, ...]] = {}
        self._compared = [(name, COMPARISONS[name], levels[name]) for name in levels]

    def weight(self, a: Profile, b: Profile) -> float:
        """The match weight of two profiles, in bits; the same whichever comes first."""
        total = 0.0
        for _, compare, weights in self._compared:
            level = compare(a, b)
            if level is not None:
                total += weights[level]
        return total

    def compare(self, a: Profile, b: Profile) -> Comparison:
        """The weight with its parts, for explanations."""
        found = [(name, compare(a, b), weights) for name, compare, weights in self._compared]
        levels = [Level(name, level, weights[level]) for name, level, weights in found if level]
        return Comparison(sum(level.weight for level in levels), tuple(levels))

    def block_keys(self, profile: Profile) -> tuple[int, ...]:
        """See `hub.matching.blocking`; remembered, since each profile is asked for again and again."""
        keys = self._keys.get(profile.id)
        if keys is None:
            if len(self._keys) >= KEYS_REMEMBERED_MAX:
                self._keys.clear()
            keys = self._keys[profile.id] = blocking.block_keys(profile)
        return keys

    def number_key(self, profile: Profile) -> int | None:
        """The block of everyone who states this number; None without a valid one."""
        return self.block_keys(profile)[0] if profile.number_is in ("sound", "odd") else None


def default_model() -> Model:
    """The model a new hub starts with: set by hand from how registers err, learnt from no data."""
    text = files("hub.matching").joinpath("default.json").read_bytes()
    return Model(msgspec.json.decode(text))

"""A model: what each level of each comparison weighs, in bits, and where the bands lie.

The weight of a pair is the sum over comparisons of log2(m/u): how much more
often people agree like this with themselves than with strangers (Fellegi and
Sunter, 1969), equality being worth more the rarer the value. Relatives agree
on family name and home as well, so such agreement is discounted by how many
pairs are relatives (a third class of pairs: Winkler, 1993). At `link` and
above profiles belong together, from `review` on people must look, and one pair
at `veto` or below keeps two clusters apart.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from hub.errors import SettingsError
from hub.matching.blocking import Plan, keys_of
from hub.matching.columns import Columns, Pairs, Rows
from hub.matching.comparisons import COMPARISONS
from hub.matching.comparisons import Comparison as Compared
from hub.matching.profile import Profile

Weights = NDArray[np.float64]
PROFILES_REMEMBERED_MAX = 400_000
GRAIN = 1024.0
"""Weights are whole multiples of 1/1024 bit, so that sums of them are exact in any order."""
WEIGHT_MAX, WEIGHT_NEVER = 60.0, -300.0
BITS = math.log(2)


class Level(NamedTuple):
    """What one comparison found, and what that weighs."""

    comparison: str
    level: str
    weight: float


class Comparison(NamedTuple):
    """The weight of a pair and where it comes from."""

    weight: float
    levels: tuple[Level, ...]


class Evidence(NamedTuple):
    """What each comparison (by row) says of each pair (by column), in bits; 0 where it says nothing."""

    weights: Weights
    relatives: Weights
    """How much more often relatives agree so than strangers."""
    twins: Weights
    known: Weights
    """1 where both sides say something, else 0."""


class _Kin(NamedTuple):
    """Relatives: their share of all pairs of strangers, and how they agree where families do."""

    share: float
    twins: float
    relatives: Mapping[str, NDArray[np.float64]]
    """By comparison, log2(h/u) of each level: relatives against strangers."""


class Model:
    """A linkage model; it never changes, and only remembers what it worked out before."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.version: str = document["version"]
        self.link: float = document["link"]
        self.review: float = document["review"]
        self.veto: float = document["veto"]
        levels: Mapping[str, Mapping[str, Any]] = document["levels"]
        if unknown := sorted(levels.keys() - COMPARISONS.keys()):
            raise SettingsError(f"model {self.version}: unknown comparisons {', '.join(unknown)}")
        self._compared = [c for name, c in COMPARISONS.items() if name in levels]
        self._tables = {c.name: _weights_of(c, levels[c.name], self.version) for c in self._compared}
        self._shares = {name: _by_hash(table) for name, table in document.get("shares", {}).items()}
        self._rest: Mapping[str, float] = document.get("rest", {})
        self._kin = _kin_of(document, self._compared)
        blocks = document["blocks"]
        shares = {name: _by_hash(table) for name, table in blocks.get("shares", {}).items()}
        self.plan = Plan(blocks["size"], shares, blocks["rest"], blocks["block_max"])
        self._columns = Columns()
        self._keys: dict[int, tuple[int, ...]] = {}

    def remember(self, profiles: Iterable[Profile]) -> Columns:
        """Have these profiles at hand as columns; many at once is far cheaper than one by one."""
        if len(self._columns) > PROFILES_REMEMBERED_MAX:
            self._columns = Columns()
        self._columns.add(profiles)
        return self._columns

    def weights(self, profiles: Sequence[Profile], left: Rows, right: Rows) -> Weights:
        """The match weights, in bits, of pairs given as two lists of places in `profiles`."""
        columns = self.remember(profiles)
        rows = columns.rows_of(profile[0] for profile in profiles)
        return self.weigh(Pairs(columns, rows[left], rows[right]))

    def weigh(self, pairs: Pairs) -> Weights:
        """The match weights of pairs of remembered rows."""
        total, relatives, twins = (np.zeros(len(pairs)) for _ in range(3))
        for name, (levels, weights) in self._found(pairs).items():
            total += weights
            if (kin := self._kin_bits(pairs, name, levels)) is not None:
                relatives += kin
            if (born := self._twin_bits(name, weights, kin)) is not None:
                twins += born
        return self.total(total, relatives, twins)

    def evidence(self, pairs: Pairs) -> Evidence:
        """What `weigh` adds up, comparison by comparison."""
        found = self._found(pairs)
        layers = np.zeros((4, len(found), len(pairs)))
        for row, (name, (levels, weights)) in enumerate(found.items()):
            layers[0, row], layers[3, row] = weights, levels >= 0
            if (kin := self._kin_bits(pairs, name, levels)) is not None:
                layers[1, row] = kin
            if (born := self._twin_bits(name, weights, kin)) is not None:
                layers[2, row] = born
        return Evidence(*layers)

    def total(self, weights: Weights, relatives: Weights, twins: Weights) -> Weights:
        """Weights less what is as likely among relatives and twins, as multiples of the grain."""
        if self._kin is not None:
            kin, born = self._kin.share, self._kin.twins
            odds = (
                (1 - kin - born)
                + kin * np.exp2(np.minimum(relatives, 300.0))
                + born * np.exp2(np.minimum(twins, 300.0))
            )
            weights = weights - np.log2(odds)
        rounded: Weights = np.rint(weights * GRAIN) / GRAIN
        return rounded

    def level_weights(self, name: str) -> list[float]:
        """By level of a comparison what it weighs; of a counted value, the value of middling rarity."""
        c, levels = COMPARISONS[name], self.document["levels"][name]
        weights = [round(float(weight), 3) for weight in self._tables[name][:-1]]
        for index in range(c.counted_levels if name in self._shares else 0):
            said = levels[c.levels[index]]
            weights[index] = round(math.log2(said["m"] / said["u"]), 3)
        return weights

    def weight(self, a: Profile, b: Profile) -> float:
        """The match weight of two profiles; the same whichever comes first."""
        return float(self.weights((a, b), np.array([0]), np.array([1]))[0])

    def probability(self, weight: float) -> float:
        """How likely a pair of this weight is one person, if the model was learnt; else a guess."""
        prior = self.document.get("prior", -self.link)
        odds: float = 2.0 ** max(-WEIGHT_MAX, min(WEIGHT_MAX, weight + prior))
        return odds / (1.0 + odds)

    def compare(self, a: Profile, b: Profile) -> Comparison:
        """The weight with its parts, for explanations."""
        columns = self.remember((a, b))
        pairs = Pairs(columns, columns.rows_of([a.id]), columns.rows_of([b.id]))
        levels = [
            Level(name, COMPARISONS[name].levels[at[0]], round(float(weights[0]), 3))
            for name, (at, weights) in self._found(pairs).items()
            if at[0] >= 0
        ]
        weight = float(self.weigh(pairs)[0])
        discount = weight - sum(level.weight for level in levels)
        if discount < -0.01:
            levels.append(Level("kin", "relatives agree so too", round(discount, 3)))
        return Comparison(weight, tuple(levels))

    def _found(self, pairs: Pairs) -> dict[str, tuple[NDArray[np.int8], Weights]]:
        """By comparison, each pair's level and its weight; 0 where it cannot be evaluated."""
        found = {}
        for c in self._compared:
            levels = c.levels_of(pairs)
            if levels is None:
                continue
            weights = self._tables[c.name][levels]
            if c.name in self._shares:
                same = np.flatnonzero((levels >= 0) & (levels < c.counted_levels))
                weights[same] += self._rarity(pairs, c)[same]
            found[c.name] = levels, weights
        return found

    def _rarity(self, pairs: Pairs, c: Compared) -> Weights:
        """Of how few strangers have the left side's value, in bits."""
        table, rest = self._shares[c.name], self._rest[c.name]
        bits: Weights = pairs.columns.rarity(c.counted, c.name, c.value, table, rest)[
            pairs.codes(c.counted)[0]
        ]
        return bits

    def _kin_bits(self, pairs: Pairs, name: str, levels: NDArray[np.int8]) -> Weights | None:
        table = self._kin.relatives.get(name) if self._kin else None
        if table is None:
            return None
        c, bits = COMPARISONS[name], table[levels]
        if name in self._shares:
            same = np.flatnonzero((levels >= 0) & (levels < c.counted_levels))
            bits[same] += self._rarity(pairs, c)[same]
        return bits

    def _twin_bits(self, name: str, weights: Weights, kin: Weights | None) -> Weights | None:
        """Twins share what relatives share, but no number, and the day on which they were born."""
        if self._kin is None:
            return None
        return weights if name == "birth_date" else None if name == "number" else kin

    def block_keys(self, profile: Profile) -> tuple[int, ...]:
        """The profile's blocks; remembered, since each profile is asked for again and again."""
        keys = self._keys.get(profile[0])
        return self.block_keys_of((profile,))[0] if keys is None else keys

    def block_keys_of(self, profiles: Sequence[Profile]) -> list[tuple[int, ...]]:
        """The blocks of many profiles, at a small part of the cost of asking for each."""
        fresh = list({profile[0]: profile for profile in profiles if profile[0] not in self._keys}.values())
        if fresh:
            if len(self._keys) > PROFILES_REMEMBERED_MAX:
                self._keys.clear()
                fresh = list({profile[0]: profile for profile in profiles}.values())
            columns = self.remember(fresh)
            rows = columns.rows_of(profile[0] for profile in fresh)
            keys: list[list[int]] = [[] for _ in fresh]
            for _, which, made in keys_of(columns, rows, self.plan):
                for place, key in zip(which.tolist(), made.tolist(), strict=True):
                    keys[place].append(key)
            for profile, mine in zip(fresh, keys, strict=True):
                self._keys[profile[0]] = tuple(dict.fromkeys(mine))
        return [self._keys[profile[0]] for profile in profiles]

    def shared_keys(self, a: Profile, b: Profile) -> list[tuple[str, ...]]:
        """The parts of each key under which these two are found, in the order of the recipes."""
        columns = self.remember((a, b))
        rows = columns.rows_of((a.id, b.id))
        made = keys_of(columns, rows, self.plan)
        return [parts for parts, which, keys in made if len(which) == 2 and keys[0] == keys[1]]

    def parts_of(self, profile: Profile, key: int) -> tuple[str, ...]:
        """What one of a profile's keys is made of."""
        columns = self.remember((profile,))
        made = keys_of(columns, columns.rows_of((profile.id,)), self.plan)
        return next((parts for parts, _, keys in made if key in keys.tolist()), ())

    def number_key(self, profile: Profile) -> int | None:
        """The block of everyone who states this number; None without a valid one."""
        return self.block_keys(profile)[0] if profile.number_is in ("sound", "odd") else None


def _by_hash(table: Mapping[str, float]) -> dict[int, float]:
    return {int(key, 16): share for key, share in table.items()}


def _weights_of(c: Compared, levels: Mapping[str, Any], version: str) -> Weights:
    """By level, what it weighs; one more entry, 0, for pairs that cannot be compared."""
    weights = []
    equal = sum(
        levels[name]["m"] for name in c.levels[: c.counted_levels] if isinstance(levels.get(name), dict)
    )
    for index, name in enumerate(c.levels):
        level = levels.get(name)
        if level is None:
            raise SettingsError(f"model {version}: {c.name} has no level {name}")
        if not isinstance(level, dict):
            weights.append(float(level))
        elif name in c.never:
            weights.append(WEIGHT_NEVER)
        elif c.counted and index < c.counted_levels:
            weights.append(math.log2(equal))
        else:
            weights.append(max(-WEIGHT_MAX, min(WEIGHT_MAX, math.log2(level["m"] / level["u"]))))
    return np.array([*weights, 0.0])


def _kin_of(document: Mapping[str, Any], compared: Sequence[Compared]) -> _Kin | None:
    kin = document.get("kin")
    if not kin:
        return None
    tables = {}
    for c in compared:
        if relatives := kin["levels"].get(c.name):
            own = document["levels"][c.name]
            counted = c.counted_levels if c.counted else 0
            equal = sum(relatives[name] for name in c.levels[:counted])
            bits = [
                math.log2(equal if index < counted else relatives[name] / own[name]["u"])
                for index, name in enumerate(c.levels)
            ]
            tables[c.name] = np.array([*bits, 0.0])
    return _Kin(kin["share"], kin["twins"], tables)


def default_model() -> Model:
    """The model a new hub starts with: set by hand from how registers err, learnt from no data."""
    text = files("hub.matching").joinpath("default.json").read_bytes()
    return Model(msgspec.json.decode(text))

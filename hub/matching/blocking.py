"""Blocking: which profiles are worth comparing at all.

A key is one value or a few together, narrow enough that few strangers share
it: a rare family name blocks alone, a common one only with something beside
it. How many share a value is read from the model's shares, never counted in
the store, so a profile's keys do not depend on who arrived before it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.matching.columns import COLUMN, Columns, Rows
from hub.matching.normalise import is_chinese, pinyin, soundex, stable

Hashes = NDArray[np.uint64]
HOME_CHARACTERS = 12
BLOCK_PROFILES_MAX = 400
"""A key that more profiles share than this says nothing about anyone."""
STIR = np.uint64(0x9E3779B97F4A7C15)
"""The golden ratio in 64 bits; odd, so that multiplying by it loses nothing."""
SHIFT = np.uint64(29)


class Recipe(NamedTuple):
    """A key; if more than the plan's `block_max` would share it, each narrower one in its place."""

    parts: tuple[str, ...]
    narrower: tuple[str, ...] = ()
    always: bool = False


RECIPES = (
    Recipe(("number",), always=True),
    Recipe(("number day", "name"), always=True),
    Recipe(("certificate",), always=True),
    Recipe(("mother number", "born"), always=True),
    Recipe(("mother number", "sex"), always=True),
    Recipe(("mother name", "born", "sex"), always=True),
    Recipe(("father number", "born"), always=True),
    Recipe(("name", "month day"), always=True),
    Recipe(("family", "born", "sex", "town"), always=True),
    Recipe(("phone",), ("sex", "given")),
    Recipe(("email",)),
    Recipe(("mailbox",)),
    Recipe(("born",), ("given", "last", "postcode", "home")),
    Recipe(("names",), ("year", "middle", "postcode")),
    Recipe(("home",), ("given", "last", "born")),
    Recipe(("last",), ("year", "postcode", "city")),
    Recipe(("given",), ("year", "postcode", "city")),
    Recipe(("postcode",), ("city",)),
)
"""The number comes first: it is how everyone who states the same one is found."""


class Plan(NamedTuple):
    """For how many profiles keys are meant, what share of them has a value, and how many may share a key."""

    size: float
    shares: Mapping[str, Mapping[int, float]]
    rest: Mapping[str, float]
    block_max: float


def _same(text: str) -> str:
    return text


def _mailbox(email: str) -> str:
    """How the part before the sign sounds, without its numbers: j.smith52 and jsmith25 are one."""
    return soundex("".join(c for c in email.partition("@")[0] if c.isalpha()))


def _home(address: str) -> str:
    """House number and street: what stands first, without the N or W of a street."""
    words = [word for word in address.split(" ") if len(word) > 1 or word.isdigit()]
    return " ".join(words[:2])[:HOME_CHARACTERS]


def _chinese(name: str) -> str:
    return pinyin(name) if is_chinese(name) else ""


def _first(name: str) -> str:
    return "" if is_chinese(name) else soundex(name.partition(" ")[0])


def _last(name: str) -> str:
    return "" if is_chinese(name) else soundex(name.rpartition(" ")[2])


ASPECTS: Mapping[str, tuple[tuple[str, Callable[[str], str]], ...]] = {
    "number": (("number", _same),), "number day": (("number", lambda n: n[6:14]),),
    "certificate": (("certificate_no", _same),), "mother number": (("mother_number", _same),),
    "mother name": (("mother_name", pinyin),), "father number": (("father_number", _same),),
    "name": (("name", _chinese),), "family": (("name", lambda n: n[:1] if is_chinese(n) else ""),),
    "town": (("place", lambda p: p[:9] or "?"),), "sex": (("sex", _same),), "born": (("birth_date", _same),),
    "year": (("birth_date", lambda d: d[:4]),), "month day": (("birth_date", lambda d: "".join(sorted((d[4:6], d[6:])))),),
    "phone": (("phone", _same),), "email": (("email", _same),), "mailbox": (("email", _mailbox),),
    "given": (("given_name", soundex), ("name", _first)), "last": (("family_name", soundex), ("name", _last)),
    "middle": (("middle_name", lambda m: m[:1]),), "home": (("address", _home),),
    "postcode": (("postcode", _same),), "city": (("city", soundex),),
}  # fmt: skip
"""What keys are made of: the field it is read off and how; where that says nothing, the next one."""
COUNTED = ("phone", "email", "mailbox", "born", "year", "given", "last", "middle", "home", "postcode", "city")
"""Aspects whose shares decide whether a key is narrow enough."""


def aspect(columns: Columns, rows: Rows, name: str) -> Hashes:
    """A part of keys, for each row; 0 where the profile does not state it."""
    found: Hashes = np.zeros(len(rows), np.uint64)
    for field, of in ASPECTS[name]:
        made = columns.hashes(field, name, of)[columns.codes[rows, COLUMN[field]]]
        found = np.where(found == 0, made, found)
    return found


class _Parts:
    """The aspects of some rows with how rare they are, each worked out when first asked for."""

    def __init__(self, columns: Columns, rows: Rows, plan: Plan) -> None:
        self._columns, self._rows, self._plan = columns, rows, plan
        self._hashes: dict[str, Hashes] = {}
        self._rarity: dict[str, NDArray[np.float64]] = {}

    def hashes(self, name: str) -> Hashes:
        """The values' hashes; those of the two names together do not say which is which."""
        found = self._hashes.get(name)
        if found is None:
            if name == "names":
                given, last = self.hashes("given"), self.hashes("last")
                found = np.where((given > 0) & (last > 0), given + last, np.uint64(0))
            else:
                found = aspect(self._columns, self._rows, name)
                if name == "number day":
                    bad = self._columns.texts[COLUMN["number_is"]].codes.get("bad", -1)
                    found = np.where(
                        self._columns.codes[self._rows, COLUMN["number_is"]] == bad, found, np.uint64(0)
                    )
            self._hashes[name] = found
        return found

    def shares(self, name: str) -> NDArray[np.float64]:
        """Which share of all profiles has the value."""
        found = self._rarity.get(name)
        if found is None:
            both = name == "names"
            found = self.shares("given") * self.shares("last") if both else self._counted(name)
            self._rarity[name] = found
        return found

    def _counted(self, name: str) -> NDArray[np.float64]:
        table, rest = self._plan.shares.get(name, {}), self._plan.rest.get(name, 1.0)
        found = np.full(len(self._rows), rest)
        if table:
            for field, of in reversed(ASPECTS[name]):
                codes = self._columns.codes[self._rows, COLUMN[field]]
                shares = self._columns.shares(field, f"of block {name}", of, table, rest)[codes]
                found = np.where(codes > 0, shares, found)
        return found


def keys_of(
    columns: Columns, rows: Rows, plan: Plan
) -> Iterator[tuple[tuple[str, ...], Rows, NDArray[np.int64]]]:
    """For each kind of key: its parts, which of the rows have it, and their keys."""
    parts = _Parts(columns, rows, plan)
    for recipe in RECIPES:
        stated = np.logical_and.reduce([parts.hashes(part) > 0 for part in recipe.parts])
        if not stated.any():
            continue
        if recipe.always:
            yield _made(parts, recipe.parts, stated)
            continue
        sharing = plan.size * np.multiply.reduce([parts.shares(part) for part in recipe.parts])
        narrow = stated & (sharing <= plan.block_max)
        if narrow.any():
            yield _made(parts, recipe.parts, narrow)
        wide = stated & ~narrow
        for part in recipe.narrower if wide.any() else ():
            fits = wide & (parts.hashes(part) > 0) & (sharing * parts.shares(part) <= plan.block_max)
            if fits.any():
                yield _made(parts, (*recipe.parts, part), fits)


def _made(
    parts: _Parts, names: Sequence[str], chosen: Any
) -> tuple[tuple[str, ...], Rows, NDArray[np.int64]]:
    mixed: Hashes = np.zeros(int(chosen.sum()), np.uint64)
    for name in names:
        mixed = (mixed ^ parts.hashes(name)[chosen] ^ np.uint64(stable(name))) * STIR
        mixed ^= mixed >> SHIFT
    return tuple(names), np.flatnonzero(chosen), mixed.view(np.int64)


def candidates(columns: Columns, rows: Rows, plan: Plan, fat_max: int) -> tuple[Rows, Rows]:
    """All pairs of these rows that share a key, each once; keys that more than `fat_max` share are left out."""
    found = [(keys, rows[which]) for _, which, keys in keys_of(columns, rows, plan)]
    if not found:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    keys, holders = (np.concatenate(column) for column in zip(*found, strict=True))
    order = np.argsort(keys, kind="stable")
    keys, holders = keys[order], holders[order]
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
    sizes = np.diff(np.r_[starts, len(keys)])
    size = np.int64(len(columns))
    pairs: list[Rows] = []
    for count in range(2, fat_max + 1):
        of_size = starts[sizes == count]
        if len(of_size):
            block = holders[of_size[:, None] + np.arange(count)]
            a, b = (block[:, side].ravel() for side in np.triu_indices(count, 1))
            pairs.append(np.unique(np.minimum(a, b) * size + np.maximum(a, b)))
    every = np.unique(np.concatenate(pairs)) if pairs else np.zeros(0, np.int64)
    return every // size, every % size

"""Many profiles as columns of small integers, and pairs of them side by side.

Each distinct text gets a code once, and what is derived from it (its sound, its
hash, its share) is worked out once per code. Most questions about a pair are
then whether two integers are equal, asked of all pairs in one operation; only
texts that differ are looked at letter by letter, in bulk, by rapidfuzz.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.process import cpdist

from hub.matching.normalise import stable
from hub.matching.profile import Profile

Codes = NDArray[np.int32]
Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]
Derive = Callable[[str], str | int]
FIRST_ROWS = 1_024
FIELDS = tuple(name for name in Profile._fields if name != "id")
COLUMN = {name: index for index, name in enumerate(FIELDS)}
ONE_ALPHABET = {
    "family_name": "given_name",
    "mother_name": "name",
    "father_name": "name",
    "former_name": "name",
}
"""Columns whose values are looked for in each other share their codes."""


def _grown(array: NDArray[Any], size: int) -> NDArray[Any]:
    if size <= len(array):
        return array
    larger = np.zeros((max(size, 2 * len(array)), *array.shape[1:]), array.dtype)
    larger[: len(array)] = array
    return larger


class Texts:
    """Codes for texts, 0 for the empty one; and arrays over the codes, filled as far as asked for."""

    def __init__(self) -> None:
        self.codes: dict[str, int] = {"": 0}
        self.texts: list[str] = [""]
        self._views: dict[str, tuple[NDArray[Any], int]] = {}

    def encode(self, texts: Iterable[str]) -> list[int]:
        """Their codes, new ones for those never seen."""
        codes, known = self.codes, self.texts
        texts = list(texts)
        found = list(map(codes.get, texts))
        if None in found:
            for place, text in enumerate(texts):
                if found[place] is None:
                    code = found[place] = codes.setdefault(text, len(known))
                    if code == len(known):
                        known.append(text)
        return cast(list[int], found)

    def view(self, name: str, of: Callable[[str], float], kind: Any) -> NDArray[Any]:
        """What `of` makes of each text, by code."""
        array, filled = self._views.get(name, (np.zeros(FIRST_ROWS, kind), 0))
        total = len(self.texts)
        if filled < total:
            array = _grown(array, total)
            array[filled:total] = [of(text) for text in self.texts[filled:]]
            self._views[name] = array, total
        return array


class Columns:
    """Profiles as rows of codes; it only grows, and its owner starts a new one when it is too large."""

    def __init__(self) -> None:
        alphabets: dict[str, Texts] = {}
        self.texts = [alphabets.setdefault(ONE_ALPHABET.get(name, name), Texts()) for name in FIELDS]
        self.rows: dict[int, int] = {}
        self.ids: NDArray[np.int64] = np.zeros(FIRST_ROWS, np.int64)
        self.codes: Codes = np.zeros((FIRST_ROWS, len(FIELDS)), np.int32)
        self._derived: dict[str, Texts] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def add(self, profiles: Iterable[Profile]) -> None:
        """Have these profiles as rows."""
        rows = self.rows
        fresh: list[Profile] = []
        for profile in profiles:
            if profile[0] not in rows:
                rows[profile[0]] = len(rows)
                fresh.append(profile)
        if not fresh:
            return
        start, end = len(rows) - len(fresh), len(rows)
        self.ids, self.codes = _grown(self.ids, end), _grown(self.codes, end)
        for field, values in enumerate(zip(*fresh, strict=True), start=-1):
            if field < 0:
                self.ids[start:end] = values
            elif any(values):
                self.codes[start:end, field] = self.texts[field].encode(values)

    def rows_of(self, ids: Iterable[int]) -> Rows:
        """The rows of these profiles, which must have been added."""
        rows = self.rows
        return np.fromiter((rows[pid] for pid in ids), np.int64)

    def derived(self, field: str, name: str, of: Callable[[str], str]) -> NDArray[Any]:
        """By code of a field: the code of what `of` makes of its text, in an alphabet of that name."""
        alphabet = self._derived.setdefault(name, Texts())

        def code(text: str) -> int:
            return alphabet.encode((of(text),))[0]

        return self.texts[COLUMN[field]].view(name, code, np.int32)

    def alphabet(self, name: str) -> list[str]:
        """The texts of a derived column, by code."""
        return self._derived[name].texts

    def hashes(self, field: str, name: str, of: Callable[[str], str]) -> NDArray[np.uint64]:
        """By code of a field: a stable hash of what `of` makes of its text; 0 for nothing."""

        def hashed(text: str) -> int:
            made = of(text)
            return stable(made) if made else 0

        return self.texts[COLUMN[field]].view("#" + name, hashed, np.uint64)

    def shares(
        self, field: str, name: str, of: Callable[[str], str], table: Mapping[int, float], rest: float
    ) -> NDArray[np.float64]:
        """By code of a field: how many of all have what `of` makes of its text."""
        return self.texts[COLUMN[field]].view(
            f"%{name}", lambda text: table.get(stable(of(text)), rest), np.float64
        )

    def rarity(
        self, field: str, name: str, of: Callable[[str], str], table: Mapping[int, float], rest: float
    ) -> NDArray[np.float64]:
        """By code of a field: the same in bits."""

        def bits(text: str) -> float:
            return -math.log2(table.get(stable(of(text)), rest))

        return self.texts[COLUMN[field]].view(f"-{name}", bits, np.float64)


class Pairs:
    """Pairs of rows, the smaller profile id on the left, so that the order of two cannot matter."""

    def __init__(self, columns: Columns, left: Rows, right: Rows) -> None:
        self.columns = columns
        swap = columns.ids[left] > columns.ids[right]
        self.left, self.right = np.where(swap, right, left), np.where(swap, left, right)
        self._left, self._right = columns.codes[self.left].T.copy(), columns.codes[self.right].T.copy()
        stated = np.flatnonzero(self._left.any(axis=1) & self._right.any(axis=1))
        self.stated = frozenset(FIELDS[column] for column in stated.tolist())
        """The fields that both sides state in any pair at all."""

    def __len__(self) -> int:
        return len(self.left)

    def codes(self, field: str) -> tuple[Codes, Codes]:
        """A field's codes on both sides."""
        column = COLUMN[field]
        return self._left[column], self._right[column]

    def derived(self, field: str, name: str, of: Callable[[str], str]) -> tuple[Codes, Codes]:
        """The codes of what is derived from a field, on both sides."""
        made = self.columns.derived(field, name, of)
        a, b = self.codes(field)
        return made[a], made[b]

    def numbers(self, field: str, name: str, of: Callable[[str], int]) -> tuple[Codes, Codes]:
        """Whole numbers read off a field, on both sides."""
        made = self.columns.texts[COLUMN[field]].view(name, of, np.int32)
        a, b = self.codes(field)
        return made[a], made[b]

    def texts(self, field: str, chosen: Rows) -> tuple[list[str], list[str]]:
        """A field's texts on both sides of the chosen pairs."""
        of = self.columns.texts[COLUMN[field]].texts.__getitem__
        a, b = self.codes(field)
        return list(map(of, a[chosen].tolist())), list(map(of, b[chosen].tolist()))

    def made_texts(
        self, field: str, name: str, of: Callable[[str], str], chosen: Rows
    ) -> tuple[list[str], list[str]]:
        """What is derived from a field, on both sides of the chosen pairs."""
        a, b = self.derived(field, name, of)
        text = self.columns.alphabet(name).__getitem__
        return list(map(text, a[chosen].tolist())), list(map(text, b[chosen].tolist()))


def measure(
    texts: tuple[Sequence[str], Sequence[str]], scorer: Callable[..., float], cutoff: float | None = None
) -> NDArray[np.float32]:
    """A rapidfuzz score of each pair of texts; what is worse than the cutoff is only said to be so."""
    return cpdist(*texts, scorer=scorer, score_cutoff=cutoff, dtype=np.float32)

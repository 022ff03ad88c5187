"""What published counts give away, all tables of a release taken together, and how that is kept small.

A release is a set of counts. Lines that the same counts count, equally often, form a group; every count is a sum
of groups. So totals, a county over its towns, a year over its months, a stock that is the last one and what came
and went: whatever follows from other counts follows here too, without anybody naming it.

Counts of nobody are published: they tell of no record. Whoever attacks is thought to know which groups exist,
that a withheld count is not zero, and every published count.
"""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from hub.errors import SettingsError

CELLS_MAX = 60_000
"""So many counts may be released together; more take too long to protect."""

Counts = Mapping[Hashable, Sequence[int]]
"""Key of a count to the lines it counts; a line that it counts twice is there twice."""
NO_WEIGHTS: Mapping[int, int] = MappingProxyType({})


class Rows(NamedTuple):
    """The counts of a release that count somebody, those that count the same ones once."""

    matrix: csr_array
    """Row by group."""
    values: NDArray[np.int64]
    of: NDArray[np.int64]
    """Of each count its row; -1 where it counts nobody."""


class Release:
    """Counts as sums of groups of lines; groups and counts are in an order that line numbers do not change."""

    def __init__(self, counts: Counts, people: Mapping[int, int] = NO_WEIGHTS) -> None:
        """`people`: lines that stand for more than one."""
        if len(counts) > CELLS_MAX:
            raise SettingsError(f"{len(counts):,} counts are more than {CELLS_MAX:,}: ask for fewer months")
        self.keys: tuple[Hashable, ...] = tuple(counts)
        taking_part: dict[int, Counter[int]] = {}
        for index, key in enumerate(self.keys):
            for line in counts[key]:
                taking_part.setdefault(line, Counter())[index] += 1
        groups: Counter[tuple[tuple[int, int], ...]] = Counter()
        for line, cells in taking_part.items():
            groups[tuple(sorted(cells.items()))] += people.get(line, 1)
        ordered = sorted(groups)
        self.sizes: NDArray[np.int64] = np.array([groups[group] for group in ordered], np.int64)
        rows = [index for group in ordered for index, _ in group]
        columns = [number for number, group in enumerate(ordered) for _ in group]
        times = [float(often) for group in ordered for _, often in group]
        self.matrix = csr_array((times, (rows, columns)), shape=(len(self.keys), len(ordered)))
        self.values: NDArray[np.int64] = (self.matrix @ self.sizes).astype(np.int64)

    def small(self, threshold: int) -> list[int]:
        """The counts that are too small to publish, by place."""
        return [i for i, value in enumerate(self.values) if 0 < value < threshold]

    def rows(self) -> Rows:
        """Its counts by what they count."""
        numbers: dict[tuple[bytes, bytes], int] = {}
        first: list[int] = []
        of = np.full(len(self.keys), -1, np.int64)
        for index in range(len(self.keys)):
            part = slice(self.matrix.indptr[index], self.matrix.indptr[index + 1])
            counted = self.matrix.indices[part].tobytes(), self.matrix.data[part].tobytes()
            if counted[0]:
                of[index] = numbers.setdefault(counted, len(numbers))
                if of[index] == len(first):
                    first.append(index)
        return Rows(self.matrix[first], self.values[first], of)

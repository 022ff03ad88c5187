"""Witnesses: other sizes of the groups of a release that agree with everything published, by a linear program.

The program is written down once and asked again and again with other bounds and costs, each time from where the
last answer was: HiGHS by its own interface, since scipy's would begin anew.
"""

from collections.abc import Collection, Iterable
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import eye_array, hstack

from hub.statistics.disclosure import Rows

CLOSE = 1e-6
WANDER = 1e-3
"""A little for each group keeps an answer from wandering where everything is hidden already."""
Vector = NDArray[np.float64]
Places = NDArray[np.int32]


class Witnesses:
    """The linear program over one release.

    Columns: what each group gains and loses; and of each row what it gains up to the width, beyond it, and loses.
    No row falls to nobody: that would have been published.
    """

    def __init__(self, rows: Rows, sizes: NDArray[np.int64], cost: Vector, width: int) -> None:
        """`cost` is that of a row to be hidden for another's sake."""
        count, groups = rows.matrix.shape
        self._matrix, self._cost, self._width = rows.matrix, cost, width
        self._fall: Vector = rows.values.astype(np.float64) - 1.0
        self._groups, self._count = groups, count
        self._hidden = np.zeros(count, bool)
        one, free = eye_array(count), highspy.kHighsInf
        changes = hstack([rows.matrix, -rows.matrix, -one, -one, one]).tocsr()
        program = highspy.HighsLp()
        program.num_col_, program.num_row_ = changes.shape[1], count
        program.col_cost_ = np.concatenate([np.full(2 * groups, WANDER), cost, cost, cost])
        program.col_lower_ = np.zeros(changes.shape[1])
        program.col_upper_ = np.concatenate([
            np.full(groups, free), sizes.astype(float), np.full(count, float(width)), np.full(count, free), self._fall,
        ])  # fmt: skip
        program.row_lower_ = program.row_upper_ = np.zeros(count)
        program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        program.a_matrix_.start_, program.a_matrix_.index_ = changes.indptr, changes.indices
        program.a_matrix_.value_ = changes.data
        self._solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        for name, value in (
            ("output_flag", False),
            ("threads", 1),
            ("presolve", "off"),
            ("solver", "simplex"),
        ):
            self._solver.setOptionValue(name, value)
        self._solver.passModel(program)

    def hide(self, rows: Iterable[int]) -> None:
        """From now on these rows may change for nothing."""
        for row in rows:
            self._hidden[row] = True
            for column in self._columns(row):
                self._solver.changeColCost(column, 0.0)

    def keep(self, rows: Iterable[int]) -> None:
        """These rows are known for good."""
        for row in rows:
            for column in self._columns(row):
                self._solver.changeColBounds(column, 0.0, 0.0)

    def cheapest(self, row: int, width: int) -> Vector | None:
        """By how much each row differs where this one gains `width` and as little as can be must be hidden for it.

        None where that cannot be.
        """
        gain, _, loss = self._columns(row)
        self._solver.changeColBounds(gain, float(width), float(self._width))
        self._solver.changeColBounds(loss, 0.0, 0.0)
        found = self._solved()
        self._solver.changeColBounds(gain, 0.0, float(self._width))
        self._solver.changeColBounds(loss, 0.0, float(self._fall[row]))
        return found

    def together(self, rows: Collection[int]) -> Vector | None:
        """By how much each row differs where as many as can be of these, all hidden, gain as much as can be up to
        the width, and none that is not hidden changes."""
        shown = np.nonzero(~self._hidden)[0]
        kept = [(column, self._upper(column)) for row in shown for column in self._columns(int(row))]
        kept += [(self._columns(row)[2], self._upper(self._columns(row)[2])) for row in rows]
        for column, _ in kept:
            self._solver.changeColBounds(column, 0.0, 0.0)
        for row in rows:
            self._solver.changeColCost(self._columns(row)[0], -1.0)
        found = self._solved()
        for row in rows:
            self._solver.changeColCost(self._columns(row)[0], 0.0)
        for column, upper in kept:
            self._solver.changeColBounds(column, 0.0, upper)
        return found

    def _columns(self, row: int) -> tuple[int, int, int]:
        """The columns of what a row gains up to the width, gains beyond it, and loses."""
        first = 2 * self._groups + int(row)
        return first, first + self._count, first + 2 * self._count

    def _upper(self, column: int) -> float:
        return float(self._solver.getCol(column)[3])

    def _solved(self) -> Vector | None:
        self._solver.run()
        if self._solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        values = np.array(self._solver.getSolution().col_value)
        changes: Vector = self._matrix @ (values[: self._groups] - values[self._groups : 2 * self._groups])
        return changes

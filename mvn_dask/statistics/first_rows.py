"""A statistic that is made from the first rows: from their spread, for instance.

Input: rows. Output: the statistic that is computed next, of all rows. Cost: a copy of the first rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.statistics.base import NextPass, Rows, Statistic


@dataclass(frozen=True)
class FirstRows(Statistic[Float64Array, Any]):
    """All numbers of the first rows, and what is computed next."""

    next_statistic: Callable[[Float64Array], Statistic[Any, Any]]
    """From the first rows, shape (n, columns) with NaN where a number is missing. It is pickled."""

    columnwise = True
    sees_missing = True
    LOOKED_AT: ClassVar[int] = 2**14
    """Rows that are looked at, at most."""

    def first_rows(self, rows: int) -> int:
        return min(rows, self.LOOKED_AT)

    def leaf(self, rows: Rows, first: int) -> Float64Array:
        return np.array(rows, np.float64)

    # Numbers in their order do not depend on the tree.
    def subtree(self, rows: Rows, first: int, leaf_rows: int) -> Float64Array:
        return self.leaf(rows, first)

    def merge(self, left: Float64Array, right: Float64Array) -> Float64Array:
        return np.concatenate([left, right])

    def join_columns(self, nodes: Sequence[Float64Array]) -> Float64Array:
        return np.concatenate(nodes, axis=1)

    def finalize(self, node: Float64Array) -> NextPass:
        return NextPass(self.next_statistic(node))


def ordered_numbers(column: Float64Array) -> Float64Array:
    """The finite numbers of a column, ascending."""
    return np.sort(column[np.isfinite(column)])

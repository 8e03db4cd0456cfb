"""Statistics of few rows, whose nodes are the rows themselves.

Input: rows. Output: nodes of float64, shape (n, columns). Cost: a copy of the rows.
"""

from collections.abc import Sequence

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.statistics.base import Result, Rows, Statistic


class KeptRows(Statistic[Float64Array, Result]):
    """All numbers in the order of their rows: a subclass makes results of them."""

    columnwise = True

    def leaf(self, rows: Rows, first: int) -> Float64Array:
        return np.array(rows, np.float64)

    # Numbers in their order do not depend on the tree.
    def subtree(self, rows: Rows, first: int, leaf_rows: int) -> Float64Array:
        return self.leaf(rows, first)

    def merge(self, left: Float64Array, right: Float64Array) -> Float64Array:
        return np.concatenate([left, right])

    def join_columns(self, nodes: Sequence[Float64Array]) -> Float64Array:
        return np.concatenate(nodes, axis=1)
